"""What slices of sorted events come to: extremes, different values, spread, slope, decaying mean.

A slice holds the events from ``first[i]`` up to, and without, ``last[i]``. Nothing walks through a
slice, so that a long window costs what a short one does.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.history.exact import Pair, digits, product, total_pair

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
DAY = 86_400.0
LARGEST = 1023  # of the powers of two that a double holds


def extreme(values: Floats, first: Ints, last: Ints, of: Any) -> Floats:
    """Give the least (``np.minimum``) or greatest (``np.maximum``) value; NaN of none.

    Two stretches of a power of two cover each slice (Bender and Farach-Colton 2000, "The LCA
    problem revisited", 3); one length of stretch is held at a time.
    """
    found = np.full(len(first), np.nan)
    length = last - first
    level = np.where(length > 0, np.frexp(np.maximum(length, 1))[1] - 1, -1)
    stretch, size = values, 1
    for power in range(int(level.max(initial=-1)) + 1):
        own = level == power
        found[own] = of(stretch[first[own]], stretch[last[own] - size])
        stretch = of(stretch[:-size], stretch[size:])
        size *= 2
    return found


def distinct(code: Ints, first: Ints, last: Ints) -> Ints:
    """Count the different codes of each slice.

    An event is new to a slice where the event before it of the same code lies before the slice:
    ``#{i < last: before[i] < first}`` counts these and the `first` events before the slice. A
    wavelet matrix answers that (Claude, Navarro and Ordóñez 2015, "The wavelet matrix", 3).

    Parameters
    ----------
    code : ndarray of shape (m,), int64
        What each event is; events of two keys never share a code.
    first, last : ndarray of shape (n,), int64
        The slices.
    """
    order = np.argsort(code, kind="stable")
    same = np.zeros(len(code), dtype=bool)
    same[1:] = code[order][1:] == code[order][:-1]
    # Places are counted from 1, so that 0 is none.
    before = np.zeros(len(code), dtype=np.int64)
    before[order[1:][same[1:]]] = order[:-1][same[1:]] + 1
    found: Ints = np.maximum(_below(before, last, first + 1) - first, 0)
    return found


def _below(values: Ints, ends: Ints, limits: Ints) -> Ints:
    """Count, of the first ``ends[i]`` values, those below ``limits[i]``."""
    begin, end, found = np.zeros_like(ends), ends, np.zeros_like(ends)
    bits = int(values.max(initial=0)).bit_length()
    for bit in reversed(range(bits)):
        ones = (values >> bit) & 1
        rank = np.concatenate([[0], np.cumsum(1 - ones)])
        zeros = rank[-1]
        of_zeros = rank[begin], rank[end]
        one = ((limits >> bit) & 1).astype(bool)
        found += np.where(one, of_zeros[1] - of_zeros[0], 0)
        begin = np.where(one, begin - of_zeros[0] + zeros, of_zeros[0])
        end = np.where(one, end - of_zeros[1] + zeros, of_zeros[1])
        values = np.concatenate([values[ones == 0], values[ones == 1]])
    return np.where(limits >> bits > 0, ends, found)


class Moments:
    """Sums of values, times and their products over slices, as pairs of doubles.

    Products are exact, and so are their sums; only the last subtraction is rounded, at some 106
    bits, so that what has left a slice leaves nothing behind.
    """

    def __init__(self, first: Ints, last: Ints, *, where: str) -> None:
        self.first, self.last, self.where = first, last, where
        self.n = (last - first).astype(np.float64)

    def sums(self, *parts: Floats) -> Pair:
        """Add up numbers that are each the sum of `parts`."""
        added: dict[int, Ints] = {}
        for part in parts:
            for power, digit in digits(part, where=self.where).items():
                running = np.concatenate([[0], np.cumsum(digit)])
                inside = running[self.last] - running[self.first]
                added[power] = added[power] + inside if power in added else inside
        return total_pair(added, rows=len(self.first))

    def spread(self, x: Floats, y: Floats) -> Floats:
        """Give ``n sum xy - sum x sum y`` of each slice."""
        both, sum_x, sum_y = self.sums(*product(x, y)), self.sums(x), self.sums(y)
        return (both.times(Pair.of(self.n)) - sum_x.times(sum_y)).rounded


def std(values: Floats, first: Ints, last: Ints, *, where: str) -> Floats:
    """Give the sample standard deviation of each slice; NaN of fewer than two."""
    scale = _scale(values)
    moments = Moments(first, last, where=where)
    spread = moments.spread(values / scale, values / scale)
    # Equal values have no spread, whatever the last of 106 bits says.
    alike = extreme(values, first, last, np.minimum) == extreme(values, first, last, np.maximum)
    spread = np.where(alike, 0.0, np.maximum(spread, 0.0))
    many, n = moments.n > 1, moments.n
    found: Floats = np.sqrt(spread / np.where(many, n * (n - 1), 1.0)) * scale
    return np.where(many, found, np.nan)


def slope(values: Floats, times: Ints, first: Ints, last: Ints, *, where: str) -> Floats:
    """Give the least-squares slope of each slice over time, a day; NaN of one moment alone."""
    scale = _scale(values)
    days = (times - times.min(initial=0)).astype(np.float64)
    moments = Moments(first, last, where=where)
    over = extreme(days, first, last, np.maximum) > extreme(days, first, last, np.minimum)
    below = np.where(over, moments.spread(days, days), 1.0)
    with np.errstate(over="ignore"):  # what is too great is infinite, which a training refuses
        found: Floats = moments.spread(days, values / scale) / below * scale * DAY
    return np.where(over, found, np.nan)


def _scale(values: Floats) -> float:
    # A power of two, so that no digit is lost and no square is too great.
    return float(2.0 ** min(int(np.frexp(np.abs(values).max(initial=0.0))[1]), LARGEST))


def decaying_mean(values: Floats, times: Ints, key: Ints, last: Ints, halflife: int) -> Floats:
    """Give, for the events of a key before ``last[i]``, their mean, the younger weighing more.

    Each pass doubles how many events are taken together (Hillis and Steele 1986, "Data parallel
    algorithms"), and lets the older half decay to the time of the younger.

    Parameters
    ----------
    values : ndarray of shape (m,), float64
        In the order of (key, time).
    times, key : ndarray of shape (m,), int64
        When each became known, and whose it is.
    last : ndarray of shape (n,), int64
        The place after each question's latest event, at least 1.
    halflife : int
        Seconds.
    """
    scale = _scale(values)
    weight, sums, reach = np.ones(len(values)), values / scale, 1
    while reach < len(values):
        linked = key[reach:] == key[:-reach]
        if not linked.any():
            break
        ago = np.where(linked, times[reach:] - times[:-reach], 0)
        decay = np.where(linked, np.exp2(-ago / halflife), 0.0)
        more, heavier = sums[:-reach] * decay, weight[:-reach] * decay
        sums[reach:] += more
        weight[reach:] += heavier
        reach *= 2
    found: Floats = (sums / weight)[last - 1] * scale
    return found
