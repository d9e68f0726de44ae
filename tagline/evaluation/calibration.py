"""Calibrators: a probability that means what it says, where that earns its place."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

from tagline.case.evaluation import Calibration
from tagline.evaluation.intervals import Resamples, paired
from tagline.evaluation.metrics import Floats, bins

Calibrator = dict[str, Any]

NONE: Mapping[str, Any] = {"kind": "none"}
CLIP = 1e-7
BLOCKS = 4
METRIC = "log_loss"


def apply(calibrator: Mapping[str, Any], p: Floats) -> Floats:
    r"""Calibrate probabilities.

    ``platt`` gives :math:`\sigma(a\,\mathrm{logit}\,p + b)` (Platt, 1999); ``beta`` gives
    :math:`\sigma(a \ln p - b \ln(1-p) + c)` (Kull, Silva Filho and Flach, 2017, eq. 2).

    Parameters
    ----------
    calibrator : mapping
        ``kind``, and its parameters: ``slope`` and ``intercept``, or ``a``, ``b`` and ``c``.
    p : ndarray of shape (n,), float64
        Probabilities of the model.
    """
    match calibrator["kind"]:
        case "none":
            return p
        case "platt":
            slope, intercept = calibrator["slope"], calibrator["intercept"]
            weights = [slope, slope, intercept]
        case _:
            weights = [calibrator["a"], calibrator["b"], calibrator["c"]]
    return _sigmoid(_terms(p) @ np.asarray(weights))


def choose(
    p: Floats,
    y: Floats,
    groups: npt.NDArray[np.int64],
    *,
    kind: Calibration,
    resamples: int,
    level: float,
    seed: int,
) -> tuple[Calibrator, pd.DataFrame]:
    """Fit a calibrator on the tuning rows, if it earns its place there.

    The groups are cut into four blocks in their order; each candidate is fitted on the blocks
    before and scored on the next. With ``auto`` the best candidate is taken if its log loss is
    less than that of no calibrator by more than the paired interval is wide.

    Parameters
    ----------
    p, y : ndarray of shape (n,), float64
        The model's probabilities and the labels on the tuning rows.
    groups : ndarray of shape (n,), int64
        What hangs together, numbered in the order of time.
    kind : str
        ``auto``, or the calibrator to fit whatever it earns.
    resamples, level, seed
        See `Resamples.of`.

    Returns
    -------
    calibrator : dict
        For `apply`.
    table : DataFrame
        Each candidate's out-of-time log loss less that of none, with its interval.
    """
    if kind != "auto":
        return (dict(NONE) if kind == "none" else FITS[kind](p, y)), pd.DataFrame()
    later, forecasts = _out_of_time(p, y, groups)
    if not later.any() or len(np.unique(y)) < 2:
        return dict(NONE), pd.DataFrame()
    drawn = Resamples.of(groups[later], resamples=resamples, level=level, seed=seed)
    gains = {
        name: paired(y[later], forecast[later], p[later], METRIC, drawn)
        for name, forecast in forecasts.items()
    }
    table = pd.DataFrame([{"calibrator": n, **gain.to_dict()} for n, gain in gains.items()])
    best = min(gains, key=lambda name: gains[name].value)
    return (FITS[best](p, y) if gains[best].high < 0 else dict(NONE)), table


def curve(y: Floats, p: Floats) -> pd.DataFrame:
    """Compare mean probability and share of positives in ten bins of equal width.

    Returns
    -------
    DataFrame
        ``predicted``, ``observed`` and ``rows`` of each bin that has rows.
    """
    table = pd.DataFrame({"bin": bins(p), "predicted": p, "observed": y, "rows": 1})
    found = table.groupby("bin").agg({"predicted": "mean", "observed": "mean", "rows": "sum"})
    return found.reset_index(drop=True)


def platt(p: Floats, y: Floats) -> Calibrator:
    """Fit slope and intercept on the logit of the probability."""
    terms = _terms(p)
    slope, intercept = _fitted(
        np.column_stack([terms[:, 0] + terms[:, 1], terms[:, 2]]), y, start=[1.0, 0.0]
    )
    return {"kind": "platt", "slope": slope, "intercept": intercept}


def beta(p: Floats, y: Floats) -> Calibrator:
    """Fit the three parameters of beta calibration, a and b not below 0."""
    a, b, c = _fitted(_terms(p), y, start=[1.0, 1.0, 0.0])
    return {"kind": "beta", "a": a, "b": b, "c": c}


FITS: dict[str, Callable[[Floats, Floats], Calibrator]] = {"platt": platt, "beta": beta}


def _terms(p: Floats) -> Floats:
    clipped = np.clip(p, CLIP, 1 - CLIP)
    return np.column_stack([np.log(clipped), -np.log1p(-clipped), np.ones(len(p))])


def _sigmoid(margin: Floats) -> Floats:
    return np.exp(-np.logaddexp(0.0, -margin))


def _fitted(terms: Floats, y: Floats, *, start: list[float]) -> list[float]:
    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = terms @ weights
        residual = _sigmoid(margin) - y
        return float(np.mean(np.logaddexp(0.0, margin) - y * margin)), terms.T @ residual / len(y)

    bounds = [(0.0, None)] * (len(start) - 1) + [(None, None)]
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    return [float(weight) for weight in found.x]


def _out_of_time(
    p: Floats, y: Floats, groups: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.bool_], dict[str, Floats]]:
    _, place = np.unique(groups, return_inverse=True)
    block = place * BLOCKS // (place.max(initial=0) + 1)
    forecasts = {name: p.copy() for name in FITS}
    later = np.zeros(len(p), dtype=bool)
    for number in range(1, BLOCKS):
        before, now = block < number, block == number
        if len(np.unique(y[before])) < 2:
            continue
        later |= now
        for name, fit in FITS.items():
            forecasts[name][now] = apply(fit(p[before], y[before]), p[now])
    return later, forecasts
