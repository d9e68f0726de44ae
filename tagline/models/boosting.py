"""How boosted trees are fitted: XGBoost's training on bins that are cut once for all fits."""

import json
import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tagline.case.search import SearchSection
from tagline.case.tasks import BINARY, CLASSES, NUMBER
from tagline.models.boosted import LOGISTIC, SCALE, Boosted
from tagline.models.lean import import_xgboost
from tagline.models.model import Floats
from tagline.models.training_data import TrainingData

if TYPE_CHECKING:
    import xgboost
else:
    xgboost = import_xgboost()

log = logging.getLogger(__name__)
HEARTBEAT = 10.0  # seconds
OBJECTIVES: Mapping[str, Mapping[str, Any]] = {
    BINARY: {"objective": LOGISTIC},
    CLASSES: {"objective": "multi:softprob", "base_score": 0.0},
    NUMBER: {"objective": "reg:squarederror", "base_score": 0.0},
}
_STOPPED_BY = {
    BINARY: {"roc_auc": "auc", "log_loss": "logloss"},
    CLASSES: {"log_loss": "mlogloss"},
    NUMBER: {"rmse": "rmse", "mae": "mae"},
}
_LEAST_PATIENCE = 5
MOST_SEEN = 300  # inputs of a tree: of more, fits take long and trees are hardly better


class _Heartbeat(xgboost.callback.TrainingCallback):
    """Logs, every few seconds, that a fit goes on."""

    def __init__(self, rate: float) -> None:
        self.rate, self.last = rate, time.monotonic()

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Log the figure so far, where it is time; never stop the fit."""
        if time.monotonic() - self.last >= HEARTBEAT:
            self.last = time.monotonic()
            ((name, figures),) = evals_log["tune"].items()
            log.info(
                f"{epoch + 1} trees at rate {self.rate:g}, tuning {name} {figures[-1]:.4f} so far"
            )
        return False


class Trees:
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
        self._constraints: dict[str, Any] = {"monotone_constraints": tuple(data.monotone.tolist())}
        if len(data.interactions):
            groups = [np.flatnonzero(group).tolist() for group in data.interactions]
            self._constraints["interaction_constraints"] = json.dumps(groups)
        threads = {"nthread": search.threads}
        # A reference of the cuts alone: finding quantiles of all rows takes as long as a fit.
        cuts = xgboost.QuantileDMatrix(np.asarray(data.cuts), max_bin=search.max_bin, **threads)
        self._scale = _scale_of(data)
        self._train = xgboost.QuantileDMatrix(
            np.asarray(data.X),
            self._scaled(data.y),
            weight=data.relative_weight,
            ref=cuts,
            max_bin=search.max_bin,
            **threads,
        )
        self._tune = xgboost.DMatrix(np.asarray(data.X_tune), self._scaled(data.y_tune), **threads)
        share = MOST_SEEN / data.X.shape[1]
        lowered = share < search.space.colsample_bytree[1] and not search.fixed.colsample_bytree
        self._seen = {"colsample_bytree": share} if lowered else {}
        if lowered:
            log.info(f"of {data.X.shape[1]:,} inputs a tree sees {MOST_SEEN} at the most")
        self._objective: dict[str, Any] = {
            **OBJECTIVES[data.task],
            "eval_metric": _STOPPED_BY[data.task][search.metric],
        }
        if data.task == CLASSES:
            self._objective["num_class"] = data.classes

    def __call__(
        self,
        parameters: Mapping[str, Any],
        *,
        learning_rate: float | None,
        seed: int,
        rounds: int | None = None,
    ) -> Boosted:
        """Fit until the tuning figure stops improving, and keep the trees up to its best.

        Parameters
        ----------
        parameters : mapping
            XGBoost's parameters of this trial.
        learning_rate : float, optional
            Weight of each tree, the finest where None; patience grows as it falls.
        seed : int
            Seed of the rows and inputs that each tree sees.
        rounds : int, optional
            How many trees are fitted, whatever the tuning rows say.
        """
        search = self._search
        rate = learning_rate or search.learning_rates[-1]
        booster = xgboost.train(
            {
                **parameters,
                **self._seen,
                **self._objective,
                "tree_method": "hist",
                "max_bin": search.max_bin,
                "learning_rate": rate,
                **self._constraints,
                "nthread": search.threads,
                "seed": seed,
            },
            self._train,
            num_boost_round=rounds or search.max_rounds,
            evals=[(self._tune, "tune")],
            early_stopping_rounds=None if rounds else self._patience(rate),
            verbose_eval=False,
            callbacks=[_Heartbeat(rate)],
        )
        if rounds:
            return self._kept(booster)
        # Trees after the best round are dropped, not merely passed over by whoever remembers to.
        best = booster[: booster.best_iteration + 1]
        best.set_attr(best_iteration=None, best_score=None)
        return self._kept(best)

    def _kept(self, booster: "xgboost.Booster") -> Boosted:
        if self._scale:
            booster.set_attr(**{SCALE: json.dumps(self._scale)})
        return Boosted(bytes(booster.save_raw("ubj")))

    def _scaled(self, y: Floats) -> Floats:
        """Give numbers about 0 and alike in size: single precision loses digits of others."""
        if not self._scale:
            return y
        middle, spread = self._scale
        return ((y.astype(np.float64) - middle) / spread).astype(np.float32)

    def _patience(self, learning_rate: float) -> int:
        finest = self._search.learning_rates[-1]
        # Trees of a coarser rate each do more, so fewer of them show that no more is to come.
        patience = self._search.early_stopping_rounds * finest / learning_rate
        return max(_LEAST_PATIENCE, round(patience))


def _scale_of(data: TrainingData) -> tuple[float, float] | None:
    """Give the mean and the standard deviation of training labels that are numbers."""
    if data.task != NUMBER:
        return None
    y = np.asarray(data.y, dtype=np.float64)
    return float(y.mean()), float(y.std()) or 1.0
