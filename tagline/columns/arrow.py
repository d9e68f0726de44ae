"""Columns of Arrow as pandas holds them: every bit of a whole number, gaps and all."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

NO_PART_OF_A_SECOND = r"\.0+$"


class Unreadable(ValueError):
    """The column holds what is neither number, text, time nor flag."""


def of_arrow(column: pa.ChunkedArray) -> pd.Series:
    """Give a column of Arrow as a column of pandas.

    Parameters
    ----------
    column : ChunkedArray of shape (n,)
        Of any type.

    Returns
    -------
    Series of shape (n,)
        Text and times of day as text; whole numbers and flags with all their bits, as Int64 and
        boolean where some are missing; decimals by way of text; lengths of time as seconds.

    Raises
    ------
    Unreadable
        It holds bytes, lists or the like.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return _plain(column, column.type)


def is_readable(kind: pa.DataType) -> bool:
    """Tell whether `of_arrow` can give a column of a type."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    known = (
        *(pa.types.is_null, _is_text, pa.types.is_time, pa.types.is_boolean, pa.types.is_integer),
        *(pa.types.is_floating, pa.types.is_decimal, pa.types.is_timestamp, pa.types.is_date),
        pa.types.is_duration,
    )
    return any(each(kind) for each in known)


def _plain(column: pa.ChunkedArray, kind: pa.DataType) -> pd.Series:
    if pa.types.is_null(kind) or _is_text(kind):
        return _pandas(column.cast(pa.large_string())).astype("str")
    if pa.types.is_time(kind):
        texts = column.cast(pa.time64("us"), safe=False).cast(pa.large_string())
        # As `datetime.time` writes itself.
        return _pandas(pc.replace_substring_regex(texts, NO_PART_OF_A_SECOND, "")).astype("str")
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return _with_gaps(column)
    if pa.types.is_floating(kind):
        return _pandas(column.cast(pa.float64()))
    if pa.types.is_decimal(kind):
        return _decimals(column, kind)
    if pa.types.is_timestamp(kind):
        return _pandas(column)
    if pa.types.is_date(kind):
        return _pandas(column.cast(pa.timestamp("s" if pa.types.is_date32(kind) else "ms")))
    if pa.types.is_duration(kind):
        seconds: pd.Series = _pandas(column).dt.total_seconds()
        return seconds
    raise Unreadable(f"holds {kind}, which is neither number, text, time nor flag")


def _pandas(column: pa.ChunkedArray) -> pd.Series:
    found: pd.Series = column.to_pandas()
    return found


def _is_text(kind: pa.DataType) -> bool:
    return bool(kind in (pa.string(), pa.large_string(), pa.string_view()))


def _with_gaps(column: pa.ChunkedArray) -> pd.Series:
    # By way of a mask, because pandas would take whole numbers with gaps for doubles.
    lacking = column.is_null().to_numpy()
    flags = pa.types.is_boolean(column.type)
    whole = column.fill_null(False if flags else 0).to_numpy()
    if not column.null_count:
        return pd.Series(whole)
    array = pd.arrays.BooleanArray if flags else pd.arrays.IntegerArray
    return pd.Series(array(whole, lacking))


def _decimals(column: pa.ChunkedArray, kind: pa.Decimal128Type) -> pd.Series:
    if kind.scale <= 0:
        try:
            return _with_gaps(column.cast(pa.int64()))
        except pa.ArrowInvalid:
            return _pandas(column)
    # By way of text, because Arrow's own way to doubles is not always the nearest one.
    return _pandas(pc.cast(column.cast(pa.string()), pa.float64()))
