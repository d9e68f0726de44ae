"""LIME beside SHAP for the same rows: where two methods agree, the reasons are not the method's."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Predict = Callable[[npt.NDArray[np.float32]], Floats]

TOP = 5
SAMPLES = 2000


@dataclass(frozen=True)
class Agreement:
    """LIME's weights for one row, and how far they agree with its SHAP values.

    Attributes
    ----------
    weights : ndarray of shape (p,), float64
        LIME's local linear model: change of the probability by one standard deviation of an
        input, times the row's distance from the mean in standard deviations.
    rank : float
        Spearman's correlation of absolute weights and absolute SHAP values.
    signs : float
        Share of SHAP's five greatest inputs to which LIME gives the same sign.
    top : int
        How many of the five greatest inputs both have.
    fit : float
        R squared of LIME's local model.
    """

    weights: Floats
    rank: float
    signs: float
    top: int
    fit: float


class Lime:
    """LIME (Ribeiro, Singh and Guestrin, 2016) on the model's matrix.

    Parameters
    ----------
    X : ndarray of shape (n, p), float32
        Rows that show how the inputs are spread; what is missing gets the input's median, since
        LIME knows no missing values.
    names : sequence of str
        The inputs.
    predict : callable
        Gives the probability of 1.
    seed : int
        Seed of the perturbations.
    """

    def __init__(
        self, X: npt.NDArray[np.float32], names: Sequence[str], predict: Predict, *, seed: int
    ) -> None:
        from lime.lime_tabular import LimeTabularExplainer  # noqa: PLC0415 - pages need it not

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            median = np.nanmedian(X, axis=0)
        self.median = np.nan_to_num(median)
        self.predict = predict
        self.explainer = LimeTabularExplainer(
            self.filled(X),
            feature_names=list(names),
            # Bins would explain the bin, not the value, and agree with SHAP only by chance.
            discretize_continuous=False,
            random_state=seed,
        )

    def filled(self, X: npt.NDArray[np.float32]) -> Floats:
        """Put the medians in place of what is missing."""
        return np.where(np.isnan(X), self.median, X).astype(np.float64)

    def agreement(self, row: npt.NDArray[np.float32], shap: Floats) -> Agreement:
        """Explain one row by LIME and compare.

        Parameters
        ----------
        row : ndarray of shape (p,), float32
            The row.
        shap : ndarray of shape (p,), float64
            Its SHAP values.
        """
        found = self.explainer.explain_instance(
            self.filled(row[None])[0],
            self._both,
            num_features=len(row),
            num_samples=SAMPLES,
        )
        slopes = np.zeros(len(row))
        for place, slope in found.local_exp[1]:
            slopes[place] = slope
        scaler = self.explainer.scaler
        distance = (self.filled(row[None])[0] - scaler.mean_) / scaler.scale_
        return _compared(slopes * distance, shap, fit=float(found.score))

    def _both(self, X: Floats) -> Floats:
        p = self.predict(X.astype(np.float32))
        return np.column_stack([1 - p, p])


def _compared(weights: Floats, shap: Floats, *, fit: float) -> Agreement:
    from scipy.stats import ConstantInputWarning, spearmanr  # noqa: PLC0415 - as lime

    strongest = np.argsort(-np.abs(shap), kind="stable")[:TOP]
    named = np.argsort(-np.abs(weights), kind="stable")[:TOP]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstantInputWarning)
        rank = float(spearmanr(np.abs(weights), np.abs(shap)).statistic)
    return Agreement(
        weights=weights,
        rank=rank,
        signs=float((np.sign(weights[strongest]) == np.sign(shap[strongest])).mean()),
        top=len(set(strongest.tolist()) & set(named.tolist())),
        fit=fit,
    )
