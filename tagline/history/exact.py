"""Sums that are the same whatever the order of addition: numbers as a few whole ones.

Each number is cut at fixed places into whole multiples of powers of 2**24, its digits. Digits are
added as 64-bit integers, which no order changes, and only the sum becomes a double again. A live
counter that keeps the digits of a bucket can therefore give exactly what the bulk computation
gives. After Kulisch's long accumulator (Kulisch 2013, "Computer Arithmetic and Validity", 8.4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from tagline.errors import TaglineError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Digits = Mapping[int, Ints]

BITS = 24
HIGHEST = 4
LARGEST = 2.0 ** (BITS * HIGHEST)


def digits(values: Floats, *, where: str) -> dict[int, Ints]:
    """Cut numbers into their digits.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        Finite numbers; NaN counts as 0.
    where : str
        What to call them in messages.

    Returns
    -------
    dict
        Place k to the digits of all numbers there, int64 [n]: the numbers are the sums over k of
        ``digit * 2**(24 k)``. Places where all digits are 0 are left out.

    Raises
    ------
    TaglineError
        A number is infinite, or 2**96 or more.
    """
    rest = np.where(np.isnan(values), 0.0, values)
    endless = int(np.isinf(rest).sum())
    if endless:
        raise TaglineError(f"{endless} infinite values.", where=where)
    if np.abs(rest).max(initial=0.0) >= LARGEST:
        raise TaglineError("The values are too large to be added exactly.", where=where)
    found: dict[int, Ints] = {}
    while rest.any():
        place = (int(np.frexp(np.abs(rest).max())[1]) - 1) // BITS
        digit = np.trunc(np.ldexp(rest, -BITS * place))
        found[place] = digit.astype(np.int64)
        rest = rest - np.ldexp(digit, BITS * place)
    return found


def total(sums: Digits, *, rows: int) -> Floats:
    """Give sums of digits as doubles, shape (rows,), float64; within one unit in the last place.

    The digits are added from the highest place to the lowest with what each addition loses, so the
    same digits always give the same double.
    """
    if set(sums) == {0}:
        return sums[0].astype(np.float64)  # whole numbers, as the sum below would give them
    return total_pair(sums, rows=rows).rounded


def total_pair(sums: Digits, *, rows: int) -> "Pair":
    """Give sums of digits with what a double alone would lose of them."""
    found, lost = np.zeros(rows), np.zeros(rows)
    for place in sorted(sums, reverse=True):
        whole = sums[place].astype(np.float64)
        # What 53 bits do not hold of a digit's sum.
        rest = (sums[place] - whole.astype(np.int64)).astype(np.float64)
        found, more = _two_sum(found, np.ldexp(whole, BITS * place))
        lost = lost + (more + np.ldexp(rest, BITS * place))
    return Pair(found, lost)


@dataclass(frozen=True)
class Pair:
    """Numbers as unevaluated sums of two doubles, some 106 bits.

    After Dekker (1971, "A floating-point technique for extending the available precision").
    """

    high: Floats
    low: Floats

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Take doubles as they are."""
        return cls(values, np.zeros_like(values))

    @property
    def rounded(self) -> Floats:
        """As doubles."""
        return self.high + self.low

    def times(self, other: Self) -> Self:
        """Multiply."""
        high, low = product(self.high, other.high)
        return type(self)(high, low + (self.high * other.low + self.low * other.high))

    def __sub__(self, other: Self) -> Self:
        high, low = _two_sum(self.high, -other.high)
        return type(self)(high, low + (self.low - other.low))


def product(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Multiply exactly: the sum of what is given is ``x * y``.

    By Veltkamp's splitting (Dekker 1971); for numbers whose products are no denormals.
    """
    both, (x1, x2), (y1, y2) = x * y, _halves(x), _halves(y)
    return both, ((x1 * y1 - both) + x1 * y2 + x2 * y1) + x2 * y2


def _halves(x: Floats) -> tuple[Floats, Floats]:
    far = x * (2.0**27 + 1)
    high = far - (far - x)
    return high, x - high


def _two_sum(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    # Knuth 1997, "The Art of Computer Programming" 2, 4.2.2, theorem B.
    both = x + y
    part = both - x
    return both, (x - (both - part)) + (y - part)
