"""The log of a case: closed segments and outcomes in the store, open segments on each machine."""

import hashlib
import io
import json
import logging
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tagline import paths
from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.prediction_log.records import Outcome
from tagline.prediction_log.segment import CLOSED, TABLE, recover
from tagline.prediction_log.tables import as_frame, as_table, outcome_row, rows_of, segments
from tagline.storage.contract import Store, Stored
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace

log = logging.getLogger(__name__)
JSON, MERGED = ".json", "all-"
FORMAT, TRIES = 1, 20
PARTS = b"tagline.parts"
SECOND = 10**9


@dataclass(frozen=True)
class PredictionLog:
    """What was answered for a case, and what came true.

    Attributes
    ----------
    store : Store
        Where closed segments and outcomes are.
    workspace : Workspace
        Under which names.
    folder : Path
        Where servers of this machine write their open segments.
    """

    store: Store
    workspace: Workspace
    folder: Path

    @classmethod
    def of(cls, case: str) -> Self:
        """Give the log of a case, in the store that is in use."""
        store = own_store()
        return cls(store, Workspace(case), paths.segments(store.where, case))

    def ship(self) -> int:
        """Put what servers of this machine have closed, or left, into the store; give how much.

        Raises
        ------
        TaglineError
            The store can not be written; what is left is put there the next time.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for path, torn, damaged in recover(self.folder):
            log.warning(f"{path.name} was left open: {torn} torn bytes, {damaged} damaged gaps")
        closed = sorted(self.folder.glob(f"*{CLOSED}"))
        if not closed:
            return 0
        stored, gone = self._stored(), Forgotten.of(self)
        for path in closed:
            # What is there already was put there by who ended before it could remove the file.
            if path.stem not in stored and (content := _content(path)) is not None:
                name = self._name(self.workspace.predictions, path.stem, TABLE)
                self.store.create(name, written(gone.without(rows_of(content))))
            path.unlink(missing_ok=True)
        return len(closed)

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Put outcomes into the store: nobody could make them again.

        Raises
        ------
        TaglineError
            They could not be written.
        """
        rows = [{**outcome_row(each), "at": each.at} for each in outcomes]
        stem = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
        content = as_json({"format": FORMAT, "outcomes": rows})
        self.store.create(self._name(self.workspace.outcomes, stem, JSON), content)

    def prediction_parts(self) -> Iterator[pd.DataFrame]:
        """Read the answered rows part by part, so that memory does not grow with the log.

        Yields
        ------
        DataFrame
            As `predictions` gives it, of one part.
        """
        # Those here first: a segment that is put into the store meanwhile is found there.
        here = {path.stem: path for path in segments(self.folder)} if self.folder.is_dir() else {}
        contents = {stem: _content(path) for stem, path in here.items()}
        stored = self._stored() if here else set()
        read_here = {stem for stem, each in contents.items() if each and stem not in stored}
        for stem in sorted(read_here):
            yield from _dated(as_frame(list(rows_of(contents[stem] or b""))))
        for name, frame in self.tables(self.workspace.predictions):
            if Path(name).stem not in read_here:
                yield from _dated(frame)

    def _stored(self) -> set[str]:
        """Name the segments that are in the store, by themselves or merged."""
        names = {each.name for each in self.store.listing(self.workspace.predictions)}
        for name in [each for each in names if is_merged(each)]:
            names |= parts_of(self.store, name)
        return {Path(each).stem for each in names}

    def predictions(self) -> pd.DataFrame:
        """Read every answered row.

        Returns
        -------
        DataFrame
            A row for each answered row: ``prediction_id``, ``row_id``, ``at`` (UTC),
            ``request_id``, ``principal``, ``run``, ``digest``, ``entry``, ``latency_us``,
            ``snapshot``, ``arm`` (``champion``, ``challenger`` or ``shadow``; none in the first
            versions), the columns of the answer, ``unknown``, ``missing``,
            ``outside_history`` and ``field:NAME`` for each field.
        """
        return _together(list(self.prediction_parts()))

    def outcomes(self) -> pd.DataFrame:
        """Read what came true, once for each prediction or row: what was reported last counts.

        Returns
        -------
        DataFrame
            ``prediction_id``, ``row_id``, ``outcome``, ``observed`` and ``at`` (UTC), and
            ``reported``: how often it was.
        """
        tables = self.tables(self.workspace.outcomes)
        found = _together([part for _, frame in tables for part in _dated(frame)])
        if found.empty:
            return found
        keys = ["prediction_id", "row_id"]
        ordered = found.sort_values("at", kind="stable")
        times = ordered.groupby(keys, dropna=False)["outcome"].transform("size")
        latest = ordered.assign(reported=times).drop_duplicates(keys, keep="last")
        return latest.reset_index(drop=True)

    def joined(self) -> pd.DataFrame:
        """Read predictions with what came true; ``outcome`` is missing where nothing is known yet.

        An outcome by prediction id counts before one by the row's own id, which holds for every
        prediction of that row.
        """
        predictions, outcomes = self.predictions(), self.outcomes()
        if predictions.empty or outcomes.empty:
            return predictions.assign(outcome=float("nan"))
        by_row = outcomes.dropna(subset="row_id").set_index("row_id")["outcome"]
        by_id = outcomes.dropna(subset="prediction_id").set_index("prediction_id")["outcome"]
        own = predictions["prediction_id"].map(by_id)
        return predictions.assign(outcome=own.fillna(predictions["row_id"].map(by_row)))

    def listed(self, folder: str) -> list[Stored]:
        """List the tables of a part of the log that count, the oldest first.

        What was merged into another one, and could not be removed any more, does not count.
        """
        found = self.store.listing(folder)
        inside: set[str] = set()
        for each in found:
            own = parts_of(self.store, each.name) if is_merged(each.name) else frozenset()
            # Two may have merged the same at once: the first one counts until the other is gone.
            inside |= {each.name} if own & inside else own
        return [each for each in found if each.name not in inside]

    def tables(self, folder: str) -> Iterator[tuple[str, pd.DataFrame]]:
        """Read the tables of a part of the log, each with its name, the oldest first.

        Raises
        ------
        TaglineError
            They do not stay as they are while they are read.
        """
        days = dict.fromkeys(each.name.rpartition("/")[0] for each in self.store.listing(folder))
        for day in days:
            for name, content in self._day(day):
                yield name, read(name, content)

    def _day(self, folder: str) -> list[tuple[str, bytes]]:
        """Read a day as a whole: while it is read, its tables may be merged into one."""
        for _ in range(TRIES):
            names = [each.name for each in self.listed(folder)]
            contents = list(self.store.read_all(names))
            whole = [(n, c) for n, c in zip(names, contents, strict=True) if c is not None]
            if len(whole) == len(names):
                return whole
        raise TaglineError(
            "The log does not stay as it is while it is read.", where=f"{self.store.where}/{folder}"
        )

    @staticmethod
    def _name(folder: str, stem: str, ending: str) -> str:
        day = datetime.fromtimestamp(int(stem.split("-")[0]) / SECOND, UTC).strftime("%Y-%m-%d")
        return f"{folder}/{day}/{stem}{ending}"


