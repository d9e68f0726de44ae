"""Events of one stream in the order that answers point-in-time questions.

The events are sorted by key, then by when they became known, so the events of a key that were
known between two times are one slice, found by two binary searches. Sums over a slice are
differences of cumulative sums; the latest event of a slice's beginning is a running maximum.
Decisions of one key in one bucket of the clock have one answer, which is found once.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.history.exact import digits
from tagline.history.keys import NO_KEY

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.integer]

SMALL = np.iinfo(np.int16).max


def by_key(key: Ints, rows: Ints) -> Ints:
    """Sort rows by their key, keeping the order of rows with the same key."""
    own = key[rows]
    # Few keys fit into 16 bits, which NumPy sorts by radix.
    small = own.astype(np.int16) if own.max(initial=0) <= SMALL else own
    found: Ints = rows[np.argsort(small, kind="stable")]
    return found


@dataclass(frozen=True)
class Lookups:
    """Keys and times to look up: each pair once, in the order (key, time).

    Attributes
    ----------
    key, time : ndarray of shape (m,), int64
        Key codes and seconds since 1970 UTC.
    matched : ndarray of shape (m,), bool
        Whether any event has the key.
    where : ndarray of shape (n,), int32 or int64
        The pair of each question.
    """

    key: Ints
    time: Ints
    matched: npt.NDArray[np.bool_]
    where: Places

    @classmethod
    def of(cls, key: Ints, time: Ints) -> "Lookups":
        """Sort questions by key and time, and take each pair once."""
        place = by_key(key, np.argsort(time, kind="stable"))
        where = np.empty(len(place), np.int64)
        where[place] = np.arange(len(place))
        return _distinct(key[place], time[place], where)

    def by_bucket(self, seconds: int) -> "Lookups":
        """Give the same questions of whole buckets of the clock.

        Whole ones, so that a live counter a bucket gives the same.
        """
        return _distinct(self.key, self.time // seconds * seconds, self.where)

    def answer(self, values: Floats) -> Floats:
        """Give each question the answer of its pair."""
        return values.take(self.where)


def _distinct(key: Ints, time: Ints, where: Places) -> Lookups:
    new = np.ones(len(key), dtype=bool)
    new[1:] = (key[1:] != key[:-1]) | (time[1:] != time[:-1])
    of: Any = np.cumsum(new, dtype=np.int32 if len(key) < 2**31 else np.int64) - 1
    first = np.flatnonzero(new)
    return Lookups(key[first], time[first], key[first] != NO_KEY, of[where])


@dataclass(frozen=True)
class Recency:
    """The events of a stream by (occurred, known, row): which is the latest.

    Attributes
    ----------
    rows : ndarray of shape (m,), int64
        All rows in that order.
    rank : ndarray of shape (m,), int64
        Each row's place in it.
    """

    rows: Ints
    rank: Ints

    @classmethod
    def of(cls, known: Ints, occurred: Ints, in_time: Ints) -> "Recency":
        """Order the rows of a stream; `in_time` is their order by (known, row)."""
        rows = in_time
        if not np.array_equal(known, occurred):
            rows = in_time[np.argsort(occurred[in_time], kind="stable")]
        rank = np.empty(len(rows), dtype=np.int64)
        rank[rows] = np.arange(len(rows))
        return cls(rows, rank)


@dataclass(frozen=True)
class EventIndex:
    """Events of one stream by key and time of knowledge.

    Attributes
    ----------
    key, known : ndarray of shape (m,), int64
        In the order (key, known).
    row : ndarray of shape (m,), int64
        Each event's row in the stream's frame.
    """

    key: Ints
    known: Ints
    row: Ints

    @classmethod
    def of(
        cls,
        *,
        key: Ints,
        known: Ints,
        usable: npt.NDArray[np.bool_],
        in_time: Ints,
    ) -> "EventIndex":
        """Index the usable events that have a key; `in_time` is their order by `known`."""
        rows = in_time[(usable & (key != NO_KEY))[in_time]]
        order = by_key(key, rows)
        return cls(key[order], known[order], order)

    def before(self, key: Ints, time: Ints, *, inclusive: bool = False) -> Ints:
        """Count the events, over all keys in order, that lie before (key, time).

        Parameters
        ----------
        key, time : ndarray of shape (n,), int64
            The questions.
        inclusive : bool
            Whether an event known at the very time lies before it.
        """
        if not len(self.known):
            return np.zeros(len(key), dtype=np.int64)
        first = self.known.min()
        span = self.known.max() - first + 2
        offset = np.clip(time - first, 0, span - 1)
        if inclusive:
            points = key * span + np.where(time >= first, offset, -1)
            found: Ints = np.searchsorted(self._composite, points, side="right")
        else:
            found = np.searchsorted(self._composite, key * span + offset, side="left")
        return found

    @cached_property
    def _composite(self) -> Ints:
        first = self.known.min()
        composite: Ints = self.key * (self.known.max() - first + 2) + (self.known - first)
        return composite

    def only(self, usable: npt.NDArray[np.bool_]) -> "EventIndex":
        """Give the events of some rows, in the same order; `usable` speaks of all rows."""
        kept = usable[self.row]
        if kept.all():
            return self
        return EventIndex(self.key[kept], self.known[kept], self.row[kept])

    def latest_rows(self, recency: Recency) -> Ints:
        """Give, for each position, the row of the latest event of its key up to there."""
        count = len(recency.rank)
        best = np.maximum.accumulate(self.key * count + recency.rank[self.row]) - self.key * count
        return recency.rows[best]

    def running_total(self, values: Floats, *, place: str) -> dict[int, Ints]:
        """Cumulate the digits of values; position i holds those of the first i events.

        Raises
        ------
        TaglineError
            The values are infinite, too large or too small for sums that are exact.
        """
        found = digits(values[self.row], where=place)
        return {power: _cumulated(digit) for power, digit in found.items()}

    def running_count(self, counted: npt.NDArray[np.bool_]) -> Ints:
        """Cumulate how many events are counted; position i speaks of the first i events."""
        return _cumulated(counted[self.row].astype(np.int64))


def _cumulated(values: Ints) -> Ints:
    total = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=total[1:])
    return total
