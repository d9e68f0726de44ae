r"""What performance will be once outcomes arrive, if the answers are calibrated.

Each row counts as a 1 with weight :math:`p` and as a 0 with weight :math:`1 - p`: the expectation
of each count over the labels that the model itself promises. That is confidence-based performance
estimation (CBPE; NannyML, 2022). It sees a loss that follows from where the rows lie, and none that
follows from answers which are wrong.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from tagline.metrics.binary import METRICS, log_loss_of_rows
from tagline.metrics.intervals import GroupBootstrap, Interval
from tagline.metrics.scored import Floats, Scored, Weighted


def entropy(p: Floats) -> Floats:
    """Give the expected log loss of each row, in nats, shape (n,)."""
    return log_loss_of_rows(p, p)


def _mean(name: str, values: Callable[[Floats], Floats], rows: Weighted) -> Floats:
    return rows.total(name, lambda each: values(each.p)) / rows.size


# ROC AUC counts what is found at each probability, whole or not.
EXPECTED: Mapping[str, Callable[[Weighted], Floats]] = {
    "roc_auc": METRICS["roc_auc"].weighted,
    "log_loss": partial(_mean, "entropy", entropy),
    "brier": partial(_mean, "variance", lambda p: p * (1 - p)),
}


def estimate(name: str, p: Floats) -> float:
    """Give the expected figure of calibrated probabilities of 1; NaN where it is undefined."""
    if not len(p):
        return float("nan")
    rows = _as_promised(p, np.zeros(len(p), dtype=np.int64), 1)
    return float(EXPECTED[name](rows.weighted(np.ones((1, 1))))[0])


def estimated(
    p: Floats, groups: npt.NDArray[np.int64], *, resamples: int, level: float, seed: int
) -> dict[str, Interval]:
    """Estimate each figure, with an interval from resamples of whole groups.

    Parameters
    ----------
    p : ndarray of shape (n,), float64
        Calibrated probabilities of 1.
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
    rows = _as_promised(p, resampling.place, resampling.groups)
    found = resampling.of(rows, EXPECTED)
    return {name: each.interval(level) for name, each in found.items()}


def _as_promised(p: Floats, place: npt.NDArray[np.int64], groups: int) -> Scored:
    order = np.argsort(-p, kind="stable")
    return Scored(p[order], p[order], place[order], groups)
