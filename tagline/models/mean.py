"""The mean of models of any families: their margins averaged, in one graph."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, ClassVar, Self

import msgspec
import numpy as np
import numpy.typing as npt

from tagline.case.search import SearchSection
from tagline.models.model import Fit, Floats, Margins, Model
from tagline.models.training_data import TrainingData

if TYPE_CHECKING:
    from onnx import ModelProto


@dataclass(frozen=True)
class Mean:
    """Models that answer together: the mean of their margins, and of their SHAP values."""

    models: tuple[Model, ...]
    kind: ClassVar[str] = "mean"
    file: ClassVar[str] = "mean.msgpack"
    tuned: ClassVar[bool] = True

    @classmethod
    def fitting(cls, data: TrainingData, section: SearchSection) -> Fit:
        """Refuse: models are fitted each by its own family."""
        raise NotImplementedError

    @property
    def rounds(self) -> int:
        """The number of its trees."""
        return sum(each.rounds for each in self.models)

    def with_all_cores(self) -> Self:
        """Give the same model, answering with all cores: rows do not depend on each other."""
        return replace(self, models=tuple(each.with_all_cores() for each in self.models))

    def margins(self, X: Floats) -> Margins:
        """Give the mean margins of each row of ``X`` (float32 [n, p]): float64 [n, w]."""
        return _mean([each.margins(X) for each in self.models])

    def shap_values(self, X: npt.NDArray[np.float32]) -> tuple[Margins, Margins]:
        """Give each input's share of the mean margins, and what they start from.

        A Shapley value is linear in the model (Shapley, 1953), so that means add up too.
        """
        values, bases = zip(*(each.shap_values(X) for each in self.models), strict=True)
        return _mean(values), _mean(bases)

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" (float32 [N, p]) to the mean margins (float64 [N, w])."""
        from tagline.models import graphs  # noqa: PLC0415 - only who writes a graph

        return graphs.of_mean([each.onnx() for each in self.models])

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes the model from again: kinds and bytes, as msgpack."""
        return msgspec.msgpack.encode([(each.kind, each.to_bytes()) for each in self.models])

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        from tagline.models.families import load  # noqa: PLC0415 - it is one of them

        listed = msgspec.msgpack.decode(content, type=list[tuple[str, bytes]])
        if not listed:
            raise ValueError("it is the mean of nothing")
        return cls(tuple(load(kind, each) for kind, each in listed))


def _mean(parts: Sequence[Margins]) -> Margins:
    # One after the other, as the graph adds them.
    total: Margins = reduce(np.add, parts)
    return total / len(parts)
