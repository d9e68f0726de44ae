"""Read values as one kind: what fits, in the kind's own type; what does not, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from tagline.columns.held import without_arrow
from tagline.columns.kind import ColumnKind, Found, How, Mask, Source, nothing
from tagline.columns.kinds import Kind
from tagline.columns.types import KINDS


@dataclass(frozen=True)
class Read:
    """Values as they were read.

    Attributes
    ----------
    series : Series of shape (n,)
        string: str; integer: int64, or Int64 where some are missing; number: float64; timestamp:
        datetime64[us, UTC]; boolean: bool, or boolean where some are missing.
    unread : ndarray of shape (n,), bool
        Where there was a value that is none of this kind.
    notes : dict
        What else happened, to the number of values.
    """

    series: pd.Series
    unread: Mask
    notes: Mapping[str, int] = field(default_factory=dict)


def read(values: pd.Series, kind: Kind, how: How | None = None) -> Read:
    """Read values as one kind.

    A value is read by what it is, not by the column's type: text, whole number, number, flag or
    time. What the kind can not hold without a change of its meaning is unread: 7 is no flag, a
    flag is no number, a number is no time unless `how` names its unit.

    Parameters
    ----------
    values : Series of shape (n,)
        Of any type.
    kind : {"string", "integer", "number", "timestamp", "boolean", "text", "duration"}
        What they are to be.
    how : How, optional
        Of times: format and zone.
    """
    plain, of = without_arrow(values).reset_index(drop=True), KINDS[kind]
    found, notes = _read(plain, of, how or How())
    unread = (found.isna() & ~missing(plain, of)).to_numpy(dtype=bool)
    return Read(_narrowed(found.set_axis(values.index)), unread, notes)


def as_ids(values: pd.Series) -> pd.Series:
    """Give what names rows as text, the same however a table, a frame or a request holds it.

    Returns
    -------
    Series of shape (n,), str
        7, 7.0 and "7" are "7"; missing where there is none, or it is no name.
    """
    return read(values, "string").series


def as_text(values: pd.Series) -> pd.Series:
    """Write values as text, the same however a table or a frame holds them; 7.0 is "7".

    Returns
    -------
    Series of shape (n,), str
        Missing where there is none.
    """
    named = as_ids(values)
    return named.where(named.notna(), values.astype("str"))


def missing(values: pd.Series, kind: ColumnKind) -> pd.Series:
    """Tell which values are missing: none at all, or text that means none for the kind."""
    absent = values.isna()
    if values.dtype == object or _source(values) == "text":
        absent |= values.isin(kind.words)
    return absent


def _read(values: pd.Series, kind: ColumnKind, how: How) -> Found:
    known = values[values.notna()]
    if values.dtype == object or isinstance(values.dtype, pd.CategoricalDtype):
        return _each_source(values, known.astype(object), kind, how)
    found, notes = kind.readers.get(_source(values), nothing)(known, how)
    return _filled(values, kind, [found]), notes


def _each_source(values: pd.Series, known: pd.Series, kind: ColumnKind, how: How) -> Found:
    sources = known.map(_source_of).to_numpy(dtype=object)
    parts: list[pd.Series] = []
    notes: dict[str, int] = {}
    for source in sorted(set(sources)):
        found, said = kind.readers.get(source, nothing)(known[sources == source], how)
        parts.append(found)
        notes |= said
    return _filled(values, kind, parts), notes


def _filled(values: pd.Series, kind: ColumnKind, parts: list[pd.Series]) -> pd.Series:
    if len(parts) == 1:
        return parts[0].astype(kind.pandas).reindex(values.index)
    whole = pd.Series(pd.NA, index=values.index, dtype=object)
    for part in parts:
        whole[part.index] = part.astype(object)
    return whole.where(whole.notna(), None).astype(kind.pandas)


def _narrowed(found: pd.Series) -> pd.Series:
    if found.dtype == "Int64" and not found.isna().any():
        return found.astype("int64")
    if found.dtype == "boolean" and not found.isna().any():
        return found.astype("bool")
    return found


def _source(values: pd.Series) -> Source:
    kind = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return "flag"
    if pd.api.types.is_integer_dtype(kind):
        return "integer"
    if pd.api.types.is_float_dtype(kind):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(kind):
        return "time"
    if pd.api.types.is_timedelta64_dtype(kind):
        return "length"
    return "text" if pd.api.types.is_string_dtype(kind) else "other"


def _source_of(value: Any) -> Source:
    match value:
        case bool() | np.bool_():
            return "flag"
        case int() | np.integer():
            return "integer"
        case float() | np.floating() | Decimal():
            return "number"
        case str():
            return "text"
        case datetime() | np.datetime64() | date():
            return "time"
        case timedelta() | np.timedelta64():
            return "length"
        case time():
            return "clock"
        case _:
            return "other"
