"""The base rate: the least that any other model has to beat."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import numpy.typing as npt

from tagline.case.search import SearchSection
from tagline.models.model import Fit, Floats, Margins, Simple
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

    def margins(self, X: Floats) -> Margins:
        """Give the margins of each row of ``X`` (float32 [n, p]), log-odds of 1: float64 [n, 1]."""
        return np.full((len(X), 1), self._margin, dtype=np.float64)

    @property
    def _margin(self) -> float:
        return float(np.log(self.rate) - np.log1p(-self.rate))

    def shap_values(self, X: npt.NDArray[np.float32]) -> tuple[Margins, float]:
        """Give each input's share of the log-odds (float64 [n, p]), and what they start from."""
        return np.zeros(X.shape), self._margin

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" (float32 [N, p]) to log-odds of 1 (float64 [N, 1])."""
        from tagline.models import graphs  # noqa: PLC0415 - only who writes a graph

        return graphs.of_constant(self._margin, width=self.width)

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes the model from again: JSON."""
        return json.dumps({"rate": self.rate, "width": self.width}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        return cls(**json.loads(content))
