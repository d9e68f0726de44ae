"""The same answer for every row: the least that any other model has to beat."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import numpy.typing as npt

from tagline.case.search import SearchSection
from tagline.case.tasks import CLASSES
from tagline.models.model import Fit, Floats, Margins, Simple
from tagline.models.training_data import TrainingData

if TYPE_CHECKING:
    from onnx import ModelProto


class Same(Simple):
    """What models that answer every row alike have in common."""

    width: int

    @property
    def _margins(self) -> Margins:
        raise NotImplementedError

    def margins(self, X: Floats) -> Margins:
        """Give the margins of each row of ``X`` (float32 [n, p]): float64 [n, w]."""
        return np.tile(self._margins, (len(X), 1))

    def shap_values(self, X: npt.NDArray[np.float32]) -> tuple[Margins, Margins]:
        """Give each input's share of each margin (float64 [n, p, w]): none, and the margins [w]."""
        return np.zeros((*X.shape, len(self._margins))), self._margins

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" (float32 [N, p]) to margins (float64 [N, w])."""
        from tagline.models import graphs  # noqa: PLC0415 - only who writes a graph

        return graphs.of_constant(self._margins.tolist(), width=self.width)


@dataclass(frozen=True)
class BaseRate(Same):
    """The shares of the training rows: that of ones, or of each class."""

    rate: float | tuple[float, ...]
    width: int
    kind: ClassVar[str] = "base_rate"

    @classmethod
    def fitting(cls, data: TrainingData, section: SearchSection) -> Fit:  # noqa: ARG003 - no choice
        """Take the shares among the training rows."""
        width = data.X.shape[1]
        if data.task == CLASSES:
            counts = np.bincount(np.asarray(data.y, np.int64), minlength=data.classes)
            rates = tuple((counts / counts.sum()).tolist())
            return lambda *_, **__: cls(rates, width)
        rate = float(np.mean(data.y, dtype=np.float64))
        return lambda *_, **__: cls(rate, width)

    @property
    def _margins(self) -> Margins:
        rate = np.atleast_1d(np.asarray(self.rate, dtype=np.float64))
        return np.log(rate) - np.log1p(-rate) if len(rate) == 1 else np.log(rate)

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes the model from again: JSON."""
        return json.dumps({"rate": self.rate, "width": self.width}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        said = json.loads(content)
        if isinstance(said.get("rate"), list):
            said["rate"] = tuple(said["rate"])
        return cls(**said)


@dataclass(frozen=True)
class Constant(Same):
    """The mean of the training rows' numbers."""

    value: float
    width: int
    kind: ClassVar[str] = "constant"

    @classmethod
    def fitting(cls, data: TrainingData, section: SearchSection) -> Fit:  # noqa: ARG003 - no choice
        """Take the mean of the training rows."""
        value, width = float(np.mean(data.y, dtype=np.float64)), data.X.shape[1]
        return lambda *_, **__: cls(value, width)

    @property
    def _margins(self) -> Margins:
        return np.array([self.value])

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes the model from again: JSON."""
        return json.dumps({"value": self.value, "width": self.width}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        return cls(**json.loads(content))
