"""One ONNX graph from a request's raw fields to the calibrated answer."""

import numpy as np
import onnx
import spox

from tagline.metrics.calibrators import Calibrator
from tagline.names import free
from tagline.tasks.task import Task
from tagline.transform.feature_encoder import MATRIX
from tagline.transform.to_onnx import PLACE, with_names


def assemble(
    front: onnx.ModelProto, model: onnx.ModelProto, task: Task, calibrator: Calibrator
) -> onnx.ModelProto:
    """Join input function, model and calibrator.

    Parameters
    ----------
    front : ModelProto
        From raw fields and history to ``X``; see `tagline.transform.to_onnx.trace`.
    model : ModelProto
        From ``X``, float32 [N, p], to margins, float64 [N, w]; its one output.
    task : Task
        What margins mean.
    calibrator : dict
        See `tagline.metrics.calibrators.apply`.

    Returns
    -------
    ModelProto
        The inputs of `front`, and one output, float64 [N]: the first column of the answer, by its
        name where no column of the table has it.
    """
    answer = task.answer[0].name
    columns = [each.name for each in front.graph.input]
    places = {name: f"{PLACE}{at}" for at, name in enumerate(columns)}
    (output,) = front.graph.output
    inner = with_names(front, places | {output.name: MATRIX})
    arguments = {each.name: _argument(each) for each in inner.graph.input}
    matrix = spox.inline(inner)(**arguments)[MATRIX]
    given = task.head(_margins(model, matrix), calibrator)
    built = spox.build(arguments, {answer: given, MATRIX: matrix})
    back = {place: name for name, place in places.items()}
    names = {each: free(each, columns) for each in (answer, MATRIX)}
    joined = with_names(built, back | names)
    # Whoever watches asks for the inputs too; who only wants the answer does not pay for them.
    joined.graph.output.pop()
    onnx.helper.set_model_props(joined, {MATRIX: names[MATRIX]})
    onnx.checker.check_model(joined)
    return joined


def scorer(model: onnx.ModelProto, task: Task, calibrator: Calibrator) -> onnx.ModelProto:
    """Join model and calibrator, for a row whose inputs are known already.

    Returns
    -------
    ModelProto
        From ``X``, float32 [N, p], to the first column of the answer, float64 [N].
    """
    width = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    X = spox.argument(spox.Tensor(np.float32, ("N", width)))
    given = task.head(_margins(model, X), calibrator)
    built = spox.build({MATRIX: X}, {task.answer[0].name: given})
    onnx.checker.check_model(built)
    return built


def _argument(value: onnx.ValueInfoProto) -> spox.Var:
    kind = value.type.tensor_type.elem_type
    dtype = (
        np.str_ if kind == onnx.TensorProto.STRING else onnx.helper.tensor_dtype_to_np_dtype(kind)
    )
    return spox.argument(spox.Tensor(dtype, ("N",)))


def _margins(model: onnx.ModelProto, X: spox.Var) -> spox.Var:
    ((_, margins),) = spox.inline(model)(X=X).items()
    return margins
