"""Keys as small integers, the same for events and decisions."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.columns.kinds import EXACT
from tagline.errors import TaglineError

Codes = npt.NDArray[np.int64]
Categories = Mapping[str, pd.Categorical]
Family = Literal["text", "number", "time", "flag", "nothing"]
NO_KEY = -1
WORDS: Mapping[Family, str] = {"text": "text", "number": "numeric", "time": "time", "flag": "flag"}


def categories(frame: pd.DataFrame, columns: Iterable[str]) -> dict[str, pd.Categorical]:
    """Give key columns as categories, so that their values are compared once and not for each use.

    Whole numbers keep all their bits, whatever type holds them: 2**53 and 2**53 + 1 are two keys.

    Parameters
    ----------
    frame : DataFrame
        Events or decisions.
    columns : iterable of str
        Its key columns.

    Raises
    ------
    TaglineError
        A key mixes text with numbers, or is a double where doubles hold whole numbers no more.
    """
    return {name: _categories(frame[name], name) for name in columns}


def codes(
    events: Categories, decisions: Categories, by: tuple[str, ...], *, sizes: tuple[int, int]
) -> tuple[Codes, Codes]:
    """Give the keys of events and decisions numbers, the same for the same key.

    Parameters
    ----------
    events, decisions : mapping of str to Categorical
        The key columns of each; see `categories`.
    by : tuple of str
        The key columns to use; none is one key for all.
    sizes : tuple of int
        How many events and decisions there are.

    Returns
    -------
    events_codes, decisions_codes : ndarray of int64
        One code a row, dense from 0; -1 where any part of the key is missing.

    Raises
    ------
    TaglineError
        A key column is of one sort on one side and of another on the other: text, number, time or
        flag.
    """
    _, points = sizes
    together = np.zeros(sum(sizes), dtype=np.int64)
    for place, column in enumerate(by):
        part = _column_codes(column, events[column], decisions[column])
        missing = (together == NO_KEY) | (part == NO_KEY)
        combined = together * (part.max(initial=0) + 1) + part
        combined[missing] = NO_KEY
        together = _dense(combined) if place else combined
        together[missing] = NO_KEY
    # The decisions come first, so that their numbers are the same whatever the events are.
    return together[points:], together[:points]


def _categories(values: pd.Series, name: str) -> pd.Categorical:
    found: pd.Categorical[Any] = pd.Categorical(values)
    family = _family(found)
    if family == "number":
        return _renamed(found, _whole(found.categories, name))
    if family == "time":
        return _renamed(found, _moments(found.categories))
    return found


def _renamed(found: pd.Categorical, names: pd.Index) -> pd.Categorical:
    renamed: pd.Categorical[Any] = pd.Categorical.from_codes(
        found.codes, dtype=pd.CategoricalDtype(names)
    )
    return renamed


def _whole(numbers: pd.Index, name: str) -> pd.Index:
    if pd.api.types.is_integer_dtype(numbers.dtype) and (numbers.max() <= 2**63 - 1):
        return pd.Index(numbers.to_numpy(dtype=np.int64))
    if not pd.api.types.is_float_dtype(numbers.dtype):
        return pd.Index([_number(each) for each in numbers], dtype=object)
    doubles = numbers.to_numpy(dtype=np.float64)
    if (np.abs(doubles[np.isfinite(doubles)]) > EXACT).any():
        raise TaglineError(
            f"The key {name!r} is {numbers.dtype} and holds values above 2**53, where doubles fall "
            "together.",
            todo="Hold it as Int64 or as text.",
        )
    if (doubles % 1 == 0).all():
        return pd.Index(doubles.astype(np.int64))
    return pd.Index([_number(each) for each in doubles], dtype=object)


def _number(value: object) -> object:
    whole = int(value) if np.isfinite(float(value)) else None  # type: ignore[call-overload,arg-type]
    return whole if whole == value else value


def _moments(times: pd.Index) -> pd.Index:
    moments = pd.DatetimeIndex(times)
    zoned = moments.tz is not None
    return pd.Index(moments.tz_convert("UTC") if zoned else moments).as_unit("us")


def _column_codes(name: str, events: pd.Categorical, decisions: pd.Categorical) -> Codes:
    stream, points = _family(events), _family(decisions)
    if "nothing" not in (stream, points) and stream != points:
        raise TaglineError(
            f"The key {name!r} is {WORDS[stream]} in the events and {WORDS[points]} in the "
            f"decisions ({events.categories.dtype}, {decisions.categories.dtype}).",
            todo=f'Say what it is in both: kinds = {{ {name} = "string" }} under [table].',
        )
    union = _union(decisions.categories, events.categories)
    return np.concatenate([_numbered(decisions, union), _numbered(events, union)])


def _union(points: pd.Index, stream: pd.Index) -> pd.Index:
    if points.dtype != stream.dtype:
        points, stream = points.astype(object), stream.astype(object)
    return points.append(stream).unique()


def _numbered(values: pd.Categorical, union: pd.Index) -> Codes:
    own = values.categories
    # The place of a missing value is -1, which takes the last entry.
    found = union.get_indexer(own if own.dtype == union.dtype else own.astype(object))
    numbers: Codes = np.append(found, NO_KEY)[values.codes].astype(np.int64)
    return numbers


def _family(values: pd.Categorical) -> Family:
    own = values.categories
    if not len(own):
        return "nothing"
    if pd.api.types.is_bool_dtype(own.dtype):
        return "flag"
    if pd.api.types.is_datetime64_any_dtype(own.dtype):
        return "time"
    if pd.api.types.is_numeric_dtype(own.dtype):
        return "number"
    match pd.api.types.infer_dtype(own, skipna=True):
        case "integer" | "floating" | "decimal" | "mixed-integer-float":
            return "number"
        case "boolean":
            return "flag"
        case "datetime" | "date" | "datetime64":
            return "time"
        case "string" | "empty":
            return "text"
    raise TaglineError(
        f"A key mixes values of several sorts, such as {own[0]!r}.",
        todo="Hold it as text, or as numbers.",
    )


def _dense(values: Codes) -> Codes:
    found, _ = pd.factorize(values)
    return found.astype(np.int64)
