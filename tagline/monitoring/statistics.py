r"""Distances between two samples or two tables of counts, as the literature defines them.

Counts are over the same bins in both. Where a share is zero, ratios take the least share that the
population stability index takes; see `tagline.bundle.profile.psi`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.spatial import distance

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Test:
    """A statistic and the probability of one at least as great where nothing has moved."""

    statistic: float
    p: float


def kolmogorov_smirnov(a: npt.ArrayLike, b: npt.ArrayLike) -> Test:
    r"""Give the greatest gap between two samples' distributions, and its asymptotic p-value.

    Parameters
    ----------
    a, b : array-like of shape (n,) and (m,)
        Samples; NaN is left out.

    Notes
    -----
    :math:`D = \sup_x |F_a(x) - F_b(x)|` (Smirnov, 1939); the p-value is Kolmogorov's limit at
    :math:`\sqrt{nm/(n+m)}`, by `scipy.stats.ks_2samp`. Rows of one day hang together: the p-value
    supposes that they do not. `tagline.monitoring.drift` does not.
    """
    first, second = _known(a), _known(b)
    if not len(first) or not len(second):
        return Test(np.nan, np.nan)
    found = stats.ks_2samp(first, second, method="asymp")
    return Test(float(found.statistic), float(found.pvalue))


def wasserstein(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    r"""Give the earth mover's distance :math:`\int |F_a - F_b|` of two samples, in their unit.

    Parameters
    ----------
    a, b : array-like of shape (n,) and (m,)
        Samples; NaN is left out.
    """
    first, second = _known(a), _known(b)
    if not len(first) or not len(second):
        return float("nan")
    return float(stats.wasserstein_distance(first, second))


def chi_square(reference: Sequence[float], found: Sequence[float]) -> Test:
    r"""Hold counts against the shares of a reference (Pearson, 1900).

    :math:`\sum_i (n_i - N p_i)^2 / (N p_i)` with one degree of freedom less than bins; bins that
    the reference does not have are left out. Rows of one day hang together: the p-value supposes
    that they do not.
    """
    p, n = np.asarray(reference, np.float64), np.asarray(found, np.float64)
    n, p = n[p > 0], p[p > 0]
    if len(p) < 2 or not n.sum():
        return Test(np.nan, np.nan)
    found = stats.chisquare(n, p / p.sum() * n.sum())
    return Test(float(found.statistic), float(found.pvalue))


def jensen_shannon(reference: Sequence[float], found: Sequence[float]) -> float:
    r"""Give the Jensen-Shannon distance of two tables of counts, in nats.

    :math:`\sqrt{(KL(p \| m) + KL(q \| m)) / 2}` with :math:`m = (p + q) / 2` (Lin, 1991; Endres
    and Schindelin, 2003).
    """
    return float(distance.jensenshannon(_shares(reference), _shares(found)))


def hellinger(reference: Sequence[float], found: Sequence[float]) -> float:
    r"""Give :math:`\sqrt{1 - \sum_i \sqrt{p_i q_i}}` of two tables of counts, from 0 to 1."""
    overlap = np.sqrt(_shares(reference) * _shares(found)).sum()
    return float(np.sqrt(max(1 - overlap, 0.0)))


def total_variation(reference: Sequence[float], found: Sequence[float]) -> float:
    r"""Give :math:`\sum_i |p_i - q_i| / 2`: the share of rows that would have to change bins."""
    return float(np.abs(_shares(reference) - _shares(found)).sum() / 2)


def largest_change(reference: Sequence[float], found: Sequence[float]) -> float:
    r"""Give :math:`\max_i |p_i - q_i|`: the greatest change of one bin's share."""
    return float(np.abs(_shares(reference) - _shares(found)).max(initial=0.0))


def false_discovery(p: npt.ArrayLike) -> Floats:
    """Adjust p-values of many tests, so that a limit on them limits the share of false alarms.

    Benjamini and Hochberg (1995), step-up; NaN stays NaN and is no test. As
    `scipy.stats.false_discovery_control`.
    """
    given = np.asarray(p, dtype=np.float64)
    adjusted = np.full_like(given, np.nan)
    tested = ~np.isnan(given)
    if tested.any():
        adjusted[tested] = stats.false_discovery_control(given[tested], method="bh")
    return adjusted


def _known(values: npt.ArrayLike) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    return found[~np.isnan(found)]


def _shares(counts: Sequence[float]) -> Floats:
    found = np.asarray(counts, dtype=np.float64)
    total = found.sum()
    return found / total if total else found
