"""The stretch of the past: every decision with its history, computed once, point in time."""

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.columns.field import Field
from tagline.data.features import Features
from tagline.data.gather import gather, history
from tagline.data.horizon import horizon_of
from tagline.data.modules import load_features
from tagline.data.split import EPOCH, day_name, local_days
from tagline.data.store import TableRef, get_table, put_table, storable
from tagline.data.windows import fullness
from tagline.errors import TaglineError
from tagline.history.written import Schemas, schemas
from tagline.transform.compute import Columns, columns

FOR_EVER = pd.Timestamp.max.tz_localize("UTC")


@dataclass(frozen=True)
class TimelineRef:
    """Where a stretch of the past is stored, plain enough for an artifact.

    Attributes
    ----------
    rows : TableRef
        Every decision, in the order of time, with history.
    raw : TableRef
        The same as they came in.
    fields, columns : list of dict
        The fields as they were read, and what each column was taken for.
    streams : dict
        What the streams of the history hold.
    fingerprint : str
        SHA-256 of the raw tables.
    """

    rows: TableRef
    raw: TableRef
    fields: list[dict[str, Any]]
    columns: list[dict[str, Any]]
    streams: Schemas
    fingerprint: str

    @property
    def name(self) -> str:
        """Name it by its content."""
        said = [self.rows["sha256"], self.fingerprint, json.dumps(self.fields, sort_keys=True)]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()


@dataclass(frozen=True)
class Timeline:
    """A stretch of the past.

    Attributes
    ----------
    case : Case
        The case.
    ref : TimelineRef
        Where it is stored.
    features : Features
        The case's, with its fields as they were read.
    frame, raw : DataFrame of shape (n, columns)
        Every decision in the order of time, as it was read with its history, and as it came in.
    """

    case: Case
    ref: TimelineRef
    features: Features
    frame: pd.DataFrame
    raw: pd.DataFrame

    @cached_property
    def day(self) -> npt.NDArray[np.int64]:
        """Each decision's day, on the clocks of the split, since 1970."""
        times = self.frame[self.case.table.time_column]
        return local_days(times, self.case.split.timezone).astype(np.int64)

    @cached_property
    def known_on(self) -> npt.NDArray[np.int64]:
        """The first day that begins after it is known what came true; far off where it never is."""
        name = self.case.table.observed
        days = np.full(len(self.frame), np.iinfo(np.int64).max)
        labelled = ~np.isnan(self.y)
        # A label counts once it could have been either, as in production.
        could_be_either = self.frame[self.case.table.time_column] + self.horizon
        settled = local_days(could_be_either, self.case.split.timezone).astype(np.int64) + 1
        if name is None:
            return np.where(labelled, np.maximum(self.day + 1, settled), days)
        seen = self.frame[name].notna().to_numpy() & labelled
        found = local_days(self.frame[name][seen], self.case.split.timezone).astype(np.int64)
        days[seen] = np.maximum(found + 1, settled[seen])
        return days

    @property
    def open_days(self) -> int:
        """How many days it may take until an outcome counts."""
        return math.ceil(self.horizon / pd.Timedelta("1D"))

    @cached_property
    def horizon(self) -> pd.Timedelta:
        """How long labels take; see `tagline.data.horizon`."""
        return horizon_of(self.frame, self.case.table, now=FOR_EVER).length

    @cached_property
    def y(self) -> npt.NDArray[np.float64]:
        """What came true, NaN where that is not known."""
        return self.frame[self.case.table.target].to_numpy(dtype=np.float64)

    @cached_property
    def columns(self) -> Columns:
        """The fields and history of every decision, as a bundle takes them."""
        names = [each.name for each in self.features.history]
        return columns(self.frame, fields=self.features.fields, history=names)

    def period(self) -> tuple[int, int]:
        """Give the first day that is answered, and the day after the last.

        Raises
        ------
        TaglineError
            There are too few days before or between them.
        """
        section, days = self.case.replay, self.day
        quarter = int(days[0] + (days[-1] - days[0]) // 4)
        first = quarter if section.first is None else (section.first - EPOCH).days
        until = int(days[-1]) + 1 if section.until is None else (section.until - EPOCH).days
        before = first - int(days[0])
        if before <= section.tune_days + section.test_days or until <= first:
            raise TaglineError(
                f"There are {before} days before {day_name(first)}, {until - first} from there.",
                where="[replay] of the case",
                todo="Begin later: a training needs more days than tune_days and test_days.",
            )
        return first, until


def month_of(day: int) -> str:
    """Give the month of a day since 1970."""
    return day_name(day)[:7]


def put_timeline(case: Case) -> TimelineRef:
    """Read a case's tables, compute all history, and store it."""
    if case.table.time is None:
        raise TaglineError(
            "A replay goes through the past, and this table has no times.",
            where=f"{case.file}: table.time",
        )
    gathered = gather(case)
    rows, raw = gathered.checked.in_time_order(case.table.time_column)
    if case.split.full_windows:
        kept = ~fullness(case, gathered).is_early(rows[case.table.time_column])
        rows, raw = (each[kept].reset_index(drop=True) for each in (rows, raw))
    past = history(case, gathered.features, gathered.events, rows)
    return TimelineRef(
        rows=put_table(pd.concat([rows, past], axis=1)),
        raw=put_table(storable(raw)),
        fields=[each.to_dict() for each in gathered.features.fields],
        columns=[each.to_dict() for each in gathered.checked.taken],
        streams=schemas(gathered.features.history, gathered.events),
        fingerprint=gathered.fingerprint,
    )


def get_timeline(case: Case, ref: TimelineRef) -> Timeline:
    """Read a stored stretch of the past."""
    features = load_features(case, [Field.from_dict(each) for each in ref.fields])
    return Timeline(case, ref, features, get_table(ref.rows), get_table(ref.raw))
