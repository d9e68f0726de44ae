"""Compute declared history for a whole table of decisions at once, point in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tagline.errors import TaglineError
from tagline.history.declare import (
    Age,
    Count,
    Declaration,
    Events,
    Last,
    Latest,
    Mean,
    Sum,
    Windowed,
)
from tagline.history.index import FIXED_POINT, EventIndex, Floats, Ints, Questions
from tagline.history.keys import NO_KEY, codes

IndexKey = tuple[Events, tuple[str, ...], str | None, str | None]


def compute(
    declarations: Sequence[Declaration],
    events: Mapping[str, pd.DataFrame],
    decisions: pd.DataFrame,
    *,
    at: str,
) -> pd.DataFrame:
    """Compute every declared feature for every decision from what was known by then.

    Parameters
    ----------
    declarations : sequence of declarations
        What to compute; each name is a column of the result.
    events : mapping of str to DataFrame
        The streams, in any row order, with their times, keys and values.
    decisions : DataFrame of shape (n, columns)
        The decisions, with the key columns.
    at : str
        The column of `decisions` with their times, datetime64 UTC.

    Returns
    -------
    DataFrame of shape (n, len(declarations)), float64
        On the index of `decisions`; NaN where nothing was known.

    Raises
    ------
    TaglineError
        A stream or column is missing or of the wrong type, or a name is declared twice.
    """
    _check(declarations, events, decisions, at=at)
    streams = {}
    for declared in declarations:
        key = (declared.events, declared.by)
        if key not in streams:
            frame = events[declared.events.name]
            streams[key] = _Stream(declared.events, frame, declared.by, decisions, at)
    found = {each.name: streams[each.events, each.by].answer(each) for each in declarations}
    return pd.DataFrame(found, index=decisions.index, dtype=np.float64)


@dataclass
class _Stream:
    """One stream by one key, with what its declarations share."""

    events: Events
    frame: pd.DataFrame
    by: tuple[str, ...]
    decisions: pd.DataFrame
    at: str
    indexes: dict[tuple[str | None, str | None], EventIndex] = field(default_factory=dict)
    positions: dict[tuple[str | None, int, int], Ints] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key, asked = codes(self.frame, self.decisions, self.by)
        self.known = epoch_seconds(self.frame[self.events.known_at], up=True)
        self.occurred = epoch_seconds(self.frame[self.events.occurred_at])
        times = self.frame[[self.events.known_at, self.events.occurred_at]]
        self.timed = times.notna().all(axis=1).to_numpy()
        self.questions = Questions.of(asked, epoch_seconds(self.decisions[self.at]))
        self.matched = self.questions.key != NO_KEY

    def answer(self, declared: Declaration) -> Floats:
        """Compute one declaration for every decision."""
        if isinstance(declared, Count | Sum | Mean):
            return self.questions.answer(self._windowed(declared))
        return self.questions.answer(self._latest(declared))

    def _windowed(self, declared: Windowed) -> Floats:
        index = self._index(declared.where, None)
        last = self._position(declared.where, declared.bucket_seconds, 0)
        first = self._position(declared.where, declared.bucket_seconds, declared.window_seconds)

        def inside(total: Ints) -> Ints:
            found: Ints = np.where(self.matched, total[last] - total[first], 0)
            return found

        if isinstance(declared, Count):
            everyone = np.ones(len(self.frame), dtype=bool)
            return inside(index.running_count(everyone)).astype(np.float64)
        values = self._values(declared.value)
        sums = inside(index.running_total(values, place=self._place(declared.value))) / FIXED_POINT
        counts = inside(index.running_count(~np.isnan(values)))
        if isinstance(declared, Mean):
            means: Floats = np.full(len(sums), np.nan)
            np.divide(sums, counts, out=means, where=counts > 0)
            return means
        found: Floats = np.where(self.matched, sums, np.nan)
        return found

    def _position(self, where: str | None, bucket: int, back: int) -> Ints:
        place = (where, bucket, back)
        if place not in self.positions:
            until = self.questions.time // bucket * bucket - back
            index = self._index(where, None)
            self.positions[place] = index.before(self.questions.key, until)
        return self.positions[place]

    def _latest(self, declared: Latest) -> Floats:
        value = declared.value if isinstance(declared, Last) else None
        index = self._index(declared.where, value)
        asked, time = self.questions.key, self.questions.time
        answers = np.full(len(asked), np.nan)
        if not len(index.key):
            return answers
        position = index.before(asked, time, inclusive=True) - 1
        known = self.matched & (position >= 0)
        known &= index.key[np.maximum(position, 0)] == asked
        latest = index.latest[position[known]]
        age = time[known] - index.occurred[latest]
        given = age.astype(np.float64)
        if value is not None:
            given = self._values(value)[index.row[latest]]
        if declared.within_seconds is not None:
            given = np.where(age <= declared.within_seconds, given, np.nan)
        answers[known] = given
        return answers

    def _index(self, where: str | None, value: str | None) -> EventIndex:
        if (where, value) not in self.indexes:
            usable = self.timed.copy()
            if where is not None:
                usable &= self.frame[where].isin([True]).to_numpy()
            if value is not None:
                usable &= ~np.isnan(self._values(value))
            self.indexes[where, value] = EventIndex.of(
                key=self.key, known=self.known, occurred=self.occurred, usable=usable
            )
        return self.indexes[where, value]

    def _values(self, column: str) -> Floats:
        values = self.frame[column]
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            return np.where(values.notna(), epoch_seconds(values), np.nan)
        if not pd.api.types.is_numeric_dtype(values.dtype):
            raise TaglineError(
                f"The value is {values.dtype}, no number.", where=self._place(column)
            )
        return values.to_numpy(dtype=np.float64, na_value=np.nan)

    def _place(self, column: str) -> str:
        return f"events {self.events.name!r}, column {column!r}"


def epoch_seconds(times: pd.Series, *, up: bool = False) -> Ints:
    """Give times as whole seconds since 1970 UTC; a missing time gives 0.

    Parameters
    ----------
    times : Series of shape (n,), datetime64 with time zone
        The times.
    up : bool
        Whether a part of a second counts as a whole one.

    Returns
    -------
    ndarray of shape (n,), int64
    """
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        raise TaglineError(
            f"The times are {times.dtype}, no times with a time zone.",
            where=f"column {times.name!r}",
        )
    whole = times.dt.ceil("s") if up else times.dt.floor("s")
    filled = whole.fillna(pd.Timestamp(0, tz="UTC")).dt.tz_convert("UTC").dt.tz_localize(None)
    seconds: Ints = filled.to_numpy().astype("datetime64[s]").astype(np.int64)
    return seconds


def _check(
    declarations: Sequence[Declaration],
    events: Mapping[str, pd.DataFrame],
    decisions: pd.DataFrame,
    *,
    at: str,
) -> None:
    names = [declared.name for declared in declarations]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise TaglineError(f"Declared twice: {', '.join(sorted(twice))}.", where="history")
    for declared in declarations:
        place = f"history {declared.name!r}"
        if declared.events.name not in events:
            raise TaglineError(f"There are no events {declared.events.name!r}.", where=place)
        _expect(events[declared.events.name], _event_columns(declared), place, "events")
        _expect(decisions, declared.by, place, "decisions")
    if declarations and decisions[at].isna().any():
        raise TaglineError("A decision has no time.", where=f"column {at!r}")


def _event_columns(declared: Declaration) -> tuple[str, ...]:
    value = () if isinstance(declared, Count | Age) else (declared.value,)
    where = () if declared.where is None else (declared.where,)
    return (declared.events.occurred_at, declared.events.known_at, *declared.by, *value, *where)


def _expect(frame: pd.DataFrame, columns: tuple[str, ...], place: str, what: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise TaglineError(f"The {what} have no column {missing[0]!r}.", where=place)
