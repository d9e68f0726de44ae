"""From when on the windows of a history are full: before, a count is small since it is early."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.columns.times import in_utc
from tagline.data.gather import LoadedTables
from tagline.history.declare import Declaration, Windowed

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Fullness:
    """From when on every window is full.

    Attributes
    ----------
    since : Timestamp or None
        The latest of all: a stream's first event and the window's length after it; None without
        windows.
    name : str
        The window for which it is.
    """

    since: pd.Timestamp | None
    name: str = ""

    def is_early(self, times: pd.Series) -> Mask:
        """Tell which decisions were made before."""
        if self.since is None:
            return np.zeros(len(times), dtype=bool)
        found: Mask = (times < self.since).to_numpy(dtype=bool)
        return found

    def line(self, times: pd.Series) -> str:
        """Say it of the training rows; empty where none lies before."""
        early = self.is_early(times)
        if self.since is None or not early.any():
            return ""
        return (
            f"windows are full from {self.since:%Y-%m-%d} on ({self.name} is the last): "
            f"{early.sum():,} of {len(times):,} training rows ({early.mean():.0%}) lie before, "
            "with less in them; split.full_windows leaves them out"
        )


def fullness(case: Case, gathered: LoadedTables) -> Fullness:
    """Find from when on every window of a case's history is full."""
    found = Fullness(None)
    first: dict[str, pd.Timestamp] = {}
    for declared in gathered.features.history:
        since = full_since(case, gathered, declared, first)
        if since is not None and (found.since is None or since > found.since):
            found = Fullness(since, declared.name)
    return found


def full_since(
    case: Case,
    gathered: LoadedTables,
    declared: Declaration,
    first: dict[str, pd.Timestamp] | None = None,
) -> pd.Timestamp | None:
    """Find from when on a window is full; None where there is no window, or no event.

    `first` remembers the first event of each stream, for who asks of several.
    """
    if not isinstance(declared, Windowed):
        return None
    stream, first = declared.events, {} if first is None else first
    if stream.name not in first:
        known = gathered.events[stream.name][stream.known_at]
        first[stream.name] = in_utc(known, timezone=case.timezone, later=True).utc.min()
    since = first[stream.name] + pd.Timedelta(declared.window)
    return None if pd.isna(since) else since
