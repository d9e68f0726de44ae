r"""What performance will be once outcomes arrive, if the answers are calibrated.

Each row counts as a 1 with weight :math:`p` and as a 0 with weight :math:`1 - p`: the expectation
of each count over the labels that the model itself promises. That is confidence-based performance
estimation (CBPE; NannyML, 2022). It sees a loss that follows from where the rows lie, and none that
follows from answers which are wrong.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from tagline.evaluation.intervals import Interval

Floats = npt.NDArray[np.float64]
SMALLEST = float(np.finfo(np.float64).eps)


def roc_auc(p: Floats) -> float:
    """Give the expected area under the ROC curve; NaN where one class has no weight."""
    distinct, place = np.unique(-p, return_inverse=True)
    found = np.bincount(place, p, minlength=len(distinct))
    other = np.bincount(place, 1 - p, minlength=len(distinct))
    if not found.sum() or not other.sum():
        return float("nan")
    above = np.cumsum(found) - found / 2
    return float((other * above).sum() / (found.sum() * other.sum()))


def log_loss(p: Floats) -> float:
    """Give the expected log loss: the mean entropy of the answers, in nats."""
    return float(entropy(p).mean()) if len(p) else float("nan")


def brier(p: Floats) -> float:
    """Give the expected Brier score."""
    return float((p * (1 - p)).mean()) if len(p) else float("nan")


def entropy(p: Floats) -> Floats:
    """Give the expected log loss of each row, shape (n,)."""
    q = np.clip(p, SMALLEST, 1 - SMALLEST)
    return -(q * np.log(q) + (1 - q) * np.log1p(-q))


ESTIMATES: Mapping[str, Callable[[Floats], float]] = {
    "roc_auc": roc_auc,
    "log_loss": log_loss,
    "brier": brier,
}


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
    distinct, place = np.unique(groups, return_inverse=True)
    order = np.argsort(place, kind="stable")
    parts = np.split(p[order], np.cumsum(np.bincount(place, minlength=len(distinct)))[:-1])
    rng = np.random.default_rng(seed)
    draws = resamples if len(distinct) > 1 else 0
    drawn = rng.integers(0, max(len(distinct), 1), (draws, len(distinct)))
    tried = [np.concatenate([parts[each] for each in draw]) for draw in drawn]
    found = {}
    for name, of in ESTIMATES.items():
        values = np.array([of(each) for each in tried])
        values = values[~np.isnan(values)]
        bounds = (
            np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
            if len(values)
            else (np.nan, np.nan)
        )
        found[name] = Interval(of(p), float(bounds[0]), float(bounds[1]))
    return found
