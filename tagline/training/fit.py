"""Fit one model on the training rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xgboost
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from tagline.case.search import SearchSection
from tagline.training.matrix import TrainingData
from tagline.training.models import BaseRate, Boosted, Logistic

_STOPPED_BY = {"roc_auc": "auc", "log_loss": "logloss"}
_LEAST_PATIENCE = 5


def base_rate(data: TrainingData) -> BaseRate:
    """Take the share of ones among the training rows."""
    return BaseRate(rate=float(np.mean(data.y, dtype=np.float64)), width=data.X.shape[1])


def logistic(data: TrainingData) -> Logistic:
    """Fit scikit-learn's logistic regression on imputed, standardised training rows.

    An input without any value, or with one value only, gets no weight. One thread, so that
    the sums, and with them the last bits of the weights, are the same on every machine size.
    """
    X = np.array(data.X, dtype=np.float64)
    missing = np.isnan(X)
    known = np.maximum(1, (~missing).sum(axis=0))
    mean = np.where(missing, 0.0, X).sum(axis=0) / known
    X -= mean
    X[missing] = 0.0
    spread = np.sqrt((X**2).sum(axis=0) / known)
    scale = np.where(spread > 1e-9 * np.abs(mean), spread, 1.0)
    X /= scale
    with threadpool_limits(limits=1):
        fitted = LogisticRegression(C=1.0, max_iter=1000).fit(X, np.asarray(data.y, np.int64))
    return Logistic(
        mean=tuple(mean.tolist()),
        scale=tuple(scale.tolist()),
        coefficients=tuple(fitted.coef_[0].tolist()),
        intercept=float(fitted.intercept_[0]),
    )


class Booster:
    """Fits boosted trees on data that is cut into bins once.

    Parameters
    ----------
    data : TrainingData
        Training rows to fit, tuning rows to stop at.
    search : SearchSection
        The figure that stops, the most trees, the threads.
    """

    def __init__(self, data: TrainingData, search: SearchSection) -> None:
        self._search = search
        self._monotone = tuple(data.monotone.tolist())
        threads = {"nthread": search.threads}
        cuts = xgboost.QuantileDMatrix(np.asarray(data.cuts), max_bin=search.max_bin, **threads)
        self._train = xgboost.QuantileDMatrix(
            np.asarray(data.X), data.y, ref=cuts, max_bin=search.max_bin, **threads
        )
        self._tune = xgboost.DMatrix(np.asarray(data.X_tune), data.y_tune, **threads)

    def fit(self, parameters: Mapping[str, Any], *, learning_rate: float, seed: int) -> Boosted:
        """Fit until the tuning figure stops improving, and keep the trees up to its best.

        Parameters
        ----------
        parameters : mapping
            XGBoost's parameters of this trial.
        learning_rate : float
            Weight of each tree; patience grows as it falls.
        seed : int
            Seed of the rows and inputs that each tree sees.
        """
        search = self._search
        booster = xgboost.train(
            {
                **parameters,
                "objective": "binary:logistic",
                "eval_metric": _STOPPED_BY[search.metric],
                "tree_method": "hist",
                "max_bin": search.max_bin,
                "learning_rate": learning_rate,
                "monotone_constraints": self._monotone,
                "nthread": search.threads,
                "seed": seed,
            },
            self._train,
            num_boost_round=search.max_rounds,
            evals=[(self._tune, "tune")],
            early_stopping_rounds=self._patience(learning_rate),
            verbose_eval=False,
        )
        best = booster[: booster.best_iteration + 1]
        best.set_attr(best_iteration=None, best_score=None)
        return Boosted(bytes(best.save_raw("ubj")))

    def _patience(self, learning_rate: float) -> int:
        finest = self._search.learning_rates[-1]
        patience = self._search.early_stopping_rounds * finest / learning_rate
        return max(_LEAST_PATIENCE, round(patience))
