"""Keys as small integers, the same for events and decisions."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.errors import TaglineError

Codes = npt.NDArray[np.int64]
NO_KEY = -1


def codes(
    events: pd.DataFrame, decisions: pd.DataFrame, by: tuple[str, ...]
) -> tuple[Codes, Codes]:
    """Give the keys of events and decisions numbers, the same for the same key.

    Parameters
    ----------
    events, decisions : DataFrame
        Both have the columns `by`.
    by : tuple of str
        The key columns; none is one key for all.

    Returns
    -------
    events_codes, decisions_codes : ndarray of int64
        One code a row, dense from 0; -1 where any part of the key is missing.

    Raises
    ------
    TaglineError
        A key column is text on one side and numeric on the other.
    """
    together = np.zeros(len(events) + len(decisions), dtype=np.int64)
    for column in by:
        part = _column_codes(events[column], decisions[column])
        missing = (together == NO_KEY) | (part == NO_KEY)
        together = _dense(together * (part.max(initial=0) + 1) + part)
        together[missing] = NO_KEY
    return together[: len(events)], together[len(events) :]


def _column_codes(events: pd.Series, decisions: pd.Series) -> Codes:
    if len(events) and len(decisions) and _is_text(events) != _is_text(decisions):
        raise TaglineError(
            f"The key {events.name!r} is {events.dtype} in the events "
            f"and {decisions.dtype} in the decisions."
        )
    found, _ = pd.factorize(pd.concat([events, decisions], ignore_index=True))
    return found.astype(np.int64)


def _is_text(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values.dtype)


def _dense(values: Codes) -> Codes:
    found, _ = pd.factorize(values)
    return found.astype(np.int64)
