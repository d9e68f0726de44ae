"""The figures that a model is judged by."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Literal

import numpy as np
import numpy.typing as npt

from tagline.metrics.scored import Floats, Scored, Weighted, scored

ECE_BINS = 10
SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Metric:
    """One figure.

    Attributes
    ----------
    name : str
        As the config has it.
    title : str
        As a person reads it.
    better : {"greater", "less"}
        Which way is better.
    weighted : callable
        Weighted rows to one figure a resample, shape (resamples,), NaN where undefined.
    most : float
        The greatest figure that there can be; the least is 0.
    """

    name: str
    title: str
    better: Literal["greater", "less"]
    weighted: Callable[[Weighted], Floats]
    most: float = 1.0

    @property
    def sign(self) -> int:
        """+1 where greater is better, else -1."""
        return 1 if self.better == "greater" else -1

    def of(self, y: npt.ArrayLike, p: npt.ArrayLike) -> float:
        """Compute the figure of labels and probabilities of 1, shape (n,); NaN if undefined."""
        place = np.zeros(np.shape(y), dtype=np.int64)
        return float(self.weighted(scored(y, p, place, 1).weighted(np.ones((1, 1))))[0])


def _roc_auc(rows: Weighted) -> Floats:
    """Share of pairs of a 1 and a 0 in the right order, ties half (the trapezoids' area)."""
    pairs = 2 * _dot(rows.found_above, rows.chosen) - _dot(rows.found, rows.chosen)
    negatives = rows.size - rows.positives
    return _ratio(pairs - rows.positives**2, 2 * rows.positives * negatives)


def _average_precision(rows: Weighted) -> Floats:
    """Precision at each distinct probability, weighted by the recall it adds; no interpolation."""
    precision = rows.found_above / np.maximum(rows.chosen_above, 1.0)
    return _ratio(_dot(rows.found, precision), rows.positives)


def _log_loss(rows: Weighted) -> Floats:
    return _ratio(rows.total("log_loss", _surprise), rows.size)


def _surprise(rows: Scored) -> Floats:
    return log_loss_of_rows(rows.y, rows.p)


def log_loss_of_rows(y: Floats, p: Floats) -> Floats:
    """Give the log loss of each row in nats, shape (n,); `y` may lie between 0 and 1."""
    q = np.clip(p, SMALLEST, 1 - SMALLEST)
    loss: Floats = -(y * np.log(q) + (1 - y) * np.log1p(-q))
    return loss


def _brier(rows: Weighted) -> Floats:
    return _ratio(rows.total("brier", lambda each: (each.p - each.y) ** 2), rows.size)


def _ece(rows: Weighted) -> Floats:
    """Mean over rows of the gap between stated and observed rate in the row's bin.

    Ten bins of equal width on the probability of 1, [0, 0.1), ..., [0.9, 1]: the expected
    calibration error of Naeini et al. 2015 (AAAI), with equal-width bins and for the probability
    of the class 1, not the confidence in the likelier class.
    """
    gaps = [np.abs(rows.total(f"gap {b}", partial(_gap, b))) for b in range(ECE_BINS)]
    return _ratio(np.sum(gaps, axis=0), rows.size)


def _gap(number: int, rows: Scored) -> Floats:
    gap: Floats = (rows.p - rows.y) * (ece_bin(rows.p) == number)
    return gap


def ece_bin(p: Floats) -> npt.NDArray[np.int64]:
    """Tell each probability's bin, 0 to 9."""
    return np.minimum(p * ECE_BINS, ECE_BINS - 1).astype(np.int64)


def _dot(a: Floats, b: Floats) -> Floats:
    products: Floats = np.einsum("ij,ij->i", a, b)
    return products


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", "ROC AUC", "greater", _roc_auc),
        Metric("average_precision", "Average precision", "greater", _average_precision),
        Metric("log_loss", "Log loss", "less", _log_loss, most=inf),
        Metric("brier", "Brier score", "less", _brier),
        Metric("ece", "Expected calibration error", "less", _ece),
    )
}
