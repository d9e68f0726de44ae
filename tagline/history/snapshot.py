"""What was known at one moment of every key: history for a server, looked up in microseconds.

A snapshot answers as if each decision were made at its moment. A key that it has never seen has
no history: counts and sums are 0, all else is missing.
"""

import hashlib
import io
import json
import logging
import math
import os
import re
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.canonical import as_json
from tagline.columns.times import in_utc
from tagline.errors import TaglineError
from tagline.history.ageing import companions
from tagline.history.bulk import by_key, compute
from tagline.history.declare import COUNTED, Age, Declaration, Last
from tagline.history.written import to_dict
from tagline.storage.contract import Store

log = logging.getLogger(__name__)
Floats = npt.NDArray[np.float64]
AT, KEY, META = "at", "key:", "snapshot.json"
FORMAT, ENDING = 1, ".zip"
NAMED = re.compile(r"\d{20}-[0-9a-f]{8}\.zip")


@dataclass(frozen=True)
class Group:
    """The history of one set of keys.

    Attributes
    ----------
    by : tuple of str
        The key fields.
    names : tuple of str
        The history columns.
    keys : dict
        Key (one value, or a tuple of them) to its row.
    matrix : ndarray of shape (keys + 1, names), float64
        A row for each key; the last one is that of a key never seen.
    """

    by: tuple[str, ...]
    names: tuple[str, ...]
    keys: Mapping[Any, int]
    matrix: Floats

    @property
    def never(self) -> list[float]:
        """The columns of a key never seen."""
        found: list[float] = self.matrix[-1].tolist()
        return found

    def lookup(self) -> "Lookup":
        """Prepare to answer one row at a time."""
        rows = [tuple(row) for row in self.matrix.tolist()]
        known = {key: rows[place] for key, place in self.keys.items()}
        return Lookup(_key_of(self.by), known, rows[-1])

    def columns(self, fields: Mapping[str, Sequence[Any]], rows: int) -> dict[str, Floats]:
        """Answer many rows at once."""
        keys = zip(*(fields[name] for name in self.by), strict=True)
        given = [key if len(self.by) > 1 else key[0] for key in keys] if self.by else [()] * rows
        never = len(self.matrix) - 1
        places = [self.keys.get(key, never) for key in given]
        return dict(zip(self.names, self._by_name.take(places, axis=1), strict=True))

    @cached_property
    def _by_name(self) -> Floats:
        # A graph takes whole columns, one after the other in memory.
        return np.ascontiguousarray(self.matrix.T)


@dataclass(frozen=True)
class Lookup:
    """A group, ready to answer one row."""

    key: Any
    known: Mapping[Any, tuple[float, ...]]
    otherwise: tuple[float, ...]

    def __call__(self, values: Mapping[str, Any]) -> tuple[float, ...]:
        """Give the group's columns for one row."""
        return self.known.get(self.key(values), self.otherwise)


@dataclass(frozen=True)
class Snapshot:
    """History of all keys at one moment.

    Attributes
    ----------
    as_of : float
        The moment, seconds since 1970 UTC: the latest at which anything became known.
    groups : tuple of Group
        One for each set of keys.
    name : str
        Its name, which its content gives.
    """

    as_of: float
    groups: tuple[Group, ...]
    name: str = ""


def known_as(declarations: Sequence[Declaration]) -> str:
    """Name the snapshots of some declarations, by their digest."""
    written = as_json([to_dict(each) for each in declarations])
    return hashlib.sha256(written).hexdigest()[:16]


def snapshot(
    declarations: Sequence[Declaration],
    events: Mapping[str, pd.DataFrame],
    *,
    timezone: str | None = None,
    at: pd.Timestamp | None = None,
    now: pd.Timestamp | None = None,
) -> Snapshot:
    """Compute what is known of every key.

    Parameters
    ----------
    declarations : sequence of declarations
        What to compute.
    events : mapping of str to DataFrame
        The streams; see `tagline.history.bulk.compute`.
    timezone : str, optional
        The zone of the events' times that bear none.
    at : Timestamp, optional
        The moment; where None, the latest time at which an event became known that had already
        occurred.
    now : Timestamp, optional
        What counts as the future, of which nothing is known yet; the time of day where None.
    """
    moment = _latest(declarations, events, timezone, now) if at is None else at
    kept = [_at_its_moment(each) for each in (*declarations, *companions(declarations))]
    groups = [_group(by, own, events, moment, timezone) for by, own in by_key(kept).items()]
    return Snapshot(moment.timestamp(), tuple(groups))


def write(found: Snapshot, store: Store, folder: str) -> str:
    """Write a snapshot below a name of a store; what is last in the order of names counts.

    Returns
    -------
    str
        Its name.
    """
    described = [
        {"by": list(each.by), "never": [None if n != n else n for n in each.never]}
        for each in found.groups
    ]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        meta = {"format": FORMAT, "as_of": found.as_of, "groups": described}
        parts.writestr(META, as_json(meta))
        for place, group in enumerate(found.groups):
            table = io.BytesIO()
            _frame(group).to_parquet(table, index=False)
            parts.writestr(f"{place}.parquet", table.getvalue())
    name = f"{folder}/{_after(store, folder):020d}-{os.urandom(4).hex()}{ENDING}"
    store.create(name, content.getvalue())
    return name


