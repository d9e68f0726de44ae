"""Where to act: the threshold of least cost."""

from typing import TypedDict

import numpy as np
import pandas as pd

from tagline.case.evaluation import CostSection
from tagline.evaluation.metrics import Floats

STEPS = 200


class Threshold(TypedDict):
    """A threshold and what it costs on the rows that it was judged on."""

    value: float
    cost: float
    cost_of_always: float
    cost_of_never: float
    flagged: float


def cheapest(y: Floats, p: Floats, cost: CostSection) -> float:
    """Find the threshold of least mean cost; act where the probability is at least as great.

    Parameters
    ----------
    y, p : ndarray of shape (n,), float64
        Label and probability of 1, of the tuning rows.
    cost : CostSection
        What a false positive and a false negative cost.

    Returns
    -------
    float
        A probability among `p`; where several cost the same, the highest; infinity where it
        is cheapest never to act.
    """
    order = np.argsort(-p, kind="stable")
    positive = np.cumsum(y[order])
    negative = np.cumsum(1 - y[order])
    wrong = cost.false_positive * negative + cost.false_negative * (positive[-1] - positive)
    ends = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    best = ends[np.argmin(wrong[ends])]
    if wrong[best] >= cost.false_negative * positive[-1]:
        return float("inf")
    return float(p[order][best])


def judge(y: Floats, p: Floats, threshold: float, cost: CostSection) -> Threshold:
    """Give the mean cost a row of acting at a threshold, beside acting always and never."""
    return {
        "value": threshold,
        "cost": _cost(y, p >= threshold, cost),
        "cost_of_always": _cost(y, np.ones(len(y), dtype=bool), cost),
        "cost_of_never": _cost(y, np.zeros(len(y), dtype=bool), cost),
        "flagged": float((p >= threshold).mean()),
    }


def cost_curve(y: Floats, p: Floats, cost: CostSection) -> pd.DataFrame:
    """Give the mean cost at thresholds over the whole range.

    Returns
    -------
    DataFrame
        ``threshold``, ``cost`` and ``flagged`` (share of rows at or above the threshold).
    """
    thresholds = np.unique(np.quantile(p, np.linspace(0, 1, STEPS)))
    rows = [(each, _cost(y, p >= each, cost), (p >= each).mean()) for each in thresholds]
    return pd.DataFrame(rows, columns=["threshold", "cost", "flagged"])


def _cost(y: Floats, act: np.ndarray, cost: CostSection) -> float:
    wrong = np.where(act, cost.false_positive * (1 - y), cost.false_negative * y)
    return float(wrong.mean())
