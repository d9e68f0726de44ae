"""The figures of probabilities of 1."""

from functools import partial

import numpy as np
import numpy.typing as npt

from tagline.metrics.metric import ratio
from tagline.metrics.scored import Floats, Scored, Weighted

ECE_BINS = 10
SMALLEST = float(np.finfo(np.float64).eps)


def roc_auc(rows: Weighted) -> Floats:
    """Share of pairs of a 1 and a 0 in the right order, ties half (the trapezoids' area)."""
    pairs = 2 * _dot(rows.found_above, rows.chosen) - _dot(rows.found, rows.chosen)
    negatives = rows.size - rows.positives
    return ratio(pairs - rows.positives**2, 2 * rows.positives * negatives)


def average_precision(rows: Weighted) -> Floats:
    """Precision at each distinct probability, weighted by the recall it adds; no interpolation."""
    precision = rows.found_above / np.maximum(rows.chosen_above, 1.0)
    return ratio(_dot(rows.found, precision), rows.positives)


def log_loss(rows: Weighted) -> Floats:
    """Mean of the log losses of rows, in nats."""
    return ratio(rows.total("log_loss", _surprise), rows.size)


def _surprise(rows: Scored) -> Floats:
    return log_loss_of_rows(rows.y, rows.p)


def log_loss_of_rows(y: Floats, p: Floats) -> Floats:
    """Give the log loss of each row in nats, shape (n,); `y` may lie between 0 and 1."""
    q = np.clip(p, SMALLEST, 1 - SMALLEST)
    loss: Floats = -(y * np.log(q) + (1 - y) * np.log1p(-q))
    return loss


def brier(rows: Weighted) -> Floats:
    """Mean squared gap between probability and label (Brier 1950)."""
    return ratio(rows.total("brier", lambda each: (each.p - each.y) ** 2), rows.size)


def ece(rows: Weighted) -> Floats:
    """Mean over rows of the gap between stated and observed rate in the row's bin.

    Ten bins of equal width on the probability of 1, [0, 0.1), ..., [0.9, 1]: the expected
    calibration error of Naeini et al. 2015 (AAAI), with equal-width bins and for the probability
    of the class 1, not the confidence in the likelier class.
    """
    gaps = [np.abs(rows.total(f"gap {b}", partial(_gap, b))) for b in range(ECE_BINS)]
    return ratio(np.sum(gaps, axis=0), rows.size)


def _gap(number: int, rows: Scored) -> Floats:
    gap: Floats = (rows.p - rows.y) * (ece_bin(rows.p) == number)
    return gap


def ece_bin(p: Floats) -> npt.NDArray[np.int64]:
    """Tell each probability's bin, 0 to 9."""
    return np.minimum(p * ECE_BINS, ECE_BINS - 1).astype(np.int64)


def _dot(a: Floats, b: Floats) -> Floats:
    products: Floats = np.einsum("ij,ij->i", a, b)
    return products
