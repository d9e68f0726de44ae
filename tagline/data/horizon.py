"""When a label counts: once its decision is old enough that it could have been either value."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import TableSection

Mask = npt.NDArray[np.bool_]
SHARE = 0.99  # of the labels of a class that have arrived by then
LEAST_LABELS = 20
RECENT = pd.Timedelta("28D")
NO_TIME = pd.Timedelta(0)


@dataclass(frozen=True)
class Horizon:
    """How long a label may take.

    Attributes
    ----------
    length : Timedelta
        Decisions younger than this are not yet known, whatever label they bear.
    as_of : Timestamp
        By which moment's knowledge the labels are.
    why : str
        Where the length comes from, in words.
    """

    length: pd.Timedelta
    as_of: pd.Timestamp
    why: str = ""

    @property
    def named(self) -> str:
        """The length in words."""
        hours = self.length.total_seconds() / 3600
        return f"{self.length.days} days" if self.length.days else f"{hours:.1f} hours"

    def is_open(self, times: pd.Series) -> Mask:
        """Tell which decisions are too young for their labels to count."""
        if self.length <= NO_TIME:
            return np.zeros(len(times), dtype=bool)
        found: Mask = (times > self.as_of - self.length).to_numpy(dtype=bool)
        return found


def horizon_of(rows: pd.DataFrame, table: TableSection, *, now: pd.Timestamp) -> Horizon:
    """Find how long labels take.

    ``table.horizon`` where it is given. Else, where ``table.observed`` tells when each label
    became known: the time by which 99 of 100 labels had arrived, of the class that takes longest.

    Parameters
    ----------
    rows : DataFrame of shape (n, columns)
        Checked decisions, with their labels.
    table : TableSection
        Names the columns.
    now : Timestamp with time zone
        No label is known later than this. A table that was written before tells no more than
        until its own last moment.
    """
    times, y = rows[table.time_column], rows[table.target]
    last = times.max()
    if table.observed is not None:
        last = max(last, rows[table.observed].max()) if rows[table.observed].notna().any() else last
    as_of = min(now, last) if len(rows) else now
    if table.horizon is not None:
        return Horizon(pd.Timedelta(table.horizon), as_of, "as table.horizon says")
    if table.observed is None:
        return Horizon(NO_TIME, as_of)
    took = (rows[table.observed] - times).dt.total_seconds().where(y.notna())
    lengths = {
        value: float(each.quantile(SHARE))
        for value, each in took.groupby(_kinds_of_labels(y, table))
        if each.notna().sum() >= LEAST_LABELS
    }
    if not lengths:
        return Horizon(NO_TIME, as_of)
    slow = max(lengths, key=lambda value: lengths[value])
    length = pd.Timedelta(float(np.ceil(lengths[slow])), unit="s")
    return Horizon(length, as_of, f"by then 99 of 100 labels {slow:g} were known")


def _kinds_of_labels(y: pd.Series, table: TableSection) -> pd.Series:
    """Part labels that may take differently long: by class, or by quarters of numbers."""
    if table.classes or y.nunique() <= 2:
        return y
    quarters = y.rank(pct=True).mul(4).sub(1).apply(np.ceil)
    return y.groupby(quarters).transform("median")


def share_line(rows: pd.DataFrame, table: TableSection, horizon: Horizon) -> str:
    """Say what the labels of the newest four weeks are; empty where all of them count."""
    times, y = rows[table.time_column], rows[table.target]
    too_young = horizon.is_open(times)
    if not too_young.any():
        return ""
    newest = (times > horizon.as_of - RECENT).to_numpy(dtype=bool)
    known = y[newest & y.notna().to_numpy()]
    ones = "there is no label"
    if len(known):
        share = (known == 1).mean()
        ones = (
            f"{share:.0%} of the labels are 1" if known.isin([0, 1]).all() else "others are known"
        )
    waiting = float(y[newest].isna().mean()) if newest.any() else 0.0
    return (
        f"labels count {horizon.named} after the decision ({horizon.why}): "
        f"{int((too_young & y.notna().to_numpy()).sum()):,} labelled decisions are younger, and "
        f"not yet known; of the last 28 days' decisions {waiting:.0%} are open, and {ones}"
    )