@dataclass(frozen=True)
class Forgotten:
    """Who was erased: a server that was away meanwhile puts none of their rows into the store.

    Attributes
    ----------
    until : dict
        Column to the SHA-256 of a subject to when they were erased.
    """

    until: dict[str, dict[str, pd.Timestamp]]

    @classmethod
    def of(cls, log: PredictionLog) -> Self:
        """Read who was erased from a log."""
        until: dict[str, dict[str, pd.Timestamp]] = {}
        names = [each.name for each in log.store.listing(log.workspace.erased)]
        for content in log.store.read_all(names):
            said = json.loads(content or b"{}")
            if said:
                own = until.setdefault(said["column"], {})
                own[said["subject"]] = pd.Timestamp(said["at"])
        return cls(until)

    def without(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give the rows of all others, and those that were written later."""
        if not self.until:
            return list(rows)
        return [row for row in rows if not self._is_theirs(row)]

    def _is_theirs(self, row: Mapping[str, Any]) -> bool:
        for column, subjects in self.until.items():
            at = subjects.get(hidden_subject(column, row.get(column)))
            if at is not None and row["at"] < at:
                return True
        return False


def hidden_subject(column: str, subject: object) -> str:
    """Name a subject so that who reads it can not say who it is; pseudonyms are secret already."""
    return hashlib.sha256(f"{column}\0{subject}".encode()).hexdigest()


def read(name: str, content: bytes) -> pd.DataFrame:
    """Read a table of a log, in either of its forms.

    Raises
    ------
    TaglineError
        It is damaged.
    """
    with _named(name):
        if name.endswith(JSON):
            return pd.DataFrame(json.loads(content)["outcomes"])
        return as_frame(pq.read_table(pa.BufferReader(content)))


def read_rows(name: str, content: bytes) -> list[dict[str, Any]]:
    """Read the rows of a table as they were written: pandas makes floats where one is missing."""
    with _named(name):
        if name.endswith(JSON):
            found = json.loads(content)["outcomes"]
            return [{**each, "at": pd.Timestamp(each["at"], unit="ns", tz="UTC")} for each in found]
        rows: list[dict[str, Any]] = pq.read_table(pa.BufferReader(content)).to_pylist()
        return rows


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, pa.ArrowInvalid) as damaged:
        raise TaglineError(
            f"This table of the log is damaged: {damaged}.",
            where=name,
            todo="Remove it there, or bring it back as it was; nothing of it is read.",
        ) from damaged


def written(rows: list[dict[str, Any]], parts: Sequence[str] = ()) -> bytes:
    """Write rows as Parquet; ``parts`` are the names of the tables that they were merged of."""
    table, buffer = as_table(rows), io.BytesIO()
    if parts:
        told = json.dumps(list(parts)).encode()
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), PARTS: told})
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def is_merged(name: str) -> bool:
    """Tell whether a table was merged of others, by its name."""
    return name.rpartition("/")[2].startswith(MERGED)


def parts_of(store: Store, name: str) -> frozenset[str]:
    """Give the names of the tables that one was merged of, which never change."""
    key = store.where, name
    if key not in _parts:
        try:
            with store.open(name) as file:
                told = pq.read_schema(file).metadata or {}
        except FileNotFoundError:
            return frozenset()
        _parts[key] = frozenset(json.loads(told.get(PARTS, b"[]")))
    return _parts[key]


_parts: dict[tuple[str, str], frozenset[str]] = {}


def _content(path: Path) -> bytes | None:
    # It may have been closed, or put into the store, since it was listed.
    for name in (path, path.with_suffix(CLOSED)):
        try:
            return name.read_bytes()
        except FileNotFoundError:
            continue
    return None


def _dated(found: pd.DataFrame) -> Iterator[pd.DataFrame]:
    if len(found):
        yield found.assign(at=pd.to_datetime(found["at"], utc=True))


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
