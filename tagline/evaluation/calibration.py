"""Which calibrator earns its place, and how far stated and observed rates lie apart."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.evaluation import Calibration as Kind
from tagline.errors import TaglineError
from tagline.metrics.binary import ece_bin
from tagline.metrics.calibrators import Calibrator, none
from tagline.metrics.intervals import LEAST_GROUPS, GroupBootstrap, Interval
from tagline.metrics.scored import Floats, Integers
from tagline.tasks.task import Task

BLOCKS, BINS = 5, 10
JUDGED_BY = "log_loss"
COLUMNS = ["kind", "log_loss", "difference", "low", "high", "undefined", "earns", "chosen"]


@dataclass(frozen=True)
class Calibration:
    """The calibrator and why it is this one.

    Attributes
    ----------
    calibrator : dict
        ``kind`` and its parameters; see `tagline.metrics.calibrators.apply`.
    table : DataFrame
        A row for each candidate: ``kind``, ``log_loss`` out of time, ``difference`` from none
        with ``low`` and ``high``, ``undefined``, ``earns`` and ``chosen``. Without rows where
        nothing was compared.
    """

    calibrator: Calibrator
    table: pd.DataFrame


def choose(
    margins: Floats,
    y: Floats,
    groups: npt.NDArray[np.int64],
    *,
    task: Task,
    seed: int,
    kind: Kind = "auto",
    move_level: bool = False,
    resamples: int = 1000,
    level: float = 0.95,
) -> Calibration:
    """Fit a calibrator on the tuning rows, if it earns its place there.

    The groups are cut into five blocks in their order; each candidate is fitted on the blocks
    before and scored on the next. The best is taken if the paired interval of its log loss less
    that of no calibrator, by whole groups, lies below 0; it is then fitted on all the rows.

    Where the rate of positives moves with time (label shift), the right intercept moves along
    while the slope stays (Saerens, Latinne and Decaestecker 2002): an intercept learned on the
    tuning rows would carry their season's rate into another. So the mean probability is kept
    unless `move_level` says otherwise.

    Parameters
    ----------
    margins, y : ndarray of shape (n, w) and (n,), float64
        The model's margins and the labels on the tuning rows.
    groups : ndarray of shape (n,), int64
        What hangs together, numbered in the order of time.
    task : Task
        Says which calibrators there are, and what margins mean.
    seed : int
        Seed of the resamples.
    kind : {"auto", "none", "platt", "beta", "temperature"}
        The calibrator to fit whatever it earns, or ``auto``.
    move_level : bool
        Whether the mean probability may move.
    resamples : int
        How many resamples.
    level : float
        Share of the resamples inside the interval.

    Raises
    ------
    TaglineError
        A calibrator is wished for, and the rows are all of one class.
    """
    if kind == "none" or not task.calibrators:
        return Calibration(none(), _table({}))
    if kind != "auto":
        _expect_two(y)
        return Calibration(task.calibrators[kind](margins, y, level=move_level), _table({}))
    # Judged on what comes after: fitted and judged on the same rows, more freedom always wins.
    later, forecasts = _out_of_time(margins, y, groups, task=task, move_level=move_level)
    if not later.any():
        return Calibration(none(), _table({}))
    resampling = GroupBootstrap(groups[later], resamples=resamples, seed=seed)
    own = resampling.figures(y[later], task.link(margins[later]), [JUDGED_BY])[JUDGED_BY]
    found = {
        name: resampling.figures(y[later], forecast[later], [JUDGED_BY])[JUDGED_BY]
        for name, forecast in forecasts.items()
    }
    table = _table(
        {name: each.minus(own).interval(level, least=LEAST_GROUPS) for name, each in found.items()}
    )
    table["log_loss"] = table["difference"] + own.value
    best = str(table.loc[table["chosen"], "kind"].iloc[0])
    if best == "none":
        return Calibration(none(), table)
    return Calibration(task.calibrators[best](margins, y, level=move_level), table)


def curve(y: Floats, p: Floats, *, resampling: GroupBootstrap, level: float) -> pd.DataFrame:
    """Compare what was stated with what came true, in ten bins.

    Of probabilities of 1, shape (n,), in the bins of the expected calibration error: how often it
    was 1. Of several classes, (n, k), likewise: how often the likeliest was right.

    Returns
    -------
    DataFrame
        A row for each bin that has rows: ``bin``, ``n``, ``predicted`` (mean probability),
        ``observed`` (share that came true), ``low`` and ``high`` (of the observed, by groups).
    """
    if p.ndim == 2:
        y, p = (np.argmax(p, axis=1) == y).astype(np.float64), p.max(axis=1)
    return _by_bin(y, p, ece_bin(p), resampling=resampling, level=level)


def curve_of_numbers(
    y: Floats, v: Floats, *, resampling: GroupBootstrap, level: float
) -> pd.DataFrame:
    """Compare numbers with what came true, in ten bins of about as many rows; see `curve`."""
    edges = np.unique(np.quantile(v, np.linspace(0, 1, BINS + 1)[1:-1]))
    number = np.searchsorted(edges, v, side="right")
    return _by_bin(y, v, number.astype(np.int64), resampling=resampling, level=level)


def _by_bin(
    y: Floats, stated: Floats, number: Integers, *, resampling: GroupBootstrap, level: float
) -> pd.DataFrame:
    found = []
    for each in np.unique(number):
        kept = number == each
        mean = resampling.mean_of(y, kept).interval(level, least=LEAST_GROUPS)
        own = float(stated[kept].mean())
        found.append((int(each), int(kept.sum()), own, mean.value, mean.low, mean.high))
    return pd.DataFrame(found, columns=["bin", "n", "predicted", "observed", "low", "high"])


def _expect_two(y: Floats) -> None:
    if len(np.unique(y)) < 2:
        raise TaglineError(
            "The tuning rows are all of one class, so no calibrator can be fitted.",
            where="evaluation.calibration",
            todo="Use 'auto' or 'none', or tune on rows of both classes.",
        )


def _table(gaps: dict[str, Interval]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [_row("none", Interval(0.0, 0.0, 0.0))] if gaps else []
    rows += [_row(name, gap) for name, gap in gaps.items()]
    table = pd.DataFrame(rows, columns=COLUMNS)
    earning = table["earns"].astype(bool)
    if earning.any():
        table["chosen"] = table.index == table.loc[earning, "difference"].astype(float).idxmin()
    elif gaps:
        table["chosen"] = table["kind"] == "none"
    return table


def _row(kind: str, gap: Interval) -> dict[str, Any]:
    return {
        "kind": kind,
        "difference": gap.value,
        "low": gap.low,
        "high": gap.high,
        "undefined": gap.undefined,
        # Not merely better: better at the worse end of the interval.
        "earns": gap.high < 0,
        "chosen": False,
    }


def _out_of_time(
    margins: Floats, y: Floats, groups: Integers, *, task: Task, move_level: bool
) -> tuple[npt.NDArray[np.bool_], dict[str, Floats]]:
    distinct, place = np.unique(groups, return_inverse=True)
    block = place * BLOCKS // max(len(distinct), 1)
    forecasts = {name: task.link(margins).copy() for name in task.calibrators}
    # The first block has nothing before it, so it is never judged.
    later = np.zeros(len(margins), dtype=bool)
    for number in range(1, BLOCKS):
        before, now = block < number, block == number
        if len(np.unique(y[before])) < 2:
            continue
        later |= now
        for name, fit in task.calibrators.items():
            fitted = fit(margins[before], y[before], level=move_level)
            forecasts[name][now] = task.calibrated(margins[now], fitted)
    return later, forecasts
