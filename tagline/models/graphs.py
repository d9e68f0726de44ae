"""The graphs of the families: from "X" (float32 [N, p]) to "margins" (float64 [N, w]).

Only who writes a graph imports this: ONNX and its converters take a second.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import spox
import spox.opset.ai.onnx.v21 as op
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper
from onnxmltools.convert import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

if TYPE_CHECKING:
    import xgboost

_OPSETS = {"": 21, "ai.onnx.ml": 4}
_IR_VERSION = 10
SURE = 2.0**-24  # single precision tells no probability nearer to 0 or 1 apart
_ONE = np.array([1], np.int64)
_KEPT = (
    "nodes_falsenodeids",
    "nodes_featureids",
    "nodes_hitrates",
    "nodes_missing_value_tracks_true",
    "nodes_modes",
    "nodes_nodeids",
    "nodes_treeids",
    "nodes_truenodeids",
    "target_ids",
    "target_nodeids",
    "target_treeids",
)


def of_constant(margins: Sequence[float], *, width: int) -> ModelProto:
    """Make the graph of the same margins for every row of so many inputs."""
    nodes = [
        helper.make_node("Shape", ["X"], ["rows"], start=0, end=1),
        helper.make_node("Concat", ["rows", "one"], ["shape"], axis=0),
        helper.make_node("Expand", ["values", "shape"], ["margins"]),
    ]
    values = np.array([margins], np.float64)
    constants = {"one": _ONE, "values": values}
    return _checked(nodes, width=width, gives=len(margins), constants=constants)


def of_trees(
    booster: "xgboost.Booster", *, width: int = 1, scale: tuple[float, float] = (0.0, 1.0)
) -> ModelProto:
    """Make the graph of trees of which one at least splits: leaves are added in double precision.

    The converter loses the base score of trees that are leaves only, or fails.

    Parameters
    ----------
    booster : Booster
        The trees.
    width : int, optional
        How many margins a row has.
    scale : tuple of two floats, optional
        What sums are moved by, after they are multiplied by the second.
    """
    inputs = booster.num_features()
    nodes = [
        helper.make_node("Cast", ["X"], ["wide"], to=TensorProto.DOUBLE),
        _summing_in_double(_converted(booster, inputs), width),
        helper.make_node("Cast", ["margin"], ["sums"], to=TensorProto.DOUBLE),
        helper.make_node("Mul", ["sums", "spread"], ["spread out"]),
        helper.make_node("Add", ["spread out", "middle"], ["margins"]),
    ]
    constants = {"middle": np.array(scale[0]), "spread": np.array(scale[1])}
    if scale == (0.0, 1.0):
        nodes, constants = [*nodes[:2], nodes[2]], {}
        nodes[2].output[0] = "margins"
    return _checked(nodes, width=inputs, gives=width, constants=constants)


def of_sum(
    mean: Sequence[float],
    scale: Sequence[float],
    coefficients: npt.NDArray[np.float64],
    intercept: npt.NDArray[np.float64],
) -> ModelProto:
    """Make the graph of weighted sums of standardised inputs; a missing one adds nothing.

    Coefficients are of shape (p, w), intercepts (w,).
    """
    constants: dict[str, Any] = {
        "mean": mean,
        "scale": scale,
        "coefficients": coefficients,
        "intercept": intercept,
        "nothing": 0.0,
    }
    steps = [
        ("Sub", ["wide", "mean"], "centred"),
        ("Div", ["centred", "scale"], "scaled"),
        ("IsNaN", ["scaled"], "missing"),
        ("Where", ["missing", "nothing", "scaled"], "imputed"),
        ("MatMul", ["imputed", "coefficients"], "column"),
        ("Add", ["column", "intercept"], "margins"),
    ]
    nodes = [
        helper.make_node("Cast", ["X"], ["wide"], to=TensorProto.DOUBLE),
        *(helper.make_node(kind, inputs, [output]) for kind, inputs, output in steps),
    ]
    arrays = {name: np.asarray(value, np.float64) for name, value in constants.items()}
    gives = coefficients.shape[1]
    return _checked(nodes, width=len(mean), gives=gives, constants=arrays)


def _checked(
    nodes: Sequence[NodeProto],
    *,
    width: int,
    gives: int,
    constants: Mapping[str, npt.NDArray[Any]] = MappingProxyType({}),
) -> ModelProto:
    made = helper.make_graph(
        list(nodes),
        "model",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", width])],
        [helper.make_tensor_value_info("margins", TensorProto.DOUBLE, ["N", gives])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
    model = helper.make_model(made, opset_imports=opsets, ir_version=_IR_VERSION)
    checker.check_model(model)
    return model


def _converted(booster: "xgboost.Booster", width: int) -> NodeProto:
    inputs = [("X", FloatTensorType([None, width]))]
    converted = convert_xgboost(booster, initial_types=inputs).graph
    return next(node for node in converted.node if node.op_type.startswith("TreeEnsemble"))


def _summing_in_double(converted: NodeProto, width: int) -> NodeProto:
    attributes = {
        a.name.replace("class_", "target_"): helper.get_attribute_value(a)
        for a in converted.attribute
    }
    trees = {name: value for name, value in attributes.items() if name in _KEPT}
    doubles = {
        "nodes_values_as_tensor": attributes["nodes_values"],
        "target_weights_as_tensor": attributes["target_weights"],
        # The converter leaves out what is 0: the base of as many ones as zeros.
        "base_values_as_tensor": attributes.get("base_values", [0.0] * width),
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
        n_targets=width,
        **trees,
        **tensors,
    )


def of_margins(model: ModelProto, *, width: int) -> ModelProto:
    """Make a graph from "X" to "margins" (float64 [N, 1]) of one that a library has written."""
    ((taken,), (given,)) = (
        [each.name for each in values] for values in (model.graph.input, model.graph.output)
    )
    X = spox.argument(spox.Tensor(np.float32, ("N", width)))
    margins = op.cast(spox.inline(model)(**{taken: X})[given], to=np.float64)
    column = op.reshape(margins, op.const(np.array([-1, 1])))
    made = spox.build({"X": X}, {"margins": column})
    checker.check_model(made)
    return made


def of_mean(models: Sequence[ModelProto]) -> ModelProto:
    """Make the graph of the mean of several graphs' margins."""
    width = models[0].graph.input[0].type.tensor_type.shape.dim[1].dim_value
    X = spox.argument(spox.Tensor(np.float32, ("N", width)))
    parts = [_only(spox.inline(each)(X=X)) for each in models]
    total = reduce(op.add, parts)
    made = spox.build({"X": X}, {"margins": op.div(total, op.const(np.float64(len(parts))))})
    checker.check_model(made)
    return made


