"""One ONNX graph from a request's raw fields to the calibrated probability."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import spox
import spox.opset.ai.onnx.v21 as op

from tagline.bundle.load import PROBABILITY
from tagline.metrics.calibrators import CLIP
from tagline.names import free
from tagline.transform.feature_encoder import MATRIX
from tagline.transform.to_onnx import PLACE, with_names


def assemble(
    front: onnx.ModelProto, model: onnx.ModelProto, calibrator: Mapping[str, Any]
) -> onnx.ModelProto:
    """Join input function, model and calibrator.

    Parameters
    ----------
    front : ModelProto
        From raw fields and history to ``X``; see `tagline.transform.to_onnx.trace`.
    model : ModelProto
        From ``X``, float32 [N, p], to ``probability``, float64 [N].
    calibrator : mapping
        See `tagline.evaluation.calibration.apply`; computed in double precision.

    Returns
    -------
    ModelProto
        The inputs of `front`, and one output, float64 [N], called ``probability`` where no
        column is.
    """
    columns = [each.name for each in front.graph.input]
    places = {name: f"{PLACE}{at}" for at, name in enumerate(columns)}
    (output,) = front.graph.output
    inner = with_names(front, places | {output.name: MATRIX})
    arguments = {each.name: _argument(each) for each in inner.graph.input}
    matrix = spox.inline(inner)(**arguments)[MATRIX]
    raw = spox.inline(model)(X=matrix)[PROBABILITY]
    built = spox.build(arguments, {PROBABILITY: _calibrated(raw, calibrator), MATRIX: matrix})
    back = {place: name for name, place in places.items()}
    names = {each: free(each, columns) for each in (PROBABILITY, MATRIX)}
    joined = with_names(built, back | names)
    # Whoever watches asks for the inputs too; who only wants the answer does not pay for them.
    joined.graph.output.pop()
    onnx.helper.set_model_props(joined, {MATRIX: names[MATRIX]})
    onnx.checker.check_model(joined)
    return joined


def scorer(model: onnx.ModelProto, calibrator: Mapping[str, Any]) -> onnx.ModelProto:
    """Join model and calibrator, for a row whose inputs are known already.

    Returns
    -------
    ModelProto
        From ``X``, float32 [N, p], to ``probability``, float64 [N].
    """
    width = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    X = spox.argument(spox.Tensor(np.float32, ("N", width)))
    raw = spox.inline(model)(X=X)[PROBABILITY]
    built = spox.build({MATRIX: X}, {PROBABILITY: _calibrated(raw, calibrator)})
    onnx.checker.check_model(built)
    return built


def _argument(value: onnx.ValueInfoProto) -> spox.Var:
    kind = value.type.tensor_type.elem_type
    dtype = (
        np.str_ if kind == onnx.TensorProto.STRING else onnx.helper.tensor_dtype_to_np_dtype(kind)
    )
    return spox.argument(spox.Tensor(dtype, ("N",)))


def _calibrated(p: spox.Var, calibrator: Mapping[str, Any]) -> spox.Var:
    match calibrator["kind"]:
        case "none":
            return p
        case "platt":
            weights = (calibrator["slope"], calibrator["slope"], calibrator["intercept"])
        case _:
            weights = (calibrator["a"], calibrator["b"], calibrator["c"])
    on_p, on_rest, constant = (op.const(np.float64(weight)) for weight in weights)
    clipped = op.clip(p, op.const(np.float64(CLIP)), op.const(np.float64(1 - CLIP)))
    rest = op.log(op.sub(op.const(np.float64(1)), clipped))
    margin = op.add(op.sub(op.mul(on_p, op.log(clipped)), op.mul(on_rest, rest)), constant)
    return op.sigmoid(margin)
