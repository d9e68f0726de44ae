"""Rows of raw fields: read all alike, whoever gives them, with every fault at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tagline.columns.field import Field
from tagline.columns.kind import Mask, shown
from tagline.columns.values import Read, read
from tagline.errors import TaglineError
from tagline.names import near

SHOWN_ROWS = 5


@dataclass(frozen=True)
class Rows:
    """Rows as they were read.

    Attributes
    ----------
    frame : DataFrame of shape (n, fields)
        The fields, each in the type of its kind; see `tagline.columns.values.Read`.
    read : dict of str to Read
        Field to what was read of it, and what was not.
    """

    frame: pd.DataFrame
    read: Mapping[str, Read]

    def unread(self, name: str) -> Mask:
        """Tell where there was a value that is none of a field's kind."""
        return self.read[name].unread


def read_rows(frame: pd.DataFrame, fields: Sequence[Field]) -> Rows:
    """Read raw fields.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        Of any types; columns that are no fields are left out. An optional field without a column
        is missing in every row, as in a request.
    fields : sequence of Field
        What each column is to be.

    Raises
    ------
    TaglineError
        A required field has no column, or an optional one has none and another column may be a
        misspelling of it; or two columns have one name. Names all of them.
    """
    absent = _absent(frame, fields)
    found = {
        field.name: _read(
            _nothing(frame, field) if field.name in absent else frame[field.name], field
        )
        for field in fields
    }
    return Rows(
        frame=pd.DataFrame({name: each.series for name, each in found.items()}, frame.index),
        read=found,
    )


def faults(rows: Rows, fields: Sequence[Field]) -> Iterator[tuple[str, Mask]]:
    """Say what is wrong with rows: a reason, beginning with the field's name, and where it holds.

    Parameters
    ----------
    rows : Rows
        What `read_rows` gave.
    fields : sequence of Field
        With what each field allows.
    """
    for field in fields:
        yield f"{field.name} is no {field.kind}", rows.unread(field.name)
        for reason, _, where in field.type.impossible(rows.frame[field.name]):
            yield f"{field.name} {reason}", where
        yield from _beyond(rows.frame[field.name], rows.unread(field.name), field)


def readable(frame: pd.DataFrame, fields: Sequence[Field], *, where: str = "") -> pd.DataFrame:
    """Read raw fields, or refuse them all.

    Parameters
    ----------
    frame, fields
        As for `read_rows`.
    where : str, optional
        What to call the rows in messages.

    Raises
    ------
    TaglineError
        A value is none of its field's kind, or is missing where one is required; names every
        such field, and its first rows.
    """
    rows = read_rows(frame, fields)
    wrong = [
        sentence
        for field in fields
        if field.name in frame
        for sentence in _wrong(frame[field.name], rows.frame[field.name], rows, field)
    ]
    if wrong:
        raise TaglineError(" ".join(wrong), where=where)
    return rows.frame


def _wrong(given: pd.Series, values: pd.Series, rows: Rows, field: Field) -> Iterator[str]:
    unread = rows.unread(field.name)
    if unread.any():
        hint = f"; {field.type.hint}" if field.type.hint else ""
        yield (
            f"column {field.name!r}: {int(unread.sum())} rows can not be read as "
            f"{field.kind}{hint} ({_places(unread, given)})."
        )
    for _, reason, where in field.type.impossible(values):
        if where.any():
            yield (
                f"column {field.name!r}: {int(where.sum())} rows {reason} "
                f"({_places(where, given)})."
            )
    lacking = values.isna().to_numpy() & ~unread
    if field.required and not field.type.always and lacking.any():
        yield (
            f"column {field.name!r}: {int(lacking.sum())} rows lack a value, and a required "
            f"{field.kind} can not be missing ({_places(lacking)})."
        )


def _places(mask: Mask, values: pd.Series | None = None) -> str:
    at = np.flatnonzero(mask)
    named = [
        f"row {place}" if values is None else f"row {place}: {shown(values.iloc[place])}"
        for place in at[:SHOWN_ROWS]
    ]
    return ", ".join(named) + (", …" if len(at) > SHOWN_ROWS else "")


def _beyond(values: pd.Series, unread: Mask, field: Field) -> Iterator[tuple[str, Mask]]:
    if field.required:
        yield f"{field.name} is missing", values.isna().to_numpy() & ~unread
    if field.type.measured:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        endless = np.isinf(numbers)
        if field.minimum is not None:
            low = (numbers < field.minimum) & ~endless
            yield f"{field.name} is below {field.minimum:g}{_unit(field)}", low
        if field.maximum is not None:
            high = (numbers > field.maximum) & ~endless
            yield f"{field.name} is above {field.maximum:g}{_unit(field)}", high
    if field.allowed is not None:
        strange = ~values.isin(list(field.allowed)) & values.notna()
        yield f"{field.name} is a value that is not allowed", strange.to_numpy(dtype=bool)


def _unit(field: Field) -> str:
    return f" {field.unit}" if field.unit else ""


def _nothing(frame: pd.DataFrame, field: Field) -> pd.Series:
    return pd.Series(None, index=frame.index, name=field.name, dtype=object)


def _read(given: pd.Series, field: Field) -> Read:
    found = read(field.cleaning.column(given), field.kind, field.how)
    lacking = field.cleaning.lacking(found.series)
    if not lacking.any():
        return found
    held = found.series.astype("Int64") if found.series.dtype == "int64" else found.series
    return replace(found, series=held.mask(lacking))


def _absent(frame: pd.DataFrame, fields: Sequence[Field]) -> set[str]:
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise TaglineError(f"More than one column is called {twice!r}.", where=f"column {twice!r}")
    absent = [field for field in fields if field.name not in frame]
    strange = set(frame.columns.astype(str)) - {field.name for field in fields}
    missing = [
        f"{each.name!r}{near(each.name, strange)}"
        for each in absent
        if each.required or near(each.name, strange)
    ]
    if missing:
        raise TaglineError(
            f"There is no such column: {', '.join(missing)}.", where=f"column {missing[0]}"
        )
    return {field.name for field in absent}
