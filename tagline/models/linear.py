"""Linear models: the simple ones that trees have to beat."""

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from tagline.case.search import SearchSection
from tagline.case.tasks import CLASSES
from tagline.models.model import Fit, Floats, Margins, Simple
from tagline.models.training_data import TrainingData

if TYPE_CHECKING:
    from onnx import ModelProto

FEW_VALUES = 500_000  # of a matrix that is fitted some twenty times in a second or two
STRENGTHS, PARTS = (0.1, 1.0, 10.0, 100.0), 3
PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
Weights = tuple[float, ...] | tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Linear(Simple):
    """A weighted sum of standardised inputs, with the mean in place of what is missing.

    Attributes
    ----------
    mean, scale : tuple of float [p]
        Of the inputs.
    coefficients : tuple of float [p], or of such tuples [w]
        ``margin = intercept + sum(coefficients * (x - mean) / scale)``; a missing ``x``
        adds nothing.
    intercept : float, or tuple of float [w]
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    coefficients: Weights
    intercept: float | tuple[float, ...]
    kind: ClassVar[str] = ""

    @classmethod
    def fitting(cls, data: TrainingData, section: SearchSection) -> Fit:  # noqa: ARG003 - no choice
        """Fit it to imputed, standardised training rows.

        An input without any value, or with one value only, gets no weight; nor does one whose
        weight would go against the direction that the case gives it.
        """
        return lambda *_, **__: cls._fitted(data)

    def margins(self, X: Floats) -> Margins:
        """Give the margins of each row of ``X`` (float32 [n, p]): float64 [n, w]."""
        if self._weights.shape[1] == 1:
            terms = self._centred(X) * self._weights[:, 0]
            return np.asarray(terms.sum(axis=1)[:, None] + self._intercepts)
        return np.asarray(self._centred(X) @ self._weights + self._intercepts)

    def shap_values(self, X: npt.NDArray[np.float32]) -> tuple[Margins, Margins]:
        """Give each input's share of each margin (float64 [n, p, w]), and what all start from [w].

        Exact where inputs are independent (Lundberg and Lee, 2017, corollary 1).
        """
        return self._centred(X)[:, :, None] * self._weights, self._intercepts

    def _centred(self, X: Floats) -> Margins:
        return np.nan_to_num((X.astype(np.float64) - self.mean) / self.scale)

    @property
    def _weights(self) -> Margins:
        return np.atleast_2d(np.asarray(self.coefficients, dtype=np.float64)).T

    @property
    def _intercepts(self) -> Margins:
        return np.atleast_1d(np.asarray(self.intercept, dtype=np.float64))

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" (float32 [N, p]) to margins (float64 [N, w])."""
        from tagline.models import graphs  # noqa: PLC0415 - only who writes a graph

        return graphs.of_sum(self.mean, self.scale, self._weights, self._intercepts)

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes the model from again: JSON."""
        names = ("mean", "scale", "coefficients", "intercept")
        return json.dumps({name: getattr(self, name) for name in names}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        return cls(**{name: _tuples(value) for name, value in json.loads(content).items()})

    @classmethod
    def _fitted(cls, data: TrainingData) -> Self:
        X = np.array(data.X, dtype=np.float64)
        missing = np.isnan(X)
        known = np.maximum(1, (~missing).sum(axis=0))
        mean = np.where(missing, 0.0, X).sum(axis=0) / known
        X -= mean
        X[missing] = 0.0
        spread = np.sqrt((X**2).sum(axis=0) / known)
        scale = np.where(spread > 1e-9 * np.abs(mean), spread, 1.0)
        X /= scale
        # One thread, so that sums have the same last bits however many cores there are; another
        # kind of processor may give others.
        with threadpool_limits(limits=1):
            weights, intercepts = _in_direction(X, data, cls._fit)
        if data.task == CLASSES and len(intercepts) == 1:
            # Of two classes the library gives the margin of the second above the first.
            weights, intercepts = np.vstack([0 * weights, weights]), np.append(0.0, intercepts)
        one = len(intercepts) == 1
        return cls(
            mean=tuple(mean.tolist()),
            scale=tuple(scale.tolist()),
            coefficients=tuple(weights[0].tolist()) if one else _tuples(weights.tolist()),
            intercept=float(intercepts[0]) if one else tuple(intercepts.tolist()),
        )

    @staticmethod
    def _fit(X: Margins, y: Floats, weight: Floats | None) -> tuple[Margins, Margins]:
        """Fit to rows of a weight each; give weights [w, p] and intercepts [w]."""
        raise NotImplementedError


@dataclass(frozen=True)
class Logistic(Linear):
    """Logistic regression, of two classes or of several: scikit-learn's.

    Of few rows three parts of them choose C, by log loss; of many it is 1.
    """

    kind: ClassVar[str] = "logistic"

    @staticmethod
    def _fit(X: Margins, y: Floats, weight: Floats | None) -> tuple[Margins, Margins]:
        from sklearn import linear_model  # noqa: PLC0415 - only who fits
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415

        labels = np.asarray(y, np.int64)
        _, counts = np.unique(labels, return_counts=True)
        model = linear_model.LogisticRegression(C=1.0, max_iter=1000)
        # Each part of the rows has to hold every class.
        if X.size <= FEW_VALUES and counts.min() >= PARTS:
            model = linear_model.LogisticRegressionCV(
                Cs=STRENGTHS,
                cv=PARTS,
                scoring="neg_log_loss",
                l1_ratios=(0.0,),
                max_iter=1000,
                use_legacy_attributes=False,
            )
        with warnings.catch_warnings():
            # Classes that a line parts wholly have no best coefficients, and good ones.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = model.fit(X, labels, weight)
        return fitted.coef_, fitted.intercept_


@dataclass(frozen=True)
class Ridge(Linear):
    """Ridge regression, of a number: scikit-learn's.

    Of few rows each one left out in turn chooses alpha; of many it is 1.
    """

    kind: ClassVar[str] = "ridge"

    @staticmethod
    def _fit(X: Margins, y: Floats, weight: Floats | None) -> tuple[Margins, Margins]:
        from sklearn import linear_model  # noqa: PLC0415 - only who fits

        few = X.size <= FEW_VALUES
        model = linear_model.RidgeCV(PENALTIES) if few else linear_model.Ridge(alpha=1.0)
        fitted = model.fit(X, np.asarray(y, np.float64), weight)
        return np.atleast_2d(fitted.coef_), np.atleast_1d(fitted.intercept_)


def _in_direction(
    X: Margins,
    data: TrainingData,
    fit: Callable[[Margins, Floats, Floats | None], tuple[Margins, Margins]],
) -> tuple[Margins, Margins]:
    """Fit; an input whose weight would go against its direction gets none, and all is fitted anew.

    Each fit takes at least one more input away, so that it ends.
    """
    kept = np.ones(X.shape[1])
    weight = data.relative_weight
    while True:
        found, intercepts = fit(X * kept, data.y, weight)
        weights: Margins = found * kept
        against = (weights * data.monotone < 0).any(axis=0)
        if not against.any():
            return weights, intercepts
        kept[against] = 0.0


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value
