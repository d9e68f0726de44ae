"""Compute declared history for a whole table of decisions at once, point in time."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.columns.times import in_utc
from tagline.errors import TaglineError
from tagline.history.declare import (
    Age,
    Count,
    Declaration,
    Distinct,
    Events,
    ExponentialMean,
    Last,
    Latest,
    Max,
    Mean,
    Min,
    Share,
    Std,
    Sum,
    Trend,
)
from tagline.history.exact import total
from tagline.history.index import EventIndex, Floats, Ints, Lookups, Recency
from tagline.history.keys import Categories, categories, codes
from tagline.history.slices import decaying_mean, distinct, extreme, slope, std
from tagline.history.written import columns

Sliced = Min | Max | Std | Trend | Distinct
EXACT = 0  # seconds of a bucket: the very second
Alike = tuple["Stream", tuple[str, ...], Sequence[Declaration]]


def compute(
    declarations: Sequence[Declaration],
    events: Mapping[str, pd.DataFrame],
    decisions: pd.DataFrame,
    *,
    at: str,
    timezone: str | None = None,
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
    timezone : str, optional
        The zone of the events' times that bear none; such times are refused where None. A time
        that its clocks show twice is the later of the two: an event is never known too early.

    Returns
    -------
    DataFrame of shape (n, len(declarations)), float64
        On the index of `decisions`; NaN where nothing was known.

    Raises
    ------
    TaglineError
        A stream or column is missing or of the wrong type, or a name is declared twice.

    Examples
    --------
    >>> noon = pd.Timestamp("2024-05-01 12:00", tz="UTC")
    >>> seen = pd.DataFrame({"occurred_at": [noon], "known_at": [noon], "delay": [7.0]})
    >>> asked = pd.DataFrame({"at": [noon - pd.Timedelta("1s"), noon]})
    >>> compute([Last("last", Events("seen"), "delay")], {"seen": seen}, asked, at="at")
       last
    0   NaN
    1   7.0
    """
    _check(declarations, events, decisions, at=at)
    points = DecisionPoints.of(
        decisions, {name for each in declarations for name in each.by}, at=at
    )
    found: dict[str, Floats] = {}
    # NumPy sorts and searches without Python's lock, so threads share the cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for answers in pool.map(partial(_answers, points), _alike(declarations, events, timezone)):
            found |= answers
    ordered = {each.name: found[each.name] for each in declarations}
    return pd.DataFrame(ordered, index=decisions.index, copy=False)


def _alike(
    declarations: Sequence[Declaration],
    events: Mapping[str, pd.DataFrame],
    timezone: str | None,
) -> Iterator[Alike]:
    for source, own in _by_stream(declarations).items():
        keys = {name for each in own for name in each.by}
        stream = Stream.of(source, events[source.name], keys, timezone=timezone)
        for by, alike in by_key(own).items():
            yield stream, by, alike


def _answers(points: "DecisionPoints", work: Alike) -> dict[str, Floats]:
    stream, by, alike = work
    return _Keyed(stream, by, points).answers(alike)


def _by_stream(declarations: Sequence[Declaration]) -> dict[Events, list[Declaration]]:
    grouped: dict[Events, list[Declaration]] = {}
    for each in declarations:
        grouped.setdefault(each.events, []).append(each)
    return grouped


def by_key(declarations: Sequence[Declaration]) -> dict[tuple[str, ...], list[Declaration]]:
    """Group declarations by their keys."""
    grouped: dict[tuple[str, ...], list[Declaration]] = {}
    for each in declarations:
        grouped.setdefault(each.by, []).append(each)
    return grouped


@dataclass(frozen=True)
class DecisionPoints:
    """The decisions: their times, in whole seconds, and their key columns."""

    time: Ints
    keys: Categories
    lookups: dict[tuple[tuple[str, ...], int], Lookups]

    @classmethod
    def of(cls, decisions: pd.DataFrame, columns: set[str], *, at: str) -> "DecisionPoints":
        """Take what history needs of a decision table."""
        return cls(epoch_seconds(decisions[at]), categories(decisions, columns), {})


@dataclass(frozen=True)
class Stream:
    """The events of one stream: their times, in whole seconds, and their key columns."""

    events: Events
    frame: pd.DataFrame
    known: Ints
    occurred: Ints
    timed: npt.NDArray[np.bool_]
    in_time: Ints
    keys: Categories

    @cached_property
    def recency(self) -> Recency:
        """Which event is the latest."""
        return Recency.of(self.known, self.occurred, self.in_time)

    @classmethod
    def of(
        cls, events: Events, frame: pd.DataFrame, columns: set[str], *, timezone: str | None = None
    ) -> "Stream":
        """Take what history needs of a stream."""
        known = epoch_seconds(_moments(frame[events.known_at], timezone), up=True)
        return cls(
            events=events,
            frame=frame,
            known=known,
            occurred=epoch_seconds(_moments(frame[events.occurred_at], timezone)),
            timed=frame[[events.known_at, events.occurred_at]].notna().all(axis=1).to_numpy(),
            in_time=np.argsort(known, kind="stable"),
            keys=categories(frame, columns),
        )


