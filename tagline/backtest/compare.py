"""Policies side by side: by month, in all, and how well each one's alarms were founded."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tagline.backtest.timeline import Timeline
from tagline.backtest.walk import Month
from tagline.bundle.load import Bundle
from tagline.data.split import day_name
from tagline.tasks.task import judged_by
from tagline.tasks.tasks import task_of

AHEAD = 28
QUARTER = 91


@dataclass(frozen=True)
class Summary:
    """What a policy came to, plain enough for an artifact.

    Attributes
    ----------
    name, title : str
        The policy.
    figures : dict of str to float
        Means over all outcomes of the months' figures.
    trainings, promoted : int
        How many, and how many of them became champion.
    cpu_seconds : float
        What the trainings cost, the first one left out.
    alarms, false_alarms, missed : int
        Alarms that rang; those that no loss followed; and months in which the answers cost more
        than they promised while no alarm rang, or had rung since the last training.
    max_false_a_quarter : int
        Of the quarters, the most false alarms in one.
    noticed_after : float
        Mean days from the beginning of a loss to its alarm; NaN where no loss was noticed.
    days : list of dict
        The trainings: ``day``, ``why``, ``promoted``.
    rang : list of dict
        The alarms: ``day``, ``why``, ``cost`` (log loss above the promise of the 28 days from it
        on, of the model that rang) and ``founded``.
    """

    name: str
    title: str
    figures: dict[str, float]
    trainings: int
    promoted: int
    cpu_seconds: float
    alarms: int
    false_alarms: int
    missed: int
    max_false_a_quarter: int
    noticed_after: float
    days: list[dict[str, Any]]
    rang: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


def summary(timeline: Timeline, name: str, title: str, months: Sequence[Month]) -> Summary:
    """Add up a policy's months.

    Parameters
    ----------
    timeline : Timeline
        The past.
    name, title : str
        The policy.
    months : sequence of Month
        What it came to.
    """
    state = months[-1].state
    weights = np.array([each.outcomes for each in months], dtype=np.float64)
    means = {
        figure: float(np.average([each.figures[figure] for each in months], weights=weights))
        for figure in task_of(timeline.case.task).watched
    }
    rang = list(_judged(timeline, state.alarms))
    losses = [each for each in rang if each["founded"]]
    delays = [each["day"] - each["began"] for each in losses]
    false = [each["day"] for each in rang if not each["founded"]]
    first, _ = timeline.period()
    quarters = [(day - first) // QUARTER for day in false]
    return Summary(
        name=name,
        title=title,
        figures=means,
        trainings=len(state.trainings),
        promoted=sum(each["promoted"] for each in state.trainings),
        cpu_seconds=round(sum(each.get("cpu_seconds", 0.0) for each in state.trainings), 1),
        alarms=len(rang),
        false_alarms=len(false),
        missed=_missed(timeline, months, [each["day"] for each in rang]),
        max_false_a_quarter=max((quarters.count(each) for each in quarters), default=0),
        noticed_after=float(np.mean(delays)) if delays else float("nan"),
        days=[
            {"day": day_name(each["day"]), "why": each["why"], "promoted": each["promoted"]}
            for each in state.trainings
        ],
        rang=[
            {
                "day": day_name(each["day"]),
                "why": each["why"],
                "cost": each["cost"],
                "founded": each["founded"],
            }
            for each in rang
        ],
    )


def _judged(timeline: Timeline, alarms: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Say of each alarm what its model cost from then on, whether or not it was replaced."""
    least = timeline.case.monitoring.min_excess
    for alarm in alarms:
        costs = _daily(timeline, Path(alarm["path"]), alarm["champion_day"], alarm["day"] + AHEAD)
        ahead = costs[costs[:, 0] >= alarm["day"]]
        cost = float(ahead[:, 1].sum() / max(ahead[:, 2].sum(), 1.0))
        yield {
            **alarm,
            "cost": cost,
            "founded": cost >= least,
            "began": _began(costs, alarm["day"], least),
        }


def _daily(timeline: Timeline, path: Path, first: int, until: int) -> np.ndarray:
    """Give day, cost above the promise and outcomes, day by day."""
    bundle = Bundle(path)
    kept = np.flatnonzero((timeline.day >= first) & (timeline.day < until) & ~np.isnan(timeline.y))
    p = bundle.answer({name: values[kept] for name, values in timeline.columns.items()})
    days, place = np.unique(timeline.day[kept], return_inverse=True)
    cost = np.bincount(
        place, bundle.task.excess(timeline.y[kept], p, bundle.rule), minlength=len(days)
    )
    return np.column_stack([days, cost, np.bincount(place, minlength=len(days))])


def _began(costs: np.ndarray, day: int, least: float) -> int:
    """Find the day before an alarm from which on the loss was highest above what is harmless."""
    before = costs[costs[:, 0] <= day]
    over = (before[:, 1] - least * before[:, 2])[::-1]
    return int(before[::-1][int(np.argmax(np.cumsum(over))), 0]) if len(before) else day


def _missed(timeline: Timeline, months: Sequence[Month], rang: Sequence[int]) -> int:
    missed = 0
    for month in months:
        if month.excess < timeline.case.monitoring.min_excess:
            continue
        days = [day for day in rang if day_name(day)[:7] == month.month]
        last = [day for day in rang if day_name(day)[:7] < month.month][-1:]
        trained = [each["day"] for each in month.state.trainings]
        # An alarm that rang before is still up while nothing was trained since.
        still = bool(last) and not any(each > last[0] for each in trained)
        missed += not days and not still
    return missed


def best(summaries: Sequence[Summary]) -> str:
    """Name the policy with the least log loss, or root of the mean squared error."""
    return min(summaries, key=lambda each: each.figures[judged_by(each.figures)]).name
