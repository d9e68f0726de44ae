"""Columns as pandas itself holds them."""

import pandas as pd


def without_arrow(values: pd.Series) -> pd.Series:
    """Give a column whose values are Arrow's as pandas' own; any other as it is."""
    if not isinstance(values.dtype, pd.ArrowDtype):
        return values
    import pyarrow as pa  # noqa: PLC0415 - whoever has no such column needs none of it

    from tagline.columns.arrow import Unreadable, of_arrow  # noqa: PLC0415

    try:
        given = pa.Array.from_pandas(values)
        parts = given.chunks if isinstance(given, pa.ChunkedArray) else [given]
        whole = of_arrow(pa.chunked_array(parts, given.type))
    except Unreadable:
        return values.astype(object)
    return pd.Series(whole.array, index=values.index, name=values.name)
