"""Points that cover a space evenly, as `scipy.stats.qmc.Halton` draws them.

Importing that takes 0.7 s, for forty lines of which a search needs these.
"""

import math

import numpy as np
import numpy.typing as npt

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)


def halton(count: int, dimensions: int, *, seed: int) -> npt.NDArray[np.float64]:
    """Draw the first points of a scrambled Halton sequence.

    Each digit of a point's number, in the dimension's own base, is permuted by chance (Owen 2017,
    "A randomized Halton algorithm in R", algorithm 1).

    Parameters
    ----------
    count : int
        How many points.
    dimensions : int
        Of the space; ten at the most.
    seed : int
        The same seed gives a longer list the same beginning.

    Returns
    -------
    ndarray of shape (count, dimensions), float64
        From 0 to below 1.
    """
    (random,) = np.random.default_rng(seed).spawn(1)  # as SciPy does
    columns = []
    for base in PRIMES[:dimensions]:
        # As many digits as a double can tell apart from none.
        digits = np.repeat(np.arange(base)[None], math.ceil(54 / math.log2(base)) - 1, axis=0)
        for each in digits:
            random.shuffle(each)
        columns.append([_point(number, base, digits) for number in range(count)])
    return np.array(columns).T.reshape(count, dimensions)


def _point(number: int, base: int, digits: npt.NDArray[np.int64]) -> float:
    value, weight = 0.0, 1.0 / base
    for permuted in digits:
        value += int(permuted[number % base]) * weight
        weight /= base
        number //= base
    return value
