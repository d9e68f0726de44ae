"""Fitted models: probabilities on NumPy rows, an ONNX graph that agrees, and no pickles."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
import xgboost
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper
from onnxmltools.convert import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from tagline.errors import TaglineError

Floats = npt.NDArray[np.floating]
Probabilities = npt.NDArray[np.float64]

_OPSETS = {"": 21, "ai.onnx.ml": 4}
_IR_VERSION = 10
_TREES_AT_ONCE = 32
_KEPT = (
    "nodes_falsenodeids",
    "nodes_featureids",
    "nodes_hitrates",
    "nodes_missing_value_tracks_true",
    "nodes_modes",
    "nodes_nodeids",
    "nodes_treeids",
    "nodes_truenodeids",
)
_RENAMED = ("class_ids", "class_nodeids", "class_treeids")


class Model(Protocol):
    """What every fitted model can do."""

    kind: ClassVar[str]

    def predict(self, X: Floats) -> Probabilities:
        """Give the probability of 1 for each row of ``X`` (float32 [n, p]): float64 [n]."""

    def log_odds(self, X: Floats) -> Probabilities:
        """Give the log-odds of 1, finite where the probability rounds to 0 or 1: float64 [n]."""

    def onnx(self) -> ModelProto:
        """Give the graph from "X" (float32 [N, p]) to "probability" (float64 [N])."""

    def to_bytes(self) -> bytes:
        """Give what `load` makes the model from again."""


@dataclass(frozen=True)
class BaseRate:
    """The same probability for every row: the share of ones among the training rows."""

    rate: float
    width: int
    kind: ClassVar[str] = "base_rate"

    def predict(self, X: Floats) -> Probabilities:
        """Give the probability of 1 for each row of ``X`` (float32 [n, p]): float64 [n]."""
        return np.full(len(X), self.rate, dtype=np.float64)

    def log_odds(self, X: Floats) -> Probabilities:
        """Give the log-odds of 1, finite where the probability rounds to 0 or 1: float64 [n]."""
        return np.full(len(X), np.log(self.rate) - np.log1p(-self.rate), dtype=np.float64)

    def onnx(self) -> ModelProto:
        """Give the graph from "X" (float32 [N, p]) to "probability" (float64 [N])."""
        value = numpy_helper.from_array(np.array([self.rate], np.float64))
        nodes = [
            helper.make_node("Shape", ["X"], ["rows"], start=0, end=1),
            helper.make_node("ConstantOfShape", ["rows"], ["probability"], value=value),
        ]
        return _graph(nodes, width=self.width)

    def to_bytes(self) -> bytes:
        """Give what `load` makes the model from again: JSON."""
        return json.dumps({"rate": self.rate, "width": self.width}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        return cls(**json.loads(content))


@dataclass(frozen=True)
class Logistic:
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

    def predict(self, X: Floats) -> Probabilities:
        """Give the probability of 1 for each row of ``X`` (float32 [n, p]): float64 [n]."""
        return _sigmoid(self.log_odds(X))

    def log_odds(self, X: Floats) -> Probabilities:
        """Give the log-odds of 1, finite where the probability rounds to 0 or 1: float64 [n]."""
        terms = (X.astype(np.float64) - self.mean) / self.scale * self.coefficients
        margin: Probabilities = np.where(np.isnan(terms), 0.0, terms).sum(axis=1) + self.intercept
        return margin

    def onnx(self) -> ModelProto:
        """Give the graph from "X" (float32 [N, p]) to "probability" (float64 [N])."""
        constants: dict[str, Any] = {
            "mean": self.mean,
            "scale": self.scale,
            "coefficients": np.reshape(self.coefficients, (-1, 1)),
            "intercept": self.intercept,
            "nothing": 0.0,
        }
        steps = [
            ("Sub", ["wide", "mean"], "centred"),
            ("Div", ["centred", "scale"], "scaled"),
            ("IsNaN", ["scaled"], "missing"),
            ("Where", ["missing", "nothing", "scaled"], "imputed"),
            ("MatMul", ["imputed", "coefficients"], "column"),
            ("Add", ["column", "intercept"], "margin"),
            ("Sigmoid", ["margin"], "chance"),
        ]
        nodes = [
            helper.make_node("Cast", ["X"], ["wide"], to=TensorProto.DOUBLE),
            *(helper.make_node(kind, inputs, [output]) for kind, inputs, output in steps),
            helper.make_node("Squeeze", ["chance", "one"], ["probability"]),
        ]
        arrays = {name: np.asarray(value, np.float64) for name, value in constants.items()}
        return _graph(
            nodes, width=len(self.mean), constants={**arrays, "one": np.array([1], np.int64)}
        )

    def to_bytes(self) -> bytes:
        """Give what `load` makes the model from again: JSON."""
        names = ("mean", "scale", "coefficients", "intercept")
        return json.dumps({name: getattr(self, name) for name in names}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        values = json.loads(content)
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **lists})


@dataclass(frozen=True)
class Boosted:
    """Boosted trees, kept as XGBoost's own UBJ; every stored tree counts.

    Leaves are added in double precision, here in runs of a few trees and so in the graph:
    hundreds of additions in single precision would part the two by more than 1e-6.
    """

    ubj: bytes
    kind: ClassVar[str] = "boosted"

    @cached_property
    def booster(self) -> xgboost.Booster:
        """The trees, as XGBoost has them; inputs have no names; one thread answers."""
        return xgboost.Booster({"nthread": 1}, model_file=bytearray(self.ubj))

    def predict(self, X: Floats) -> Probabilities:
        """Give the probability of 1 for each row of ``X`` (float32 [n, p]): float64 [n]."""
        return _sigmoid(self.log_odds(X))

    def log_odds(self, X: Floats) -> Probabilities:
        """Give the log-odds of 1, finite where the probability rounds to 0 or 1: float64 [n]."""
        rows = np.ascontiguousarray(X, dtype=np.float32)
        margin = np.full(len(rows), self._base, dtype=np.float64)
        last = self.booster.num_boosted_rounds()
        for first in range(0, last, _TREES_AT_ONCE):
            margin += self.booster.inplace_predict(
                rows,
                iteration_range=(first, min(last, first + _TREES_AT_ONCE)),
                predict_type="margin",
                base_margin=np.zeros(len(rows), dtype=np.float32),
            )
        return margin

    def onnx(self) -> ModelProto:
        """Give the graph from "X" (float32 [N, p]) to "probability" (float64 [N])."""
        width = self.booster.num_features()
        nodes = [
            helper.make_node("Cast", ["X"], ["wide"], to=TensorProto.DOUBLE),
            _summing_in_double(self._converted(width)),
            helper.make_node("Cast", ["margin"], ["wide_margin"], to=TensorProto.DOUBLE),
            helper.make_node("Sigmoid", ["wide_margin"], ["chance"]),
            helper.make_node("Squeeze", ["chance", "one"], ["probability"]),
        ]
        return _graph(nodes, width=width, constants={"one": np.array([1], np.int64)})

    def _converted(self, width: int) -> NodeProto:
        inputs = [("X", FloatTensorType([None, width]))]
        graph = convert_xgboost(self.booster, initial_types=inputs).graph
        return next(node for node in graph.node if node.op_type == "TreeEnsembleClassifier")

    @cached_property
    def _base(self) -> float:
        learner = json.loads(self.booster.save_config())["learner"]
        rate = float(learner["learner_model_param"]["base_score"].strip("[]"))
        return float(np.log(rate) - np.log1p(-rate))

    def to_bytes(self) -> bytes:
        """Give what `load` makes the model from again: UBJ."""
        return self.ubj

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        model = cls(content)
        if model.booster.num_boosted_rounds() == 0:
            raise ValueError("it has no trees")
        return model


def load(kind: str, content: bytes) -> Model:
    """Make a model from its kind and what its `to_bytes` gave; nothing is unpickled.

    Raises
    ------
    TaglineError
        The kind is unknown, or the content is no such model.
    """
    if kind not in _KINDS:
        raise TaglineError(f"There is no kind of model called {kind!r}.")
    try:
        return _KINDS[kind](content)
    except (ValueError, TypeError, xgboost.core.XGBoostError) as wrong:
        raise TaglineError(f"This is no {kind} model: {wrong}.") from wrong


_KINDS: dict[str, Callable[[bytes], Model]] = {
    BaseRate.kind: BaseRate.from_bytes,
    Logistic.kind: Logistic.from_bytes,
    Boosted.kind: Boosted.from_bytes,
}


def _summing_in_double(classifier: NodeProto) -> NodeProto:
    attributes = {a.name: helper.get_attribute_value(a) for a in classifier.attribute}
    trees = {name: value for name, value in attributes.items() if name in _KEPT}
    targets = {name.replace("class_", "target_"): attributes[name] for name in _RENAMED}
    doubles = {
        "nodes_values_as_tensor": attributes["nodes_values"],
        "target_weights_as_tensor": attributes["class_weights"],
        "base_values_as_tensor": attributes["base_values"],
    }
    tensors = {
        name: numpy_helper.from_array(np.asarray(value, np.float64), name)
        for name, value in doubles.items()
    }
    return helper.make_node(
        "TreeEnsembleRegressor",
        ["wide"],
        ["margin"],
        domain="ai.onnx.ml",
        n_targets=1,
        **trees,
        **targets,
        **tensors,
    )


def _sigmoid(margin: Probabilities) -> Probabilities:
    chance: Probabilities = np.exp(-np.logaddexp(0.0, -margin))
    return chance


def _graph(
    nodes: Sequence[NodeProto],
    *,
    width: int,
    constants: Mapping[str, npt.NDArray[Any]] = MappingProxyType({}),
) -> ModelProto:
    graph = helper.make_graph(
        list(nodes),
        "model",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", width])],
        [helper.make_tensor_value_info("probability", TensorProto.DOUBLE, ["N"])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
    checker.check_model(model)
    return model
