r"""Which columns changed suddenly: the newest days against those before them.

Seasons move a column away from the training rows for months; a stuck sensor or a changed unit does
it overnight. The total variation distance :math:`\sum_i |q_i - p_i| / 2` between the newest days
and the days before is compared with what it is when whole days are dealt anew (a permutation test
by days; Good, 2005), for all columns at once. Days in a row are alike, so the test alone would ring
in every spell of bad weather: a change must also be a great one, be great
for a column that is calm as a rule, or bring values never counted.
"""

from dataclasses import dataclass

import numpy as np

from tagline.case.monitoring import MonitoringSection
from tagline.monitoring.days import DayCounts, Floats
from tagline.monitoring.statistics import false_discovery

UNLIKE, TIMES = 0.3, 5  # a column that is calm as a rule need not change as much
DRAWS = 4_999  # the smallest p-value must outlast the number of columns


@dataclass(frozen=True)
class Shift:
    """How one column has changed.

    Attributes
    ----------
    column : str
        As the profile has it.
    distance : float
        Total variation between the newest days and those before.
    adjusted : float
        Probability of as much by chance, with all columns in mind; NaN with too few days.
    changed : bool
        Whether it is far enough, and not by chance.
    most : str
        The bin whose share has changed the most.
    share, share_before : float
        That bin's share in the newest days and before.
    """

    column: str
    distance: float
    adjusted: float
    changed: bool
    most: str
    share: float
    share_before: float


def shifts(counts: DayCounts, section: MonitoringSection, *, seed: int) -> list[Shift]:
    """Hold the newest days of a window against the days before them.

    Parameters
    ----------
    counts : DayCounts
        The window's days.
    section : MonitoringSection
        How many days are the newest, and what counts as changed.
    seed : int
        The same seed deals the same days.

    Returns
    -------
    list of Shift
        One for each column that has rows on both sides, the farthest first.
    """
    # By days that have rows: many a case answers on weekdays only.
    recent = np.arange(len(counts.days)) >= len(counts.days) - section.recent_days
    if len(counts.days) < section.recent_days + section.min_days:
        return []
    order = np.concatenate([np.flatnonzero(recent), np.flatnonzero(~recent)])
    days, newest = counts.counts[order], int(recent.sum())
    rng = np.random.default_rng(seed)
    dealt = rng.permuted(np.tile(np.arange(len(days)) < newest, (DRAWS, 1)), axis=1)
    chosen = np.vstack([np.arange(len(days)) < newest, dealt]).astype(np.float64)
    # A row a bin, so that those of a column lie together; counts are whole, so that this is exact.
    now = days.T @ chosen.T
    before = days.sum(axis=0)[:, None] - now
    columns = [
        each
        for each in counts.layout.columns
        if now[each.places, 0].sum() > 0 and before[each.places, 0].sum() > 0
    ]
    distances = [_distance(now[each.places], before[each.places]) for each in columns]
    # The days as they are count as one deal of all (Phipson and Smyth, 2010).
    p = [float((own >= own[0] * (1 - 1e-9)).mean()) for own in distances]
    adjusted = false_discovery(p)
    found = []
    for each, own, among in zip(columns, distances, adjusted, strict=True):
        shares = now[each.places, 0] / now[each.places, 0].sum()
        then = before[each.places, 0] / before[each.places, 0].sum()
        most = int(np.argmax(np.abs(shares - then)))
        new = float((shares - then)[each.strange].max())
        unlike = own[0] >= UNLIKE and own[0] >= TIMES * np.median(own[1:])
        far = own[0] >= section.min_change or unlike or new >= section.min_new
        found.append(
            Shift(
                column=each.name,
                distance=float(own[0]),
                adjusted=float(among),
                changed=bool(far and among <= section.false_alarms),
                most=each.labels()[most],
                share=float(shares[most]),
                share_before=float(then[most]),
            )
        )
    return sorted(found, key=lambda each: -each.distance)


def _distance(now: Floats, before: Floats) -> Floats:
    shares = now / np.maximum(now.sum(axis=0), 1.0)
    shares -= before / np.maximum(before.sum(axis=0), 1.0)
    np.abs(shares, out=shares)
    distance: Floats = shares.sum(axis=0) / 2
    return distance
