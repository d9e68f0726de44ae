"""From when on the windows of a history are full: before, a count is small since it is early."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.columns.times import in_utc
from tagline.data.gather import LoadedTables
from tagline.history.declare import Windowed

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
    first: dict[str, pd.Timestamp] = {}
    found = Fullness(None)
    for declared in gathered.features.history:
        if not isinstance(declared, Windowed):
            continue
        stream = declared.events
        if stream.name not in first:
            known = gathered.events[stream.name][stream.known_at]
            first[stream.name] = in_utc(known, timezone=case.timezone, later=True).utc.min()
        since = first[stream.name] + pd.Timedelta(declared.window)
        if not pd.isna(since) and (found.since is None or since > found.since):
            found = Fullness(since, declared.name)
    return found
