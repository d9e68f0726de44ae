"""Events of one stream in the order that answers point-in-time questions.

The events are sorted by key, then by when they became known, so the events of a key that were
known between two times are one slice, found by two binary searches. Sums over a slice are
differences of cumulative sums; the latest event of a slice's beginning is a running maximum.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tagline.history.exact import digits
from tagline.history.keys import NO_KEY

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

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
    """Keys and times to look up, in the order (key, time).

    Attributes
    ----------
    key, time : ndarray of shape (n,), int64
        Key codes and seconds since 1970 UTC.
    place : ndarray of shape (n,), int64
        Where each question stood before it was sorted.
    """

    key: Ints
    time: Ints
    place: Ints

    @classmethod
    def of(cls, key: Ints, time: Ints) -> "Lookups":
        """Sort lookups by key and time."""
        place = by_key(key, np.argsort(time, kind="stable"))
        return cls(key[place], time[place], place)

    def answer(self, sorted_values: Floats) -> Floats:
        """Put answers back where their questions stood."""
        values = np.empty(len(sorted_values))
        values[self.place] = sorted_values
        return values


@dataclass(frozen=True)
class EventIndex:
    """Events of one stream by key and time of knowledge.

    Attributes
    ----------
    key, known, occurred : ndarray of shape (m,), int64
        In the order (key, known).
    row : ndarray of shape (m,), int64
        Each event's row in the stream's frame.
    """

    key: Ints
    known: Ints
    occurred: Ints
    row: Ints

    @classmethod
    def of(
        cls,
        *,
        key: Ints,
        known: Ints,
        occurred: Ints,
        usable: npt.NDArray[np.bool_],
        in_time: Ints,
    ) -> "EventIndex":
        """Index the usable events that have a key; `in_time` is their order by `known`."""
        rows = in_time[(usable & (key != NO_KEY))[in_time]]
        order = by_key(key, rows)
        return cls(key[order], known[order], occurred[order], order)

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

    @cached_property
    def latest(self) -> Ints:
        """For each position, the position of the latest event of its key up to there.

        The latest has the greatest (occurred, known, row).
        """
        count = len(self.key)
        by_recency = np.lexsort((self.row, self.known, self.occurred))
        rank = np.empty(count, dtype=np.int64)
        rank[by_recency] = np.arange(count)
        best = np.maximum.accumulate(self.key * count + rank) - self.key * count
        return by_recency[best]

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