class _Keyed:
    """One stream by one key, with what its declarations share; forgotten when they are answered."""

    def __init__(self, stream: Stream, by: tuple[str, ...], points: DecisionPoints) -> None:
        self.stream, self.events, self.frame = stream, stream.events, stream.frame
        self.by, self.points = by, points
        self.indexes: dict[tuple[str | None, str | None, bool], EventIndex] = {}
        self.positions: dict[tuple[str | None, str | None, bool, int, int], Ints] = {}
        self.latest: dict[int, Ints] = {}
        self.totals: dict[tuple[str | None, str], tuple[dict[int, Ints], Ints]] = {}
        sizes = (len(stream.frame), len(points.time))
        self.key, key = codes(stream.keys, points.keys, by, sizes=sizes)
        if (by, EXACT) not in points.lookups:
            points.lookups[by, EXACT] = Lookups.of(key, points.time)
        self.lookups = points.lookups[by, EXACT]

    def answers(self, declarations: Sequence[Declaration]) -> dict[str, Floats]:
        """Compute declarations for every decision."""
        return {declared.name: self.answer(declared) for declared in declarations}

    def answer(self, declared: Declaration) -> Floats:
        """Compute one declaration for every decision."""
        if isinstance(declared, Last | Age):
            return self.lookups.answer(self._latest(declared))
        lookups = self._buckets(declared.bucket_seconds)
        if isinstance(declared, ExponentialMean):
            return lookups.answer(self._decaying(declared, lookups))
        if isinstance(declared, Count | Sum | Mean | Share):
            return lookups.answer(self._windowed(declared, lookups.matched))
        return lookups.answer(self._sliced(declared, lookups.matched))

    def _buckets(self, seconds: int) -> Lookups:
        if (self.by, seconds) not in self.points.lookups:
            self.points.lookups[self.by, seconds] = self.lookups.by_bucket(seconds)
        return self.points.lookups[self.by, seconds]

    def _decaying(self, declared: ExponentialMean, lookups: Lookups) -> Floats:
        index = self._index(declared.where, declared.value)
        last = index.before(lookups.key, lookups.time)
        known = lookups.matched & (last > 0)
        known &= index.key[np.maximum(last - 1, 0)] == lookups.key if len(index.key) else False
        found = np.full(len(last), np.nan)
        values = self._values(declared.value)[index.row]
        found[known] = decaying_mean(
            values, index.known, index.key, last[known], declared.halflife_seconds
        )
        return found

    def _sliced(self, declared: Sliced, matched: npt.NDArray[np.bool_]) -> Floats:
        value, place = declared.value, self._place(declared.value)
        coded = isinstance(declared, Distinct)
        asked = (declared.where, value, coded)
        last = self._position(*asked, declared.bucket_seconds, 0)
        first = self._position(*asked, declared.bucket_seconds, declared.window_seconds)
        first = np.where(matched, first, last)
        index = self._index(*asked)
        if isinstance(declared, Distinct):
            codes_ = self._codes(value)[index.row]
            several = int(codes_.max(initial=0)) + 1
            counted = distinct(index.key * several + codes_, first, last)
            return np.minimum(counted, declared.most).astype(np.float64)
        values = self._values(value)[index.row]
        if isinstance(declared, Std):
            return std(values, first, last, where=place)
        if isinstance(declared, Trend):
            return slope(values, index.known, first, last, where=place)
        return extreme(values, first, last, np.minimum if isinstance(declared, Min) else np.maximum)

    def _windowed(
        self, declared: Count | Sum | Mean | Share, matched: npt.NDArray[np.bool_]
    ) -> Floats:
        asked = (declared.where, None, False)
        last = self._position(*asked, declared.bucket_seconds, 0)
        first = self._position(*asked, declared.bucket_seconds, declared.window_seconds)

        def inside(running: Ints) -> Ints:
            found = running.take(last) - running.take(first)
            found[~matched] = 0
            return found

        if isinstance(declared, Count):
            return np.where(matched, last - first, 0).astype(np.float64)
        if isinstance(declared, Share):
            self._flags(declared.value, "value")  # what is no flag is told
        totals, count = self._totals(declared.where, declared.value)
        sums = total({power: inside(each) for power, each in totals.items()}, rows=len(last))
        if isinstance(declared, Mean | Share):
            counts, means = inside(count), np.full(len(sums), np.nan)
            np.divide(sums, counts, out=means, where=counts > 0)
            return means
        return sums

    def _totals(self, where: str | None, value: str) -> tuple[dict[int, Ints], Ints]:
        if (where, value) not in self.totals:
            index, values = self._index(where, None), self._values(value)
            totals = index.running_total(values, place=self._place(value))
            self.totals[where, value] = totals, index.running_count(~np.isnan(values))
        return self.totals[where, value]

    def _position(
        self, where: str | None, value: str | None, coded: bool, bucket: int, back: int
    ) -> Ints:
        place = (where, value, coded, bucket, back)
        if place not in self.positions:
            lookups, index = self._buckets(bucket), self._index(where, value, coded)
            self.positions[place] = index.before(lookups.key, lookups.time - back)
        return self.positions[place]

    def _latest(self, declared: Latest) -> Floats:
        index = self._index(declared.where, declared.value)
        points, time = self.lookups.key, self.lookups.time
        answers = np.full(len(points), np.nan)
        if not len(index.key):
            return answers
        # What becomes known at the very second is known; windows end with the bucket before.
        position = index.before(points, time, inclusive=not declared.strictly_before) - 1
        known = self.lookups.matched & (position >= 0)
        known &= index.key[np.maximum(position, 0)] == points
        # Known last is not occurred last: a late report of an old event changes nothing.
        latest = self._latest_rows(index)[position[known]]
        age = time[known] - self.stream.occurred[latest]
        given = age.astype(np.float64)
        if isinstance(declared, Last):
            given = self._values(declared.value)[latest]
        if declared.within_seconds is not None:
            given = np.where(age <= declared.within_seconds, given, np.nan)
        answers[known] = given
        return answers

    def _latest_rows(self, index: EventIndex) -> Ints:
        if id(index) not in self.latest:
            self.latest[id(index)] = index.latest_rows(self.stream.recency)
        return self.latest[id(index)]

    def _index(self, where: str | None, value: str | None, coded: bool = False) -> EventIndex:
        if (where, value, coded) not in self.indexes:
            usable = self.stream.timed.copy()
            if where is not None:
                usable &= self._flags(where, "where")
            if value is not None:
                usable &= self._codes(value) >= 0 if coded else ~np.isnan(self._values(value))
            # Sorted once: what is usable is a part of the whole, in the same order.
            self.indexes[where, value, coded] = self._whole.only(usable)
        return self.indexes[where, value, coded]

    @cached_property
    def _whole(self) -> EventIndex:
        return EventIndex.of(
            key=self.key,
            known=self.stream.known,
            usable=self.stream.timed,
            in_time=self.stream.in_time,
        )

    def _flags(self, column: str, argument: str) -> npt.NDArray[np.bool_]:
        flags = self.frame[column]
        known = flags[flags.notna()]
        strange = known[~known.isin([0, 1])].astype(object)
        if len(strange):
            raise TaglineError(
                f"What `{argument}` names is {flags.dtype}, no flag, such as {strange.iloc[0]!r}.",
                where=self._place(column),
            )
        return flags.isin([True]).to_numpy()

    def _codes(self, column: str) -> Ints:
        try:
            return pd.factorize(self.frame[column])[0].astype(np.int64)
        except TypeError as wrong:
            raise TaglineError(
                f"Its values can not be told apart: {wrong}.", where=self._place(column)
            ) from wrong

    def _values(self, column: str) -> Floats:
        values = self.frame[column]
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            return np.where(values.notna(), epoch_seconds(values), np.nan)
        if not pd.api.types.is_numeric_dtype(values.dtype):
            raise TaglineError(
                f"The value is {values.dtype}, no number.", where=self._place(column)
            )
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        endless = int(np.isinf(numbers).sum())
        if endless:
            raise TaglineError(f"{endless} infinite values.", where=self._place(column))
        return numbers

    def _place(self, column: str) -> str:
        return f"events {self.events.name!r}, column {column!r}"


def _moments(times: pd.Series, timezone: str | None) -> pd.Series:
    if timezone is None or not pd.api.types.is_datetime64_dtype(times.dtype):
        return times
    return in_utc(times, timezone=timezone, later=True).utc


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
    # A part of a second counts as a whole one for knowledge: never too early.
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
        _expect(events[declared.events.name], columns(declared), place, "events")
        _expect(decisions, declared.by, place, "decisions")
    if declarations and decisions[at].isna().any():
        raise TaglineError("A decision has no time.", where=f"column {at!r}")


def _expect(frame: pd.DataFrame, columns: tuple[str, ...], place: str, what: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise TaglineError(f"The {what} have no column {missing[0]!r}.", where=place)
