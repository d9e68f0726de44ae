r"""What performance will be once outcomes arrive, if the answers are calibrated.

Each row counts as a 1 with weight :math:`p` and as a 0 with weight :math:`1 - p`: the expectation
of each count over the labels that the model itself promises. That is confidence-based performance
estimation (CBPE; NannyML, 2022). It sees a loss that follows from where the rows lie, and none that
follows from answers which are wrong.
"""

import numpy as np
import numpy.typing as npt

from tagline.metrics.intervals import GroupBootstrap, Interval
from tagline.metrics.scored import Floats
from tagline.tasks.task import Task


def estimate(task: Task, name: str, given: Floats) -> float:
    """Give the expected figure of calibrated answers; NaN where they promise none.

    Parameters
    ----------
    task : Task
        What the answers are.
    name : str
        The metric.
    given : ndarray of shape (n,), or (n, k) of k classes, float64
        Calibrated answers.
    """
    if not len(given) or name not in task.expected:
        return float("nan")
    rows = task.promised(given, np.zeros(len(given), dtype=np.int64), 1)
    return float(task.expected[name](rows.weighted(np.ones((1, 1))))[0])


def estimated(
    task: Task,
    given: Floats,
    groups: npt.NDArray[np.int64],
    *,
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Interval]:
    """Estimate each figure, with an interval from resamples of whole groups.

    Parameters
    ----------
    task : Task
        What the answers are; one that promises nothing has no estimate.
    given : ndarray of shape (n,), or (n, k) of k classes, float64
        Calibrated answers.
    groups : ndarray of shape (n,), int64
        What hangs together.
    resamples : int
        How many.
    level : float
        Share of the resamples inside the interval.
    seed : int
        The same seed gives the same intervals.
    """
    resampling = GroupBootstrap(groups, resamples=resamples, seed=seed)
    if not task.expected:
        return {}
    rows = task.promised(given, resampling.place, resampling.groups)
    found = resampling.of(rows, task.expected)
    return {name: each.interval(level) for name, each in found.items()}
