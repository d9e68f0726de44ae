"""How good a model is in each part of the rows."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.metrics.intervals import LEAST_GROUPS, GroupBootstrap
from tagline.metrics.scored import Floats

MISSING = "(missing)"
OTHERS = "(others)"

COLUMNS = ["slice", "value", "n", "groups", "positives", "predicted"]
COLUMNS += ["metric", "figure", "low", "high", "undefined"]

Mask = npt.NDArray[np.bool_]


def slices(
    columns: pd.DataFrame,
    y: Floats,
    p: Floats,
    *,
    names: Iterable[str],
    resampling: GroupBootstrap,
    level: float,
    support: int,
    bands: int,
) -> pd.DataFrame:
    """Judge each value or band of each column apart.

    Parameters
    ----------
    columns : DataFrame of shape (n, slices)
        Numbers and times with more than `bands` values are sliced by bands of about equal
        size, all else by value.
    y, p : ndarray of shape (n,) and (n,) or (n, k), float64
        Labels and answers.
    names : iterable of str
        Names of metrics.
    resampling : GroupBootstrap
        Resamples of whole groups of all the rows.
    level : float
        Share of the resamples inside an interval.
    support : int
        Fewest rows; smaller slices of a column are put together as "(others)".
    bands : int
        Bands of a numeric column.

    Returns
    -------
    DataFrame
        A row for each slice and metric: ``slice`` (the column), ``value``, ``n``, ``groups``,
        ``positives`` (rows, of labels 0 and 1) and ``predicted`` (sum of the answers), ``metric``,
        ``figure`` with ``low`` and ``high``, and ``undefined`` (resamples).
    """
    wanted = tuple(names)
    judged = [
        (str(column), value, *_counts(y, p, resampling.place, kept), *figure)
        for column in columns.columns
        for value, kept in parts(columns[column], support=support, bands=bands)
        for figure in _figures(y, p, kept, wanted, resampling=resampling, level=level)
    ]
    return pd.DataFrame(judged, columns=COLUMNS)


def parts(values: pd.Series, *, support: int, bands: int) -> Iterator[tuple[str, Mask]]:
    """Give the name of each value or band with the rows that have it, in their order.

    Every row is in exactly one part.
    """
    banded = _is_scale(values) and values.nunique() > bands
    code, labels = _bands(values, bands) if banded else _values(values)
    counts = np.bincount(code, minlength=len(labels))
    rare = counts < support
    for number in np.flatnonzero(~rare):
        yield labels[number], code == number
    if counts[rare].any():
        yield OTHERS, rare[code]


def _is_scale(values: pd.Series) -> bool:
    kind = values.dtype
    number = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
    return number or pd.api.types.is_datetime64_any_dtype(kind)


def _bands(values: pd.Series, bands: int) -> tuple[npt.NDArray[np.int64], list[str]]:
    known = values.dropna().sort_values()
    places = np.arange(1, bands) * len(known) // bands
    edges = known.iloc[places].drop_duplicates()
    edges = edges[edges > known.iloc[0]]
    code = edges.searchsorted(values.where(values.notna(), known.iloc[0]), side="right")
    texts = [_text(edge) for edge in edges]
    labels = [f"below {texts[0]}"] if texts else [_text(known.iloc[0])]
    labels += [f"{low} to below {high}" for low, high in pairwise(texts)]
    labels += [f"{texts[-1]} or above"] if texts else []
    return np.where(values.isna(), len(labels), code), [*labels, MISSING]


def _values(values: pd.Series) -> tuple[npt.NDArray[np.int64], list[str]]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    scale = _is_scale(values) or pd.api.types.is_bool_dtype(values.dtype)
    code, found = pd.factorize(values if scale else values.astype("str"), sort=True)
    return np.where(code < 0, len(found), code), [*map(_text, found), MISSING]


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _counts(
    y: Floats, p: Floats, place: npt.NDArray[np.int64], kept: Mask
) -> tuple[int, int, float, float]:
    groups = len(np.unique(place[kept]))
    # Places of classes, and probabilities of each, add up to nothing that means something.
    predicted = float(p[kept].sum()) if p.ndim == 1 else float("nan")
    ones = int(y[kept].sum()) if p.ndim == 1 and set(np.unique(y)) <= {0.0, 1.0} else float("nan")
    return int(kept.sum()), groups, ones, predicted


def _figures(
    y: Floats,
    p: Floats,
    kept: Mask,
    names: tuple[str, ...],
    *,
    resampling: GroupBootstrap,
    level: float,
) -> Iterator[tuple[str, float, float, float, int]]:
    for name, figures in resampling.figures(y, p, names, rows=kept).items():
        found = figures.interval(level, least=LEAST_GROUPS)
        yield name, found.value, found.low, found.high, found.undefined
