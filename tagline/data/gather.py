"""A case's tables, read and held against its contract, with their history."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.columns.times import expect_century
from tagline.data.checks import expect_asked_keys
from tagline.data.contract import ValidationResult, check
from tagline.data.features import Features, Tables
from tagline.data.fingerprint import fingerprint
from tagline.data.modules import load_features
from tagline.data.tables import load_tables
from tagline.errors import TaglineError
from tagline.history.bulk import compute as compute_history
from tagline.history.declare import Declaration
from tagline.names import near
from tagline.tasks.tasks import task_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedTables:
    """A case's tables, read and checked, before any row is chosen.

    Attributes
    ----------
    features : Features
        The case's, with its fields as they were read.
    checked : ValidationResult
        The decisions that keep the contract, and those that do not.
    events : mapping of str to DataFrame
        The streams that history is computed from.
    fingerprint : str
        SHA-256 of the raw tables.
    now : Timestamp with time zone
        What counts as the future.
    """

    features: Features
    checked: ValidationResult
    events: Tables
    fingerprint: str
    now: pd.Timestamp


@dataclass(frozen=True)
class LabelledRows:
    """The labelled decisions of a split, in the order of time.

    Attributes
    ----------
    frame, raw : DataFrame of shape (n, columns)
        As they were read, and as they came in.
    part : ndarray of shape (n,), str
        ``train``, ``tune`` or ``test``.
    group : ndarray of shape (n,), int64
        What hangs together.
    y : ndarray of shape (n,), float64
        The label.
    """

    frame: pd.DataFrame
    raw: pd.DataFrame
    part: npt.NDArray[np.str_]
    group: npt.NDArray[np.int64]
    y: npt.NDArray[np.float64]

    def newest(self, most: int) -> Self:
        """Give about so many of its rows, of each part as large a share, the latest."""
        share = min(1.0, most / len(self.y))
        kept = np.zeros(len(self.y), dtype=bool)
        for name in np.unique(self.part):
            own = np.flatnonzero(self.of(str(name)))
            kept[own[len(own) - ceil(share * len(own)) :]] = True
        frame, raw = (each[kept].reset_index(drop=True) for each in (self.frame, self.raw))
        return type(self)(frame, raw, self.part[kept], self.group[kept], self.y[kept])

    def of(self, name: str) -> npt.NDArray[np.bool_]:
        """Tell which rows are of a part."""
        found: npt.NDArray[np.bool_] = self.part == name
        return found


def gather(
    case: Case, *, rows_before: int | None = None, now: pd.Timestamp | None = None
) -> LoadedTables:
    """Load a case's tables, and hold their decisions against its contract; as `prepare`."""
    features = load_features(case)
    tables = load_tables(case, features)
    known_as = fingerprint(tables)
    log.info(f"{len(tables)} tables, {sum(map(len, tables.values())):,} rows, data {known_as[:12]}")
    moment = pd.Timestamp.now(tz="UTC") if now is None else now
    checked = check_decisions(case, features, tables, now=moment, rows_before=rows_before)
    _expect_centuries(case, features, checked, now=moment)
    features = replace(
        load_features(case, checked.fields), notes=features.notes, not_read=features.not_read
    )
    expect_asked_keys(case, features)
    for line in _taken_for(features, checked, case):
        log.info(line)
    return LoadedTables(features, checked, streams(features, tables), known_as, moment)


def check_decisions(
    case: Case,
    features: Features,
    tables: Tables,
    *,
    now: pd.Timestamp,
    rows_before: int | None = None,
    labels: bool = True,
) -> ValidationResult:
    """Make a case's decisions and hold them against its contract; see `tagline.data.contract`.

    Without `labels` they are of no matter: rows are to be answered whatever their label is.
    """
    return check(
        features.decisions(tables),
        fields=features.fields,
        table=case.table,
        contract=case.contract,
        now=now,
        where=f"decisions of {features.module}",
        timezone=case.timezone,
        hints=features.hints,
        rows_before=rows_before,
        task=task_of(case.task) if labels else None,
    )


def streams(features: Features, tables: Tables) -> Tables:
    """Make the streams that a case's history is computed from; none where it has no history."""
    made = features.events(tables) if features.history else {}
    for declared in features.history:
        if declared.events.name not in made:
            raise TaglineError(
                f"There are no events {declared.events.name!r}{near(declared.events.name, made)}.",
                where=f"{features.module}: history {declared.name!r}",
                todo="events() gives them, or [events.NAME] in the config.",
            )
        _tell_lacking(made[declared.events.name], declared)
    return made


def _tell_lacking(frame: pd.DataFrame, declared: Declaration) -> None:
    """Count the events that no decision can see: without a time, or without a key."""
    stream = declared.events
    if not {stream.known_at, stream.occurred_at, *declared.by} <= set(frame.columns):
        return  # which is told where history is computed
    timeless = frame[[stream.known_at, stream.occurred_at]].isna().any(axis=1)
    if len(frame) and timeless.all():
        raise TaglineError("No event has a time.", where=f"events {stream.name!r}")
    keyless = frame[list(declared.by)].isna().any(axis=1) & ~timeless
    for lacking, what in ((timeless, "time"), (keyless, f"key ({', '.join(declared.by)})")):
        if lacking.any():
            log.info(
                f"{declared.name}: {lacking.sum():,} of {len(frame):,} events of {stream.name!r} "
                f"have no {what}, and count for nothing"
            )


def history(
    case: Case, features: Features, events: Tables, decisions: pd.DataFrame
) -> pd.DataFrame:
    """Compute a case's history for its decisions; see `tagline.history.bulk.compute`.

    Raises
    ------
    TaglineError
        A history column is called like a column of the decisions, or can not be computed.
    """
    taken = [name for name in history_names(features) if name in decisions]
    if taken:
        raise TaglineError(
            f"The history column {taken[0]!r} is called like a column of the decisions.",
            where=f"{features.module}: HISTORY",
            todo="Give it a name of its own.",
        )
    return compute_history(
        features.history, events, decisions, at=case.table.time_column, timezone=case.timezone
    )


def history_names(features: Features) -> list[str]:
    """Name the history columns of a case."""
    return [declared.name for declared in features.history]


def _expect_centuries(
    case: Case, features: Features, checked: ValidationResult, *, now: pd.Timestamp
) -> None:
    said = set(case.table.formats)
    if not case.table.source:
        said |= {field.name for field in features.fields if field.format}
    for field in checked.fields:
        if field.type.moments and field.name not in said:
            expect_century(checked.rows[field.name], field.format or "", now=now)


def _taken_for(features: Features, checked: ValidationResult, case: Case) -> Sequence[str]:
    named = [f"{value!r} is {number}" for number, value in checked.meaning.items()]
    meaning = ", ".join(named) or "a number"
    notes = [*features.notes, f"{case.table.target}: {meaning}"]
    return [*notes, *map(str, checked.taken)]
