"""Logistic regression: the simple model that trees have to beat."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from tagline.case.search import SearchSection
from tagline.models.model import Fit, Floats, Margins, Simple
from tagline.models.training_data import TrainingData

if TYPE_CHECKING:
    from onnx import ModelProto


@dataclass(frozen=True)
class Logistic(Simple):
    """Logistic regression on standardised inputs, with the mean in place of what is missing.

    Attributes
    ----------
    mean, scale, coefficients : tuple of float [p]
        ``p = sigmoid(intercept + sum(coefficients * (x - mean) / scale))``; a missing ``x``
        adds nothing.
    intercept : float
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    kind: ClassVar[str] = "logistic"

    @classmethod
    def fitting(cls, data: TrainingData, section: SearchSection) -> Fit:  # noqa: ARG003 - no choice
        """Fit scikit-learn's logistic regression on imputed, standardised training rows.

        An input without any value, or with one value only, gets no weight; nor does one whose
        weight would go against the direction that the case gives it.
        """
        return lambda *_, **__: cls._fitted(data)

    def margins(self, X: Floats) -> Margins:
        """Give the margins of each row of ``X`` (float32 [n, p]), log-odds of 1: float64 [n, 1]."""
        terms = (X.astype(np.float64) - self.mean) / self.scale * self.coefficients
        margin: Margins = np.where(np.isnan(terms), 0.0, terms).sum(axis=1) + self.intercept
        return margin[:, None]

    def shap_values(self, X: npt.NDArray[np.float32]) -> tuple[Margins, float]:
        """Give each input's share of the log-odds (float64 [n, p]), and what they start from.

        Exact where inputs are independent (Lundberg and Lee, 2017, corollary 1).
        """
        centred = (X.astype(np.float64) - self.mean) / self.scale
        return np.nan_to_num(centred) * self.coefficients, self.intercept

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" (float32 [N, p]) to log-odds of 1 (float64 [N, 1])."""
        from tagline.models import graphs  # noqa: PLC0415 - only who writes a graph

        return graphs.of_sum(self.mean, self.scale, self.coefficients, self.intercept)

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes the model from again: JSON."""
        names = ("mean", "scale", "coefficients", "intercept")
        return json.dumps({name: getattr(self, name) for name in names}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        values = json.loads(content)
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **lists})

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
            coefficients, intercept = _in_direction(X, np.asarray(data.y, np.int64), data.monotone)
        return cls(
            mean=tuple(mean.tolist()),
            scale=tuple(scale.tolist()),
            coefficients=tuple(coefficients.tolist()),
            intercept=intercept,
        )


def _in_direction(
    X: Margins, y: npt.NDArray[np.int64], directions: npt.NDArray[np.int8]
) -> tuple[Margins, float]:
    """Fit; an input whose weight would go against its direction gets none, and all is fitted anew.

    Each fit takes at least one more input away, so that it ends.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only who fits

    kept = np.ones(X.shape[1])
    while True:
        fitted = LogisticRegression(C=1.0, max_iter=1000).fit(X * kept, y)
        weights: Margins = fitted.coef_[0] * kept
        against = weights * directions < 0
        if not against.any():
            return weights, float(fitted.intercept_[0])
        kept[against] = 0.0
