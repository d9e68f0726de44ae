"""Run a case's input function on columns."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.errors import TaglineError
from tagline.inputs.field import Field

Column = npt.NDArray[Any]
Columns = dict[str, Column]
InputFunction = Callable[[Any, Mapping[str, Any]], Mapping[str, Any]]

TEXT = np.dtypes.StringDType()
MISSING_TEXT = ""


def columns(
    frame: pd.DataFrame, *, fields: Sequence[Field], history: Sequence[str] = ()
) -> Columns:
    """Turn a frame into the arrays that input functions and ONNX graphs take.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        Raw fields in the types that the data contract gives, and history columns.
    fields : sequence of Field
        The raw fields.
    history : sequence of str, optional
        The history columns, float64.

    Returns
    -------
    dict
        Field name to array of shape (n,); see `Field` for types and missing values.

    Raises
    ------
    TaglineError
        A column is not there, holds another type, or lacks a value that it can not lack.
    """
    missing = [name for name in [*(field.name for field in fields), *history] if name not in frame]
    if missing:
        raise TaglineError("There is no such column.", where=f"column {missing[0]!r}")
    raw = {field.name: _array(frame[field.name], field) for field in fields}
    past = {name: frame[name].to_numpy(dtype=np.float64) for name in history}
    return raw | past


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
    given = function(np, row)
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


def _array(values: pd.Series, field: Field) -> Column:
    if field.dtype == "utf8":
        return values.astype("object").where(values.notna(), MISSING_TEXT).to_numpy().astype(TEXT)
    if field.kind == "timestamp":
        values = _epoch_seconds(values, where=f"column {field.name!r}")
    lacking = int(values.isna().sum())
    if lacking and field.dtype != "float64":
        raise TaglineError(
            f"{lacking} rows lack a value, and a required {field.kind} can not be missing.",
            where=f"column {field.name!r}",
        )
    return _numbers(values, field)


def _numbers(values: pd.Series, field: Field) -> Column:
    missing: dict[str, Any] = {"na_value": np.nan} if field.dtype == "float64" else {}
    try:
        return values.to_numpy(dtype=np.dtype(field.dtype), **missing)
    except (TypeError, ValueError) as wrong:
        raise TaglineError(
            f"Its values can not be read as {field.kind}: {wrong}.", where=f"column {field.name!r}"
        ) from wrong


def _epoch_seconds(values: pd.Series, *, where: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values
    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        raise TaglineError(
            f"It holds {values.dtype}; a timestamp is a time with its zone.", where=where
        )
    whole = values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    seconds = whole.astype(np.int64).astype(np.float64)
    return pd.Series(np.where(np.isnat(whole), np.nan, seconds), index=values.index)
