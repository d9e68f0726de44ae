"""Probabilities of several classes from margins, and the temperature that calibrates them."""

import numpy as np

from tagline.metrics.binary import SMALLEST
from tagline.metrics.calibrators import Calibrator
from tagline.metrics.scored import Floats

COLDEST, HOTTEST = 0.05, 20.0


def softmax(margins: Floats) -> Floats:
    """Turn margins [n, k] into probabilities that add up to 1, without overflow."""
    raised = np.exp(margins - margins.max(axis=1, keepdims=True))
    p: Floats = raised / raised.sum(axis=1, keepdims=True)
    return p


def temperature(margins: Floats, y: Floats, *, level: bool = False) -> Calibrator:  # noqa: ARG001
    """Fit the number that all margins are divided by (Guo et al., 2017, ICML), by log loss.

    Labels are softened as Platt's (1999), so that classes that are parted cleanly by some rows do
    not make all others sure: of n rows of a class, theirs has (n + 1) / (n + k).

    Parameters
    ----------
    margins : ndarray of shape (n, k), float64
        The model's.
    y : ndarray of shape (n,), float64
        Places of classes.
    level : bool
        Means nothing here: a temperature moves no class by itself.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - who only applies it needs it not

    code, k = y.astype(np.int64), margins.shape[1]
    soft = 1.0 / (np.bincount(code, minlength=k)[code] + k)

    def loss(logarithm: float) -> float:
        logs = np.log(np.maximum(softmax(margins / np.exp(logarithm)), SMALLEST))
        own = np.take_along_axis(logs, code[:, None], axis=1)[:, 0]
        # What is left of 1 - soft * k is the row's own class's.
        return float(-(soft * logs.sum(axis=1) + (1 - soft * k) * own).mean())

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return {"kind": "temperature", "temperature": float(np.exp(found.x))}
