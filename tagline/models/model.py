"""What every family of models is: fitting, answering, explaining, its ONNX graph, its bytes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

from tagline.case.search import SearchSection
from tagline.models.training_data import TrainingData

if TYPE_CHECKING:
    from onnx import ModelProto

Floats = npt.NDArray[np.floating]
Probabilities = npt.NDArray[np.float64]


class Fit(Protocol):
    """Fits models of one family to the same rows, one after the other."""

    def __call__(
        self, parameters: Mapping[str, Any], *, learning_rate: float | None, seed: int
    ) -> "Model":
        """Fit one model; a family without parameters or learning rate takes no notice of them."""


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

    def predict(self, X: Floats) -> Probabilities:
        """Give the probability of 1 for each row of ``X`` (float32 [n, p]): float64 [n]."""

    def log_odds(self, X: Floats) -> Probabilities:
        """Give the log-odds of 1, finite where the probability rounds to 0 or 1: float64 [n]."""

    def shap_values(self, X: npt.NDArray[np.float32]) -> tuple[Probabilities, float]:
        """Give each input's share of the log-odds (float64 [n, p]), and what they start from."""

    def with_all_cores(self) -> Self:
        """Give the same model, answering with all cores: rows do not depend on each other."""

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" (float32 [N, p]) to "probability" (float64 [N])."""

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


def sigmoid(margin: Probabilities) -> Probabilities:
    """Turn log-odds into probabilities without overflow."""
    chance: Probabilities = np.exp(-np.logaddexp(0.0, -margin))
    return chance
