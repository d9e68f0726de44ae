"""Maps from log-odds to a probability that means what it says, and how they are fitted."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tagline.metrics.scored import Floats

Calibrator = dict[str, Any]

CLIP = 1e-7
MARGIN = float(np.log1p(-CLIP) - np.log(CLIP))  # the log-odds of 1 - CLIP
FARTHEST = 50.0


def none() -> Calibrator:
    """Give the calibrator that changes nothing."""
    return {"kind": "none"}


def apply(calibrator: Mapping[str, Any], margin: Floats) -> Floats:
    r"""Give calibrated probabilities of 1, shape (n,).

    With :math:`p = \sigma(m)`: ``platt`` gives :math:`\sigma(a\,m + b)` (Platt 1999, on the logit);
    ``beta`` gives :math:`\sigma(a \ln p - b \ln(1-p) + c)` (Kull, Silva Filho and Flach 2017).
    ``none`` gives `p`; the others first clip it to [1e-7, 1 - 1e-7].

    Parameters
    ----------
    calibrator : mapping
        ``kind``, and its parameters: ``slope`` and ``intercept``, or ``a``, ``b`` and ``c``.
    margin : ndarray of shape (n,), float64
        Log-odds of the model.

    Raises
    ------
    KeyError
        The mapping is no calibrator.
    """
    if calibrator["kind"] == "none":
        return sigmoid(margin)
    return sigmoid(_terms(margin) @ np.asarray(weights_of(calibrator)))


def platt(margin: Floats, y: Floats, *, level: bool) -> Calibrator:
    """Fit slope and intercept on the log-odds.

    Parameters
    ----------
    margin, y : ndarray of shape (n,), float64
        Log-odds of the model, and labels of both classes.
    level : bool
        Whether the mean probability may move; else the intercept is such that it stays.
    """
    terms = _terms(margin)
    logit = np.column_stack([terms[:, 0] + terms[:, 1], terms[:, 2]])
    slope, intercept = _fitted(logit, y, start=[1.0, 0.0])
    if not level:
        intercept = _keeping_mean(slope * logit[:, 0], margin)
    return {"kind": "platt", "slope": slope, "intercept": intercept}


def beta(margin: Floats, y: Floats, *, level: bool) -> Calibrator:
    """Fit the three parameters of beta calibration, a and b not below 0; see `platt`."""
    terms = _terms(margin)
    a, b, c = _fitted(terms, y, start=[1.0, 1.0, 0.0])
    if not level:
        c = _keeping_mean(a * terms[:, 0] + b * terms[:, 1], margin)
    return {"kind": "beta", "a": a, "b": b, "c": c}


FITS: dict[str, Callable[..., Calibrator]] = {"platt": platt, "beta": beta}


def weights_of(calibrator: Mapping[str, Any]) -> tuple[float, float, float]:
    r"""Give what :math:`\ln p`, :math:`-\ln(1-p)` and 1 are multiplied by."""
    if calibrator["kind"] == "platt":
        return calibrator["slope"], calibrator["slope"], calibrator["intercept"]
    return calibrator["a"], calibrator["b"], calibrator["c"]


def _terms(margin: Floats) -> Floats:
    kept = np.clip(margin, -MARGIN, MARGIN)
    parts = -np.logaddexp(0.0, -kept), np.logaddexp(0.0, kept), np.ones(len(kept))
    return np.column_stack(parts)


def sigmoid(margin: Floats) -> Floats:
    """Turn log-odds into probabilities without overflow."""
    chance: Floats = np.exp(-np.logaddexp(0.0, -margin))
    return chance


def _keeping_mean(calibrated: Floats, margin: Floats) -> float:
    from scipy.optimize import brentq  # noqa: PLC0415 - who only applies them needs it not

    kept = sigmoid(np.clip(margin, -MARGIN, MARGIN)).mean()
    farthest = FARTHEST + float(np.abs(calibrated).max())
    return float(
        brentq(lambda shift: sigmoid(calibrated + shift).mean() - kept, -farthest, farthest)
    )


def _fitted(terms: Floats, y: Floats, *, start: list[float]) -> list[float]:
    """Fit by maximum likelihood to Platt's softened labels, so that a clean parting stays finite.

    All weights but the last are 0 or more, so that the order of the probabilities is kept.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - as brentq

    soft = _softened(y)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = terms @ weights
        surprise = np.mean(np.logaddexp(0.0, margin) - soft * margin)
        return float(surprise), terms.T @ (sigmoid(margin) - soft) / len(soft)

    bounds = [(0.0, None)] * (len(start) - 1) + [(None, None)]
    found = minimize(loss, np.asarray(start), jac=True, bounds=bounds, method="L-BFGS-B")
    return [float(weight) for weight in found.x]


def _softened(y: Floats) -> Floats:
    positives = y.sum()
    negatives = len(y) - positives
    high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    soft: Floats = np.where(y == 1, high, low)
    return soft
