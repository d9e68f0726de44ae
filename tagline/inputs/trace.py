"""Trace an input function into an ONNX graph: the same definition, a third way to run it."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import ndonnx as ndx
import numpy as np
import onnx
import spox
import spox.opset.ai.onnx.ml.v4 as ml
import spox.opset.ai.onnx.v21 as op

from tagline.errors import TaglineError
from tagline.inputs.compute import InputFunction
from tagline.inputs.encode import Encoder
from tagline.inputs.field import Field
from tagline.inputs.matrix import InputSet

MATRIX = "X"
DTYPES = {"utf8": ndx.utf8, "int64": ndx.int64, "float64": ndx.float64, "bool": ndx.bool}


def trace(
    function: InputFunction,
    *,
    fields: Sequence[Field],
    history: Sequence[str],
    inputs: InputSet,
) -> onnx.ModelProto:
    """Make one graph from raw fields and history to the model's matrix.

    Parameters
    ----------
    function : callable
        The case's input function.
    fields : sequence of Field
        The raw fields; each is a graph input of shape [N] in its own type.
    history : sequence of str
        The history columns; each is a float64 graph input of shape [N].
    inputs : InputSet
        Order and encoders.

    Returns
    -------
    ModelProto
        With the output ``X``, float32 [N, p].

    Raises
    ------
    TaglineError
        The function can not be traced: it does something that is not in the Array API.
    """
    types = {field.name: DTYPES[field.dtype] for field in fields}
    types |= dict.fromkeys(history, ndx.float64)
    row = {name: ndx.argument(shape=("N",), dtype=dtype) for name, dtype in types.items()}
    made = _traced(function, row)
    numbers = [_column(made[name], inputs.encoders.get(name)) for name in inputs.names]
    matrix = op.concat([op.unsqueeze(each, op.const([1])) for each in numbers], axis=1)
    arguments = {name: argument.unwrap_spox() for name, argument in row.items()}
    return spox.build(arguments, {MATRIX: matrix})


def _traced(function: InputFunction, row: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        with warnings.catch_warnings():
            # ndonnx warns where onnxruntime has a function in single precision only: the graph
            # would answer otherwise than NumPy does.
            warnings.simplefilter("error", UserWarning)
            return function(ndx, row)
    except UserWarning as lossy:
        raise TaglineError(
            f"The input function loses precision in the graph: {lossy}.",
            where="inputs",
            todo="Use plain arithmetic; docs/case.md names the functions that are exact.",
        ) from lossy
    except (TypeError, AttributeError, NotImplementedError, ValueError) as wrong:
        raise TaglineError(
            f"The input function can not be traced: {wrong}.",
            where="inputs",
            todo="Use operators and functions of the Array API, as xp offers them.",
        ) from wrong


def _column(made: Any, encoder: Encoder | None) -> spox.Var:
    if encoder is None:
        return ndx.astype(ndx.astype(made, ndx.float64), ndx.float32).unwrap_spox()
    return ml.label_encoder(
        made.unwrap_spox(),
        keys_tensor=np.asarray(encoder.categories, dtype=np.str_),
        values_tensor=np.asarray(encoder.values, dtype=np.float32),
        default_tensor=np.asarray([encoder.otherwise], dtype=np.float32),
    )
