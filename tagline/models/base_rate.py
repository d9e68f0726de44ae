"""The base rate: the least that any other model has to beat."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import numpy.typing as npt

from tagline.case.search import SearchSection
from tagline.models.model import Fit, Floats, Probabilities, Simple
from tagline.models.training_data import TrainingData

if TYPE_CHECKING:
    from onnx import ModelProto


@dataclass(frozen=True)
class BaseRate(Simple):
    """The same probability for every row: the share of ones among the training rows."""

    rate: float
    width: int
    kind: ClassVar[str] = "base_rate"

    @classmethod
    def fitting(cls, data: TrainingData, section: SearchSection) -> Fit:  # noqa: ARG003 - no choice
        """Take the share of ones among the training rows."""
        rate, width = float(np.mean(data.y, dtype=np.float64)), data.X.shape[1]
        return lambda *_, **__: cls(rate, width)

    def predict(self, X: Floats) -> Probabilities:
        """Give the probability of 1 for each row of ``X`` (float32 [n, p]): float64 [n]."""
        return np.full(len(X), self.rate, dtype=np.float64)

    def log_odds(self, X: Floats) -> Probabilities:
        """Give the log-odds of 1, finite where the probability rounds to 0 or 1: float64 [n]."""
        return np.full(len(X), np.log(self.rate) - np.log1p(-self.rate), dtype=np.float64)

    def shap_values(self, X: npt.NDArray[np.float32]) -> tuple[Probabilities, float]:
        """Give each input's share of the log-odds (float64 [n, p]), and what they start from."""
        return np.zeros(X.shape), float(self.log_odds(X[:1])[0])

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" (float32 [N, p]) to "probability" (float64 [N])."""
        from tagline.models import graphs  # noqa: PLC0415 - only who writes a graph

        return graphs.of_constant(self.rate, width=self.width)

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes the model from again: JSON."""
        return json.dumps({"rate": self.rate, "width": self.width}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        return cls(**json.loads(content))
