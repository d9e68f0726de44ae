r"""Distances between two tables of counts, as the literature defines them.

Counts are over the same bins in both. Where a share is zero, ratios take the least share that the
population stability index takes; see `tagline.bundle.profile.psi`.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.spatial import distance

Floats = npt.NDArray[np.float64]


def jensen_shannon(reference: Sequence[float], found: Sequence[float]) -> float:
    r"""Give the Jensen-Shannon distance of two tables of counts, in nats.

    :math:`\sqrt{(KL(p \| m) + KL(q \| m)) / 2}` with :math:`m = (p + q) / 2` (Lin, 1991; Endres
    and Schindelin, 2003).
    """
    return float(distance.jensenshannon(_shares(reference), _shares(found)))


def total_variation(reference: Sequence[float], found: Sequence[float]) -> float:
    r"""Give :math:`\sum_i |p_i - q_i| / 2`: the share of rows that would have to change bins."""
    return float(np.abs(_shares(reference) - _shares(found)).sum() / 2)


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


def _shares(counts: Sequence[float]) -> Floats:
    found = np.asarray(counts, dtype=np.float64)
    total = found.sum()
    return found / total if total else found
