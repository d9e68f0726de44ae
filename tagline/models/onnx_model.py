"""A model that is its ONNX graph, whatever library has fitted it."""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from tagline.case.search import SearchSection
from tagline.models.model import Fit, Floats, Margins
from tagline.models.training_data import TrainingData

if TYPE_CHECKING:
    from onnx import ModelProto

REFERENCE = "reference"
ROWS_AT_ONCE = 10_000
ORDERS = 8  # orders of inputs that a row's values are an average over, each also backwards


@dataclass(frozen=True)
class OnnxModel:
    """A graph from "X" (float32 [N, p]) to "margins" (float64 [N, 1]), with a reference row."""

    content: bytes
    threads: int = 1
    kind: ClassVar[str] = "onnx"
    file: ClassVar[str] = "margins.onnx"
    tuned: ClassVar[bool] = True

    @classmethod
    def of(cls, graph: "ModelProto", X: Floats) -> Self:
        """Keep what a library has written.

        Parameters
        ----------
        graph : ModelProto
            With one input, float32 [N, p], and one output of a value a row: log-odds.
        X : ndarray of shape (n, p), float32
            Rows whose means are what explanations start from.
        """
        from tagline.models import graphs  # noqa: PLC0415 - only who writes a graph

        known = np.maximum(1, np.isfinite(X).sum(axis=0))
        means = np.where(np.isfinite(X), X, 0.0).sum(axis=0, dtype=np.float64) / known
        made = graphs.of_margins(graph, width=X.shape[1])
        made.metadata_props.add(key=REFERENCE, value=json.dumps(means.tolist()))
        return cls(made.SerializeToString(deterministic=True))

    @classmethod
    def fitting(cls, data: TrainingData, section: SearchSection) -> Fit:
        """Refuse: a family fits, see `tagline.models.custom.fitting`."""
        raise NotImplementedError

    @property
    def rounds(self) -> int:
        """The number of its trees, which nobody counts here."""
        return 0

    def with_all_cores(self) -> Self:
        """Give the same model, answering with all cores: rows do not depend on each other."""
        return replace(self, threads=0)

    def margins(self, X: Floats) -> Margins:
        """Give the margins of each row of ``X`` (float32 [n, p]), log-odds of 1: float64 [n, 1]."""
        rows = np.ascontiguousarray(X, dtype=np.float32)
        parts = [
            self._session.run(None, {"X": rows[at : at + ROWS_AT_ONCE]})[0]
            for at in range(0, len(rows), ROWS_AT_ONCE)
        ]
        # Those of before graphs of margins give one axis less.
        return np.concatenate(parts).reshape(-1, 1) if parts else np.zeros((0, 1))

    def shap_values(self, X: npt.NDArray[np.float32]) -> tuple[Margins, Margins]:
        """Give each input's share of the margin (float64 [n, p, 1]), and what they start from [1].

        Shapley values by sampling (Castro, Gomez and Tejada, 2009): inputs take their values one
        after the other, beginning from the means of the training rows, in some orders and, which
        makes the error less, the same backwards (Mitchell et al., 2022). The shares of a row add up
        to its log-odds, but for rounding, however few orders are taken.
        """
        reference = np.asarray(self._reference, np.float32)
        base = self.margins(reference[None, :])[:, 0]
        values = np.zeros(X.shape)
        orders = [np.random.default_rng(n).permutation(X.shape[1]) for n in range(ORDERS)]
        for order in (each for one in orders for each in (one, one[::-1])):
            rows = np.repeat(reference[None, :], len(X), axis=0)
            before = np.repeat(base, len(X))
            for place in order:
                rows[:, place] = X[:, place]
                after = self.margins(rows)[:, 0]
                values[:, place] += after - before
                before = after
        return (values / (2 * ORDERS))[:, :, None], base

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" (float32 [N, p]) to log-odds of 1 (float64 [N, 1])."""
        import onnx  # noqa: PLC0415 - only who writes a graph

        return onnx.load_model_from_string(self.content)

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes the model from again: ONNX."""
        return self.content

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        model = cls(content)
        try:
            reference = model._reference
        # ONNX Runtime has errors of its own, which no other one inherits.
        except Exception as wrong:
            raise ValueError(f"it is no graph: {wrong}") from wrong
        if not reference:
            raise ValueError("it has no reference")
        return model

    @cached_property
    def _session(self) -> Any:
        import onnxruntime  # noqa: PLC0415 - only who has such a model

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        return onnxruntime.InferenceSession(self.content, options)

    @cached_property
    def _reference(self) -> list[float]:
        found = self._session.get_modelmeta().custom_metadata_map
        return list(json.loads(found.get(REFERENCE, "[]")))
