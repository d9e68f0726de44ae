r"""Which columns have moved, tested so that days and not rows are what is independent.

Rows of one day hang together: a test that counts rows rings every day. Under the null hypothesis
the residuals :math:`r_{bi} = n_{bi} - n_b p_i` of each block of days :math:`b` (its count in bin
:math:`i`, minus its rows times the reference's share) are as often above zero as below. So the
signs of whole blocks are flipped at random, for all columns at once, and the greatest studentized
sum over a column's bins is compared with what it is then (the wild cluster bootstrap with
Rademacher weights of Cameron, Gelbach and Miller, 2008, on the residuals under the null). The
reference's own sampling error is left out: it rests on many more days than a window has.
"""

from dataclasses import asdict, dataclass

import numpy as np

from tagline.bundle.profile import psi
from tagline.case.monitoring import MonitoringSection
from tagline.monitoring.days import Binned, DayCounts, Floats
from tagline.monitoring.statistics import false_discovery, jensen_shannon, total_variation

LEAST_BLOCKS = 6  # fewer have too few signs to flip


@dataclass(frozen=True)
class ColumnDrift:
    """How one column has moved.

    Attributes
    ----------
    column : str
        As the profile has it.
    rows : int
        Rows in the window.
    psi, jensen_shannon, total_variation : float
        How far, over the profile's bins, missing values among them.
    p : float
        Probability of as much where nothing has moved; NaN where it can not be tested.
    adjusted : float
        The same with all columns in mind; see `tagline.monitoring.statistics.false_discovery`.
    missing, missing_before : float
        Share of missing values in the window and in the reference.
    moved : bool
        Whether it is far enough, and not by chance.
    since : int or None
        The day since which it has, since 1970; None where it has not.
    most : str
        The bin whose share has changed the most.
    share, share_before : float
        That bin's share in the window and in the reference.
    """

    column: str
    rows: int
    psi: float
    jensen_shannon: float
    total_variation: float
    p: float
    adjusted: float
    missing: float
    missing_before: float
    moved: bool
    since: int | None
    most: str
    share: float
    share_before: float

    def to_dict(self) -> dict[str, object]:
        """Give it as plain data."""
        return asdict(self)


def column_drift(counts: DayCounts, section: MonitoringSection, *, seed: int) -> list[ColumnDrift]:
    """Test every column of a window.

    Parameters
    ----------
    counts : DayCounts
        The window's days.
    section : MonitoringSection
        What counts as moved, and how many signs are drawn.
    seed : int
        The same seed draws the same signs.

    Returns
    -------
    list of ColumnDrift
        One for each column that has rows, the farthest first.
    """
    if not len(counts.days):
        return []
    total = counts.counts.sum(axis=0)
    columns = [each for each in counts.layout.columns if total[each.places].sum() > 0]
    p = p_values(counts, columns, section, seed=seed)
    adjusted = false_discovery(p)
    found = [
        _movement(each, counts, total[each.places], (float(own), float(among)), section)
        for each, own, among in zip(columns, p, adjusted, strict=True)
    ]
    return sorted(found, key=lambda each: -each.psi)


def p_values(
    counts: DayCounts, columns: list[Binned], section: MonitoringSection, *, seed: int
) -> Floats:
    """Give the probability of a movement as great, for each column; NaN with too few days."""
    blocks = counts.blocks(section.block_days)
    if len(counts.days) < section.min_days or len(blocks) < LEAST_BLOCKS:
        return np.full(len(columns), np.nan)
    residuals = np.zeros_like(blocks)
    for each in columns:
        own, reference = blocks[:, each.places], each.reference
        shares = reference / max(reference.sum(), 1.0)
        residuals[:, each.places] = own - own.sum(axis=1, keepdims=True) * shares
    spread = np.sqrt((residuals**2).sum(axis=0))
    scaled = np.divide(residuals, spread, out=np.zeros_like(residuals), where=spread > 0)
    rng = np.random.default_rng(seed)
    signs = rng.choice((-1.0, 1.0), size=(section.resamples, len(blocks)))
    observed, drawn = np.abs(scaled.sum(axis=0)), np.abs(signs @ scaled)
    return np.array([_p_value(observed[each.places], drawn[:, each.places]) for each in columns])


def _p_value(observed: Floats, drawn: Floats) -> float:
    # The observed signs are one of all that there are (Phipson and Smyth, 2010).
    as_great = drawn.max(axis=1) >= observed.max() * (1 - 1e-9)
    return float((1 + as_great.sum()) / (1 + len(drawn)))


def _movement(
    column: Binned,
    counts: DayCounts,
    total: Floats,
    p: tuple[float, float],
    section: MonitoringSection,
) -> ColumnDrift:
    reference = column.reference
    rows, before = total.sum(), max(reference.sum(), 1.0)
    distance = psi(reference.tolist(), total.tolist())
    moved = bool(distance >= section.min_psi and p[1] <= section.false_alarms)
    now, then = total / rows, reference / before
    most = int(np.argmax(np.abs(now - then)))
    return ColumnDrift(
        column=column.name,
        rows=int(rows),
        psi=distance,
        jensen_shannon=jensen_shannon(reference.tolist(), total.tolist()),
        total_variation=total_variation(reference.tolist(), total.tolist()),
        p=p[0],
        adjusted=p[1],
        missing=float(now[-1]),
        missing_before=float(then[-1]),
        moved=moved,
        since=since(counts, column) if moved else None,
        most=column.labels()[most],
        share=float(now[most]),
        share_before=float(then[most]),
    )


def since(counts: DayCounts, column: Binned) -> int:
    r"""Give the day since which a column has been where its window is.

    Each day's shares :math:`q_{di}` are projected onto the way from the reference to the window,
    :math:`x_d = \sum_i q_{di} \ln(q_i / p_i)`; the day is where the cumulated sum of
    :math:`x_d` minus half of what separates the two is lowest (Page's CUSUM, 1954).
    """
    own = counts.counts[:, column.places]
    shares = own / np.maximum(own.sum(axis=1, keepdims=True), 1.0)
    then = column.reference / max(column.reference.sum(), 1.0)
    now = own.sum(axis=0) / max(own.sum(), 1.0)
    way = np.log(np.maximum(now, 1e-4) / np.maximum(then, 1e-4))
    middle = (now + then) @ way / 2
    walked = np.concatenate([[0.0], np.cumsum(shares @ way - middle)])
    start = int(np.argmin(walked[:-1]))
    return int(counts.days[start])