def _after(store: Store, folder: str) -> int:
    # What is written later counts, also where it corrects a moment that was too late, or where
    # this machine's clock was put back.
    last = newest(store, folder)
    said = last.rpartition("/")[2].split("-")[0] if last else "0"
    return max(time.time_ns(), int(said) + 1)


def newest(store: Store, folder: str) -> str:
    """Find the snapshot that was written last; empty where there is none."""
    named = sorted(each for each in store.children(folder) if NAMED.fullmatch(each))
    return f"{folder}/{named[-1]}" if named else ""


def load(store: Store, name: str) -> Snapshot:
    """Read a snapshot.

    Raises
    ------
    TaglineError
        It is not there, or not whole.
    """
    try:
        content = store.read(name)
        if content is None:
            raise ValueError("it is not there")
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            meta = json.loads(parts.read(META))
            groups = [
                _of_frame(pd.read_parquet(io.BytesIO(parts.read(f"{place}.parquet"))), **described)
                for place, described in enumerate(meta["groups"])
            ]
        short = name.rpartition("/")[2].removesuffix(ENDING)
        return Snapshot(float(meta["as_of"]), tuple(groups), short)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as wrong:
        where = f"{store.where}/{name}"
        raise TaglineError(f"The snapshot can not be read: {wrong}.", where=where) from wrong


def _at_its_moment(declared: Declaration) -> Declaration:
    # Decisions come after the snapshot: what became known at its second is strictly before them.
    if isinstance(declared, Last | Age):
        return replace(declared, strictly_before=False)
    return declared


def _key_of(by: tuple[str, ...]) -> Any:
    return itemgetter(*by) if by else lambda _: ()


def _latest(
    declarations: Sequence[Declaration],
    events: Mapping[str, pd.DataFrame],
    timezone: str | None,
    now: pd.Timestamp | None,
) -> pd.Timestamp:
    moments, today = [], pd.Timestamp.now(tz="UTC") if now is None else now
    for source in {declared.events for declared in declarations}:
        frame = events[source.name]
        known, occurred = (
            in_utc(frame[column], timezone=timezone, later=True).utc
            for column in (source.known_at, source.occurred_at)
        )
        # Plans are known before they come true: tomorrow's flight does not make it tomorrow.
        past = known[known >= occurred]
        later = int((past > today).sum())
        if later:
            log.warning(
                f"{later:,} events of {source.name!r} became known after {today:%Y-%m-%d %H:%M} "
                f"UTC, the last at {past.max():%Y-%m-%d %H:%M}: they are not known yet"
            )
        moments.append(past[past <= today].max())
    known_moments = [moment for moment in moments if not pd.isna(moment)]
    if not known_moments:
        raise TaglineError("No event of any stream is known: there is no history.", where="history")
    latest: pd.Timestamp = max(known_moments)
    return latest


def _group(
    by: tuple[str, ...],
    declared: Sequence[Declaration],
    events: Mapping[str, pd.DataFrame],
    moment: pd.Timestamp,
    timezone: str | None,
) -> Group:
    streams = {each.events.name for each in declared}
    keys = pd.DataFrame({AT: [moment]})
    if by:
        seen = [events[name][list(by)].dropna().drop_duplicates() for name in sorted(streams)]
        keys = pd.concat([each.astype(object) for each in seen]).drop_duplicates(ignore_index=True)
        keys = keys.infer_objects().assign(**{AT: moment})
    past = compute(declared, events, keys, at=AT, timezone=timezone)
    never = [0.0 if isinstance(each, COUNTED) else math.nan for each in declared]
    values = np.vstack([past.to_numpy(dtype=np.float64), never])
    return Group(by, tuple(past.columns), _numbered(keys, by), values)


def _numbered(keys: pd.DataFrame, by: tuple[str, ...]) -> dict[Any, int]:
    columns = [list(map(_plain, keys[name])) for name in by]
    given = zip(*columns, strict=True) if by else [()]
    return {key if len(by) != 1 else key[0]: place for place, key in enumerate(given)}


def _plain(key: Any) -> Any:
    if isinstance(key, pd.Timestamp):
        return int(key.timestamp())
    value = key.item() if hasattr(key, "item") else key
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _frame(group: Group) -> pd.DataFrame:
    order = list(group.keys)
    keys = {
        f"{KEY}{name}": [key[place] if len(group.by) > 1 else key for key in order]
        for place, name in enumerate(group.by)
    }
    values = pd.DataFrame(group.matrix[:-1], columns=list(group.names))
    return pd.concat([pd.DataFrame(keys), values], axis=1)


def _of_frame(frame: pd.DataFrame, by: list[str], never: list[float | None]) -> Group:
    names = [str(name) for name in frame.columns if not str(name).startswith(KEY)]
    keys = frame[[f"{KEY}{name}" for name in by]].set_axis(by, axis=1)
    last = [math.nan if each is None else each for each in never]
    values = np.vstack([frame[names].to_numpy(dtype=np.float64), last])
    return Group(tuple(by), tuple(names), _numbered(keys, tuple(by)), values)
