"""Keys as small integers, the same for events and decisions."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.errors import TaglineError

Codes = npt.NDArray[np.int64]
Categories = Mapping[str, pd.Categorical]
NO_KEY = -1


def categories(frame: pd.DataFrame, columns: Iterable[str]) -> dict[str, pd.Categorical]:
    """Give key columns as categories, so that their values are compared once and not for each use.

    Parameters
    ----------
    frame : DataFrame
        Events or decisions.
    columns : iterable of str
        Its key columns.
    """
    return {name: pd.Categorical(frame[name]) for name in columns}


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
        A key column is text on one side and numeric on the other.
    """
    _, asked = sizes
    together = np.zeros(sum(sizes), dtype=np.int64)
    for place, column in enumerate(by):
        part = _column_codes(column, events[column], decisions[column])
        missing = (together == NO_KEY) | (part == NO_KEY)
        combined = together * (part.max(initial=0) + 1) + part
        combined[missing] = NO_KEY
        together = _dense(combined) if place else combined
        together[missing] = NO_KEY
    # The decisions come first, so that their numbers are the same whatever the events are.
    return together[asked:], together[:asked]


def _column_codes(name: str, events: pd.Categorical, decisions: pd.Categorical) -> Codes:
    if len(events) and len(decisions) and _is_text(events) != _is_text(decisions):
        raise TaglineError(
            f"The key {name!r} is {events.categories.dtype} in the events "
            f"and {decisions.categories.dtype} in the decisions."
        )
    union = decisions.categories.append(events.categories).unique()
    return np.concatenate([_numbered(decisions, union), _numbered(events, union)])


def _numbered(values: pd.Categorical, union: pd.Index) -> Codes:
    # The place of a missing value is -1, which takes the last entry.
    numbers = np.append(union.get_indexer(values.categories), NO_KEY)
    found: Codes = numbers[values.codes].astype(np.int64)
    return found


def _is_text(values: pd.Categorical) -> bool:
    return not pd.api.types.is_numeric_dtype(values.categories.dtype)


def _dense(values: Codes) -> Codes:
    found, _ = pd.factorize(values)
    return found.astype(np.int64)
