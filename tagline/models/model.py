"""What every family of models is: fitting, margins, explaining, its ONNX graph, its bytes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

from tagline.case.search import SearchSection
from tagline.models.training_data import TrainingData

if TYPE_CHECKING:
    from onnx import ModelProto

Floats = npt.NDArray[np.floating]
Margins = npt.NDArray[np.float64]


class Fit(Protocol):
    """Fits models of one family to the same rows, one after the other."""

    def __call__(
        self,
        parameters: Mapping[str, Any],
        *,
        learning_rate: float | None,
        seed: int,
        rounds: int | None = None,
    ) -> "Model":
        """Fit one model; a family without parameters or learning rate takes no notice of them.

        `rounds` is the number of trees, where the tuning rows do not say it.
        """


class Model(Protocol):
    """A fitted model; its class is the family.

    Attributes
    ----------
    kind : str
        The family's name on the leaderboard and in a bundle.
    file : str
        The name of its bytes in a bundle.
    tuned : bool
        Whether a search draws parameters for it; else it is a baseline, fitted once.
    """

    kind: ClassVar[str]
    file: ClassVar[str]
    tuned: ClassVar[bool]

    @classmethod
    def fitting(cls, data: TrainingData, section: SearchSection) -> Fit:
        """Prepare what all fits to the same rows share, such as the bins of trees."""

    @property
    def rounds(self) -> int:
        """The number of its trees."""

    def margins(self, X: Floats) -> Margins:
        """Give finite margins for each row of ``X`` (float32 [n, p]): float64 [n, w]."""

    def shap_values(self, X: npt.NDArray[np.float32]) -> tuple[Margins, Margins]:
        """Give each input's share of each margin (float64 [n, p, w]), and their start [w]."""

    def with_all_cores(self) -> Self:
        """Give the same model, answering with all cores: rows do not depend on each other."""

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" (float32 [N, p]) to margins (float64 [N, w]), its one output."""

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes the model from again."""

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave; nothing is unpickled."""


class Simple:
    """What families without trees have in common."""

    file: ClassVar[str] = "model.json"
    tuned: ClassVar[bool] = False

    @property
    def rounds(self) -> int:
        """The number of its trees."""
        return 0

    def with_all_cores(self) -> Self:
        """Give the same model, answering with all cores: rows do not depend on each other."""
        # A few sums need one.
        return self
