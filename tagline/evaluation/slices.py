"""How good a model is in each part of the rows."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from tagline.case.evaluation import MetricName
from tagline.evaluation.intervals import Resamples, figure
from tagline.evaluation.metrics import Floats

BANDS = 4
MISSING = "(missing)"
OTHERS = "(others)"


def slices(
    columns: pd.DataFrame,
    y: Floats,
    p: Floats,
    *,
    metric: MetricName,
    support: int,
    resamples: Resamples,
) -> pd.DataFrame:
    """Judge each value or band of each column apart.

    Parameters
    ----------
    columns : DataFrame of shape (n, slices)
        Text is sliced by value, numbers by quarters of the rows.
    y, p : ndarray of shape (n,), float64
        Label and probability of 1.
    metric : str
        The figure.
    support : int
        Fewest rows; smaller slices of a column are put together as "(others)".
    resamples : Resamples
        Draws of whole groups, of all the rows.

    Returns
    -------
    DataFrame
        ``slice``, ``value``, ``rows``, ``positives`` (share), ``predicted`` (mean), ``figure``,
        ``low``, ``high``.
    """
    found = [
        _judged(name, value, rows, y, p, metric=metric, resamples=resamples)
        for name in columns
        for value, rows in _parts(columns[name], support)
    ]
    names = ("slice", "value", "rows", "positives", "predicted", "figure", "low", "high")
    return pd.DataFrame(found, columns=list(names))


def bands(values: pd.Series) -> pd.Series:
    """Give each row the name of its value, or of its quarter where the values are numbers."""
    many = pd.api.types.is_numeric_dtype(values.dtype) and values.nunique() > BANDS
    if many and not pd.api.types.is_bool_dtype(values.dtype):
        values = pd.qcut(values, BANDS, duplicates="drop", precision=3)
    return values.astype("str").where(values.notna(), MISSING)


def _parts(values: pd.Series, support: int) -> Iterator[tuple[str, np.ndarray]]:
    named = bands(values)
    counts = named.value_counts()
    rare = set(counts.index[counts < support])
    named = named.where(~named.isin(rare), OTHERS)
    order = _order(values, named)
    for value in order:
        yield value, (named == value).to_numpy()


def _order(values: pd.Series, named: pd.Series) -> Sequence[str]:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return list(values.groupby(named.to_numpy()).min().sort_values(na_position="last").index)
    return sorted(named.unique())


def _judged(
    name: str,
    value: str,
    rows: np.ndarray,
    y: Floats,
    p: Floats,
    *,
    metric: MetricName,
    resamples: Resamples,
) -> tuple[object, ...]:
    own = resamples.among(rows)
    interval = own.interval(figure(y[rows], p[rows], metric), own.figures(y[rows], p[rows], metric))
    return (
        name,
        value,
        int(rows.sum()),
        float(y[rows].mean()),
        float(p[rows].mean()),
        interval.value,
        interval.low,
        interval.high,
    )
