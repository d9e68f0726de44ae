"""Maps from a model's probability to one that means what it says, and how they are fitted."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tagline.metrics.scored import Floats

Calibrator = dict[str, Any]

CLIP = 1e-7
FARTHEST = 50.0


def none() -> Calibrator:
    """Give the calibrator that changes nothing."""
    return {"kind": "none"}


def apply(calibrator: Mapping[str, Any], p: Floats) -> Floats:
    r"""Calibrate probabilities.

    ``platt`` gives :math:`\sigma(a\,\mathrm{logit}\,p + b)` (Platt 1999, on the logit); ``beta``
    gives :math:`\sigma(a \ln p - b \ln(1-p) + c)` (Kull, Silva Filho and Flach 2017). ``none``
    gives `p` as it is; the others first clip it to [1e-7, 1 - 1e-7].

    Parameters
    ----------
    calibrator : mapping
        ``kind``, and its parameters: ``slope`` and ``intercept``, or ``a``, ``b`` and ``c``.
    p : ndarray of shape (n,), float64
        Probabilities of the model.

    Raises
    ------
    KeyError
        The mapping is no calibrator.
    """
    if calibrator["kind"] == "none":
        return p
    return _sigmoid(_terms(p) @ np.asarray(_weights(calibrator)))


def platt(p: Floats, y: Floats, *, level: bool) -> Calibrator:
    """Fit slope and intercept on the logit of the probability.

    Parameters
    ----------
    p, y : ndarray of shape (n,), float64
        Probabilities of the model, and labels of both classes.
    level : bool
        Whether the mean probability may move; else the intercept is such that it stays.
    """
    terms = _terms(p)
    logit = np.column_stack([terms[:, 0] + terms[:, 1], terms[:, 2]])
    slope, intercept = _fitted(logit, y, start=[1.0, 0.0])
    if not level:
        intercept = _keeping_mean(slope * logit[:, 0], p)
    return {"kind": "platt", "slope": slope, "intercept": intercept}


def beta(p: Floats, y: Floats, *, level: bool) -> Calibrator:
    """Fit the three parameters of beta calibration, a and b not below 0; see `platt`."""
    terms = _terms(p)
    a, b, c = _fitted(terms, y, start=[1.0, 1.0, 0.0])
    if not level:
        c = _keeping_mean(a * terms[:, 0] + b * terms[:, 1], p)
    return {"kind": "beta", "a": a, "b": b, "c": c}


FITS: dict[str, Callable[..., Calibrator]] = {"platt": platt, "beta": beta}


def _weights(calibrator: Mapping[str, Any]) -> tuple[float, float, float]:
    if calibrator["kind"] == "platt":
        return calibrator["slope"], calibrator["slope"], calibrator["intercept"]
    return calibrator["a"], calibrator["b"], calibrator["c"]


def _terms(p: Floats) -> Floats:
    clipped = np.clip(p, CLIP, 1 - CLIP)
    return np.column_stack([np.log(clipped), -np.log1p(-clipped), np.ones(len(p))])


def _sigmoid(margin: Floats) -> Floats:
    chance: Floats = np.exp(-np.logaddexp(0.0, -margin))
    return chance


def _keeping_mean(margin: Floats, p: Floats) -> float:
    from scipy.optimize import brentq  # noqa: PLC0415 - who only applies them needs it not

    kept = np.clip(p, CLIP, 1 - CLIP).mean()
    farthest = FARTHEST + float(np.abs(margin).max())
    return float(brentq(lambda shift: _sigmoid(margin + shift).mean() - kept, -farthest, farthest))


def _fitted(terms: Floats, y: Floats, *, start: list[float]) -> list[float]:
    """Fit by maximum likelihood to Platt's softened labels, so that a clean parting stays finite.

    All weights but the last are 0 or more, so that the order of the probabilities is kept.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - as brentq

    soft = _softened(y)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = terms @ weights
        surprise = np.mean(np.logaddexp(0.0, margin) - soft * margin)
        return float(surprise), terms.T @ (_sigmoid(margin) - soft) / len(soft)

    bounds = [(0.0, None)] * (len(start) - 1) + [(None, None)]
    found = minimize(loss, np.asarray(start), jac=True, bounds=bounds, method="L-BFGS-B")
    return [float(weight) for weight in found.x]


def _softened(y: Floats) -> Floats:
    positives = y.sum()
    negatives = len(y) - positives
    high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    soft: Floats = np.where(y == 1, high, low)
    return soft
