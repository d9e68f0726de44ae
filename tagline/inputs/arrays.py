"""Columns as arrays, held against what they must be before a graph takes them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tagline.errors import TaglineError
from tagline.inputs.compute import Column, Columns, is_text
from tagline.inputs.field import Field
from tagline.reading.times import AFTER_SECONDS, FIRST_SECOND


def expect_arrays(
    given: Mapping[str, Column], fields: Sequence[Field], history: Sequence[str], *, where: str
) -> Columns:
    """Refuse arrays that are not what `tagline.inputs.compute.columns` gives.

    Parameters
    ----------
    given : mapping of str to ndarray
        Raw fields and history columns.
    fields : sequence of Field
        The raw fields that are wanted.
    history : sequence of str
        The history columns that are wanted, float64.
    where : str
        What to call the rows in messages.

    Returns
    -------
    dict
        What was wanted, each in its field's type.

    Raises
    ------
    TaglineError
        A column is missing, of another length or type, or holds what its field can not: a time
        outside the years 1800 to 2299 (milliseconds taken for seconds), a flag that is neither 0
        nor 1. Names every such column.
    """
    wanted = [*fields, *(Field(name, "number", required=False) for name in history)]
    missing = [field.name for field in wanted if field.name not in given]
    if missing:
        raise TaglineError(f"Missing column {', '.join(map(repr, missing))}.", where=where)
    arrays = {field.name: np.asarray(given[field.name]) for field in wanted}
    wrong = [*_lengths(arrays)] or [
        f"column {field.name!r}: {why}."
        for field in wanted
        for why in _wrong(arrays[field.name], field)
    ]
    if wrong:
        raise TaglineError(" ".join(wrong), where=where)
    return {
        field.name: array if is_text(array) else array.astype(field.dtype)
        for field, array in zip(wanted, arrays.values(), strict=True)
    }


def _lengths(arrays: Columns) -> Iterator[str]:
    shapes = {name: array.shape for name, array in arrays.items()}
    if any(len(shape) != 1 for shape in shapes.values()) or len(set(shapes.values())) > 1:
        message = ", ".join(f"{name!r} {shape}" for name, shape in shapes.items())
        yield f"The columns must be of one length: {message}."


def _wrong(array: Column, field: Field) -> Iterator[str]:
    match field.kind:
        case "string":
            yield from _wrong_text(array)
        case "number" if array.dtype.kind not in "fiu":
            yield f"it is {array.dtype}, no number"
        case "integer" if array.dtype.kind not in ("iu" if field.required else "fiu"):
            yield f"it is {array.dtype}, no whole number"
        case "integer" if not _all(array % 1 == 0, array):
            yield "it holds parts of whole numbers"
        case "boolean" if array.dtype.kind not in ("b" if field.required else "bf"):
            yield f"it is {array.dtype}, no flag"
        case "boolean" if not _all((array == 0) | (array == 1), array):
            yield "it holds what is neither 0 nor 1"
        case "timestamp":
            yield from _wrong_time(array, field)


def _wrong_text(array: Column) -> Iterator[str]:
    if not is_text(array):
        yield f"it is {array.dtype}, no text"
        return
    texts = array.astype(object)
    strange = sum(not isinstance(text, str) for text in texts)
    if strange:
        yield f"{strange} rows are no text"


def _wrong_time(array: Column, field: Field) -> Iterator[str]:
    if array.dtype.kind not in ("iu" if field.required else "fiu"):
        yield f"it is {array.dtype}, no seconds since 1970 UTC"
    elif not _all((array >= FIRST_SECOND) & (array < AFTER_SECONDS), array):
        yield "it holds seconds outside the years 1800 to 2299: are they of another unit?"


def _all(holds: Column, array: Column) -> bool:
    return bool((holds | np.isnan(array)).all() if array.dtype.kind == "f" else holds.all())
