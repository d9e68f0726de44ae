r"""Whether it hurts: the loss above what the answers promised.

A calibrated answer :math:`p` promises a log loss of its entropy :math:`H(p)`. What came true costs
:math:`-\ln p` or :math:`-\ln(1-p)`. The mean of the difference is zero while the answers keep their
promise, whatever the season does to the share of 1, and it is what a model loses that is wrong
about its rows. A movement hurts where the rows that it brought cost more than they promised.

So it is of several classes. A number promises its interval: what came true lies outside of it in a
known share of rows, and the excess is the share that does less the promised one. What a row costs
above its promise, its task says: `tagline.tasks.task.Task.excess`.
"""

from collections.abc import Sequence

import numpy as np

from tagline.case.monitoring import MonitoringSection
from tagline.metrics.intervals import Estimate, GroupBootstrap, Interval
from tagline.monitoring.days import Binned, DayCounts, Days, Floats, block_of

LEAST_BLOCKS = 4


def mean(values: Floats, days: Days, section: MonitoringSection, *, seed: int) -> Interval:
    """Give the mean of a value of each row, with its interval by blocks of days."""
    found = by_blocks(days, section, seed=seed).mean(values)
    return found.interval(section.level, least=LEAST_BLOCKS)


def hurts(over: Interval, least: float) -> bool:
    """Tell whether an excess is large enough, and not by chance."""
    return over.value >= least and over.low > 0


def by_blocks(days: Days, section: MonitoringSection, *, seed: int) -> GroupBootstrap:
    """Draw whole blocks of days."""
    blocks = block_of(days, section.block_days)
    return GroupBootstrap(blocks, resamples=section.resamples, seed=seed)


def harms(
    rows: DayCounts,
    costs: DayCounts,
    columns: Sequence[Binned],
    section: MonitoringSection,
    *,
    seed: int,
) -> dict[str, Interval]:
    r"""Say what the movement of columns costs, in loss a row of the window.

    :math:`\sum_i \max(q_i - p_i, 0) \, m_i`, where :math:`q_i` and :math:`p_i` are the shares of
    bin :math:`i` in the window and in the reference, and :math:`m_i` is the mean excess there.

    Parameters
    ----------
    rows, costs : DayCounts
        Rows with an outcome, and their excess, on the same days.
    columns : sequence of Binned
        The columns.
    section : MonitoringSection
        Blocks, draws and level.
    seed : int
        The same seed gives the same intervals.

    Returns
    -------
    dict of str to Interval
        By column; empty where no outcome is known.
    """
    counted, cost = rows.blocks(section.block_days), costs.blocks(section.block_days)
    blocks = len(counted)
    if not blocks:
        return {}
    drawn = GroupBootstrap(np.arange(blocks), resamples=section.resamples, seed=seed).weights()
    found = {}
    for each in columns:
        own = each, counted[:, each.places], cost[:, each.places]
        value = float(_brought(*own, np.ones((1, blocks)))[0])
        figure = Estimate(value, _brought(*own, drawn), blocks)
        found[each.name] = figure.interval(section.level, least=LEAST_BLOCKS)
    return found


def _brought(column: Binned, rows: Floats, costs: Floats, weights: Floats) -> Floats:
    n, cost = (np.einsum("rg,gb->rb", weights, each) for each in (rows, costs))
    mean_cost = np.divide(cost, n, out=np.zeros_like(n), where=n > 0)
    shares = n / np.maximum(n.sum(axis=1, keepdims=True), 1.0)
    before = column.reference / max(column.reference.sum(), 1.0)
    brought: Floats = (np.maximum(shares - before, 0.0) * mean_cost).sum(axis=1)
    return brought
