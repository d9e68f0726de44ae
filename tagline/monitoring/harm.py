r"""Whether it hurts: the loss above what the answers promised.

A calibrated answer :math:`p` promises a log loss of its entropy :math:`H(p)`. What came true costs
:math:`-\ln p` or :math:`-\ln(1-p)`. The mean of the difference is zero while the answers keep their
promise, whatever the season does to the share of 1, and it is what a model loses that is wrong
about its rows. A movement hurts where the rows that it brought cost more than they promised.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tagline.case.monitoring import MonitoringSection
from tagline.evaluation.intervals import Interval
from tagline.monitoring.days import DayCounts, Floats
from tagline.monitoring.estimate import SMALLEST, entropy

LEAST_BLOCKS = 4


def excess(y: Floats, p: Floats) -> Floats:
    """Give the log loss of each row above what its answer promised, shape (n,)."""
    q = np.clip(p, SMALLEST, 1 - SMALLEST)
    loss: Floats = -np.where(y == 1, np.log(q), np.log1p(-q)) - entropy(p)
    return loss


@dataclass(frozen=True)
class Blocks:
    """Sums over blocks of days, drawn again and again as wholes.

    Parameters
    ----------
    days : ndarray of shape (n,), int64
        Each row's day, since 1970.
    length : int
        Days of a block; the newest day ends one.
    """

    days: npt.NDArray[np.int64]
    length: int

    @property
    def number(self) -> npt.NDArray[np.int64]:
        """Each row's block, from 0."""
        if not len(self.days):
            return self.days
        _, place = np.unique((self.days.max() - self.days) // self.length, return_inverse=True)
        return place.astype(np.int64)

    def mean(self, values: Floats, section: MonitoringSection, *, seed: int) -> Interval:
        """Give the mean of a value of each row, with its interval."""
        if not len(values):
            return Interval(np.nan, np.nan, np.nan, note="there are no rows")
        number = self.number
        sums, sizes = np.bincount(number, values), np.bincount(number).astype(np.float64)

        def ratio(weights: Floats) -> Floats:
            return (weights @ sums) / np.maximum(weights @ sizes, 1.0)

        return _interval(ratio, len(sizes), section, seed=seed)


def harms(
    rows: DayCounts, costs: DayCounts, section: MonitoringSection, *, seed: int
) -> list[Interval]:
    r"""Say what the movement of each column costs, in log loss a row of the window.

    :math:`\sum_i \max(q_i - p_i, 0) \, m_i`, where :math:`q_i` and :math:`p_i` are the shares of
    bin :math:`i` in the window and in the reference, and :math:`m_i` is the mean excess there.

    Parameters
    ----------
    rows, costs : DayCounts
        Rows with an outcome, and their `excess`, on the same days.
    section : MonitoringSection
        Blocks, draws and level.
    seed : int
        The same seed gives the same intervals.

    Returns
    -------
    list of Interval
        One for each column of the layout, in its order.
    """
    counted, cost = rows.blocks(section.block_days), costs.blocks(section.block_days)
    found = []
    for each in rows.layout.columns:
        own, paid = counted[:, each.places], cost[:, each.places]
        before = each.reference / max(each.reference.sum(), 1.0)

        def brought(
            weights: Floats, own: Floats = own, paid: Floats = paid, before: Floats = before
        ) -> Floats:
            n = weights @ own
            mean = np.divide(weights @ paid, n, out=np.zeros_like(n), where=n > 0)
            more = np.maximum(n / np.maximum(n.sum(axis=1, keepdims=True), 1.0) - before, 0.0)
            added: Floats = (more * mean).sum(axis=1)
            return added

        found.append(_interval(brought, len(own), section, seed=seed))
    return found


def _interval(
    of: Callable[[Floats], Floats], blocks: int, section: MonitoringSection, *, seed: int
) -> Interval:
    if not blocks:
        return Interval(np.nan, np.nan, np.nan, note="there are no rows")
    value = float(of(np.ones((1, blocks)))[0])
    if blocks < LEAST_BLOCKS:
        note = f"{blocks} blocks of days are too few for an interval"
        return Interval(value, np.nan, np.nan, note=note)
    drawn = np.random.default_rng(seed).integers(0, blocks, (section.resamples, blocks))
    cells = drawn + blocks * np.arange(section.resamples)[:, None]
    weights = np.bincount(cells.ravel(), minlength=section.resamples * blocks)
    values = of(weights.reshape(section.resamples, blocks).astype(np.float64))
    low, high = np.quantile(values, [(1 - section.level) / 2, (1 + section.level) / 2])
    return Interval(value, float(low), float(high))
