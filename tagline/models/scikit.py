"""Families of scikit-learn's estimators, as far as their graphs answer as they do.

Whether one does is seen at each fit, and a trial whose graph does not fails with a sentence.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from tagline.models.model import Floats
from tagline.models.training_data import TrainingData

if TYPE_CHECKING:
    from onnx import ModelProto


@dataclass(frozen=True)
class Scikit:
    """A family of one of scikit-learn's classifiers, behind an imputer of means.

    Parameters
    ----------
    estimator : callable
        Its class, or what makes one from parameters.
    space : mapping of str to sequence
        Parameter to the values that are drawn from; each trial draws one of each.

    Examples
    --------
    >>> from sklearn.ensemble import ExtraTreesClassifier
    >>> forest = Scikit(ExtraTreesClassifier, {"n_estimators": [100], "max_depth": [4, 8]})
    >>> forest.draw(1, seed=0)
    [{'n_estimators': 100, 'max_depth': 8}]
    """

    estimator: Callable[..., Any]
    space: Mapping[str, Sequence[Any]]
    monotone: bool = False

    def draw(self, count: int, *, seed: int) -> list[dict[str, Any]]:
        """Draw the parameters of some trials."""
        random = np.random.default_rng(seed)
        return [
            {name: values[int(random.integers(len(values)))] for name, values in self.space.items()}
            for _ in range(count)
        ]

    def fit(
        self, data: TrainingData, parameters: Mapping[str, Any], *, seed: int, threads: int
    ) -> "FittedScikit":
        """Fit it to the training rows."""
        from sklearn.impute import SimpleImputer  # noqa: PLC0415 - only who fits
        from sklearn.pipeline import make_pipeline  # noqa: PLC0415

        known = inspect.signature(self.estimator).parameters
        seeded = {"random_state": seed} if "random_state" in known else {}
        made = self.estimator(**seeded, **parameters)
        pipeline = make_pipeline(SimpleImputer(keep_empty_features=True), made)
        with threadpool_limits(limits=threads):
            return FittedScikit(pipeline.fit(np.asarray(data.X), np.asarray(data.y, np.int64)))


@dataclass(frozen=True)
class FittedScikit:
    """A fitted pipeline."""

    pipeline: Any

    def margins(self, X: Floats) -> npt.NDArray[np.float64]:
        """Give the log-odds of 1 for each row."""
        from tagline.models.graphs import SURE  # noqa: PLC0415 - only who writes a graph

        p = np.clip(self.pipeline.predict_proba(X)[:, 1].astype(np.float64), SURE, 1 - SURE)
        margins: npt.NDArray[np.float64] = np.log(p) - np.log1p(-p)
        return margins

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" to the log-odds of 1."""
        from tagline.models import graphs  # noqa: PLC0415 - only who writes a graph

        return graphs.of_scikit(self.pipeline)
