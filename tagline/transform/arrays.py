"""Columns as arrays, held against what they must be before a graph takes them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tagline.columns.field import Field
from tagline.errors import TaglineError
from tagline.transform.compute import Column, Columns, is_text


def expect_arrays(
    given: Mapping[str, Column], fields: Sequence[Field], history: Sequence[str], *, where: str
) -> Columns:
    """Refuse arrays that are not what `tagline.transform.compute.columns` gives.

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
        for why in field.type.wrong(arrays[field.name], required=field.required)
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
