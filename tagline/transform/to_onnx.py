"""Trace an input function into an ONNX graph: the same definition, a third way to run it."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import ndonnx as ndx
import numpy as np
import onnx
import spox
import spox.opset.ai.onnx.ml.v4 as ml
import spox.opset.ai.onnx.v21 as op

from tagline.columns.field import Field
from tagline.columns.texts import STEPS
from tagline.errors import TaglineError
from tagline.names import free
from tagline.transform.compute import InputFunction
from tagline.transform.encode import Encoder
from tagline.transform.feature_encoder import MATRIX, FeatureEncoder

PLACE = "column_"  # what the graph's inputs are called while it is built
OWN = "tagline_"  # what all values inside the graph begin with, where no column does
PLAIN = (bool, int, float, str)
DTYPES = {"utf8": ndx.utf8, "int64": ndx.int64, "float64": ndx.float64, "bool": ndx.bool}


def trace(
    function: InputFunction,
    *,
    fields: Sequence[Field],
    history: Sequence[str],
    inputs: FeatureEncoder,
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
    inputs : FeatureEncoder
        Order and encoders.

    Returns
    -------
    ModelProto
        With every column as an input, and one output, float32 [N, p], called ``X`` where
        no column is.

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
    arguments = {f"{PLACE}{at}": each.unwrap_spox() for at, each in enumerate(row.values())}
    return with_names(
        spox.build(arguments, {MATRIX: matrix}),
        {f"{PLACE}{at}": name for at, name in enumerate(row)} | {MATRIX: free(MATRIX, row)},
    )


def reads(model: onnx.ModelProto) -> list[str]:
    """Name the inputs of a graph that its outputs depend on."""
    used = _used(model.graph)
    return [each.name for each in model.graph.input if each.name in used]


def _used(graph: onnx.GraphProto) -> set[str]:
    found = {each.name for each in graph.output}
    for node in graph.node:
        found |= set(node.input)
        for inner in _inner(node):
            found |= _used(inner)
    return found


def _inner(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        yield from attribute.graphs
        if attribute.HasField("g"):
            yield attribute.g


def read_columns(
    function: InputFunction,
    *,
    fields: Sequence[Field],
    history: Sequence[str],
    inputs: FeatureEncoder,
) -> list[str]:
    """Name the fields and history columns that reach an input; parameters as for `trace`."""
    return reads(trace(function, fields=fields, history=history, inputs=inputs))


def with_names(model: onnx.ModelProto, names: Mapping[str, str]) -> onnx.ModelProto:
    """Give a graph's inputs and outputs names, which may be any text, and others to its own values.

    Parameters
    ----------
    model : ModelProto
        The graph; it is not changed.
    names : mapping of str to str
        Input or output of the graph to its new name; outputs that are left out keep theirs.
    """
    named = onnx.ModelProto()
    named.CopyFrom(model)
    mark = OWN
    while any(name.startswith(mark) for name in names.values()):
        mark += "_"
    outputs = {each.name: each.name for each in model.graph.output}
    _rename(named.graph, {**outputs, **names}, mark)
    return named


def _rename(graph: onnx.GraphProto, names: Mapping[str, str], mark: str) -> None:
    def new(name: str) -> str:
        # ONNX writes an input that is left out as an empty name.
        return names.get(name) or (f"{mark}{name}" if name else "")

    for node in graph.node:
        node.input[:] = [new(each) for each in node.input]
        node.output[:] = [new(each) for each in node.output]
        for inner in _inner(node):
            _rename(inner, names, mark)
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = new(value.name)
    for sparse in graph.sparse_initializer:
        sparse.values.name = new(sparse.values.name)


class _Namespace:
    """What ndonnx offers, and what it leaves out: a choice of constants, counts of texts."""

    def __getattr__(self, name: str) -> Any:
        return getattr(ndx, name)

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        """Choose between two values, constants too."""
        both = isinstance(yes, PLAIN) and isinstance(no, PLAIN)
        return ndx.where(condition, ndx.asarray(yes) if both else yes, no)

    def text_length(self, texts: Any) -> Any:
        """Give the greatest of `tagline.columns.texts.STEPS` that each text reaches."""
        given, reached = texts.unwrap_spox(), op.const(np.float64(0.0))
        for below, step in pairwise((0, *STEPS)):
            there = op.regex_full_match(given, pattern=f"(?s).{{{step},}}")
            reached = op.add(reached, op.where(there, _double(step - below), _double(0)))
        return self._unless_empty(texts, reached)

    def text_words(self, texts: Any) -> Any:
        """Count what spaces part."""
        _, words = op.string_split(texts.unwrap_spox())
        return self._unless_empty(texts, op.cast(words, to=np.float64))

    def _unless_empty(self, texts: Any, counted: spox.Var) -> Any:
        return ndx.where(texts == "", ndx.asarray(np.nan), ndx.asarray(counted))


def _double(number: float) -> spox.Var:
    return op.const(np.float64(number))


def _traced(function: InputFunction, row: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        with warnings.catch_warnings():
            # ndonnx warns where onnxruntime has a function in single precision only: the graph
            # would answer otherwise than NumPy does.
            warnings.simplefilter("error", UserWarning)
            return function(_Namespace(), row)
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
        # NumPy's own text would lose a NUL at the end.
        keys_tensor=np.asarray(encoder.categories, dtype=object),
        values_tensor=np.asarray(encoder.values, dtype=np.float32),
        default_tensor=np.asarray([encoder.otherwise], dtype=np.float32),
    )
