"""Run a case's input function on columns."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.columns.field import Field
from tagline.columns.kind import TEXT
from tagline.columns.rows import readable
from tagline.columns.texts import Texts
from tagline.errors import TaglineError
from tagline.names import near

Column = npt.NDArray[Any]
Columns = dict[str, Column]
InputFunction = Callable[[Any, Mapping[str, Any]], Mapping[str, Any]]


def columns(
    frame: pd.DataFrame, *, fields: Sequence[Field], history: Sequence[str] = (), where: str = ""
) -> Columns:
    """Turn a frame into the arrays that input functions and ONNX graphs take.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        Raw fields in any types, and history columns.
    fields : sequence of Field
        The raw fields.
    history : sequence of str, optional
        The history columns, numbers.
    where : str, optional
        What to call the rows in messages.

    Returns
    -------
    dict
        Field name to array of shape (n,); see `Field` for types and missing values.

    Raises
    ------
    TaglineError
        A column is not there, holds what is none of its field's kind, or lacks a value that it
        can not lack; names every such column, and its first rows.
    """
    numbers = [Field(name, "number", required=False) for name in history]
    absent = [name for name in history if name not in frame]
    if absent:
        named = ", ".join(f"{name!r}{near(name, frame.columns)}" for name in absent)
        raise TaglineError(f"There is no such column: {named}.", where=f"column {absent[0]!r}")
    rows = readable(frame, [*fields, *numbers], where=where)
    return arrays(rows, [*fields, *numbers])


def arrays(read: pd.DataFrame, fields: Sequence[Field]) -> Columns:
    """As `columns`, of rows that `tagline.columns.rows.read_rows` has read already."""
    return {field.name: field.type.array(read[field.name], field) for field in fields}


def compute(function: InputFunction, row: Mapping[str, Column]) -> Columns:
    """Run an input function on NumPy columns and check what it gives.

    Parameters
    ----------
    function : callable
        ``inputs(xp, row)`` of a case, pure and written against the Array API.
    row : mapping of str to ndarray of shape (n,)
        What `columns` gives.

    Returns
    -------
    dict
        Input name to array of shape (n,): float64, or text where the input is a category.

    Raises
    ------
    TaglineError
        The function gives nothing, or something that is not one value a row.
    """
    rows = len(next(iter(row.values())))
    given = function(Texts(), row)
    if not given:
        raise TaglineError("The input function gives no inputs.", where="inputs")
    return {name: _checked(name, np.asarray(value), rows=rows) for name, value in given.items()}


def is_text(values: Column) -> bool:
    """Whether an array holds text."""
    return values.dtype.kind in "TUO"


def _checked(name: str, value: Column, *, rows: int) -> Column:
    if value.shape != (rows,):
        raise TaglineError(
            f"Its shape is {value.shape} and must be one value a row, ({rows},).",
            where=f"input {name!r}",
        )
    return value.astype(TEXT) if is_text(value) else value.astype(np.float64)