def _only(outputs: Mapping[str, spox.Var]) -> spox.Var:
    ((_, margins),) = outputs.items()
    return margins


def log_odds_of(model: ModelProto, *, output: int) -> ModelProto:
    """Make a graph to the log-odds of 1 of a classifier's.

    Parameters
    ----------
    model : ModelProto
        With one input, float32 [N, p].
    output : int
        Which of its outputs has the probabilities of 0 and 1, [N, 2].
    """
    (taken,) = model.graph.input
    width = taken.type.tensor_type.shape.dim[1].dim_value
    X = spox.argument(spox.Tensor(np.float32, ("N", width)))
    both = spox.inline(model)(**{taken.name: X})[model.graph.output[output].name]
    p = op.cast(op.gather(both, op.const(np.array([1])), axis=1), to=np.float64)
    kept = op.clip(p, *(op.const(np.float64(bound)) for bound in (SURE, 1 - SURE)))
    margins = op.sub(op.log(kept), op.log(op.sub(op.const(np.float64(1)), kept)))
    return spox.build({"X": X}, {"margins": margins})


def of_scikit(pipeline: Any) -> ModelProto:
    """Make a graph from "X" to log-odds of 1 of a classifier of scikit-learn."""
    # A second, and only where a model is one of scikit-learn's.
    from skl2onnx import convert_sklearn  # type: ignore[import-untyped]  # noqa: PLC0415
    from skl2onnx.common.data_types import FloatTensorType as Floats  # type: ignore[import-untyped]  # noqa: PLC0415

    converted = convert_sklearn(
        pipeline,
        initial_types=[("X", Floats([None, pipeline.n_features_in_]))],
        options={id(pipeline): {"zipmap": False}},
        target_opset=_OPSETS,
    )
    return log_odds_of(converted, output=1)
