"""Known faults put into the past, to see how long the monitor takes to notice each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.backtest.timeline import Timeline
from tagline.backtest.training import Trained
from tagline.bundle.load import Bundle
from tagline.data.split import day_name
from tagline.monitoring.collect import Collected, Predictions
from tagline.monitoring.days import layout_of
from tagline.monitoring.find import outcome_days
from tagline.monitoring.harm import hurts, mean
from tagline.monitoring.shift import shifts
from tagline.transform.compute import Columns

Mask = npt.NDArray[np.bool_]
AHEAD = 28  # days that a fault is given to be noticed
CALM = 60  # days without a fault, before it, that tell how often the monitor rings for nothing


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes
    ----------
    name : str
        In words.
    columns : callable
        Changes the columns of faulty rows: ``columns(columns, faulty, days_since) -> columns``.
    outcomes : callable
        Changes what came true, and the day on which that is known, of faulty rows.
    """

    name: str
    columns: Callable[[Columns, Mask, npt.NDArray[np.int64]], Columns] | None = None
    outcomes: (
        Callable[[npt.NDArray[np.float64], npt.NDArray[np.int64], Mask, Columns], Any] | None
    ) = None


@dataclass(frozen=True)
class Detection:
    """How a fault was noticed.

    Attributes
    ----------
    fault : str
        Which.
    began : str
        Its first day.
    changed_after, hurt_after : int or None
        Days until a column that it touches was said to have changed suddenly, and until the
        answers were said to be worse than promised; None where neither was within 28 days.
    columns : list of str
        The first columns that were named.
    false_changes, false_hurts : float
        Share of the calm days before it on which either rang.
    """

    fault: str
    began: str
    changed_after: int | None
    hurt_after: int | None
    columns: list[str]
    false_changes: float
    false_hurts: float

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


def stuck(column: str, value: float) -> Fault:
    """Let a sensor repeat one value."""

    def change(columns: Columns, faulty: Mask, _: Any) -> Columns:
        return {**columns, column: np.where(faulty, value, columns[column])}

    return Fault(f"{column} is stuck at {value:g}", change)


def scaled(column: str, factor: float) -> Fault:
    """Give a column in another unit."""

    def change(columns: Columns, faulty: Mask, _: Any) -> Columns:
        return {**columns, column: np.where(faulty, columns[column] * factor, columns[column])}

    return Fault(f"{column} comes in another unit (times {factor:g})", change)


def renamed(column: str, old: str, new: str) -> Fault:
    """Give a category another name."""

    def change(columns: Columns, faulty: Mask, _: Any) -> Columns:
        values = columns[column]
        return {**columns, column: np.where(faulty & (values == old), new, values)}

    return Fault(f"{column} {old!r} is called {new!r}", change)


def ramp(column: str, each_day: float) -> Fault:
    """Let a column creep away, a little each day."""

    def change(columns: Columns, faulty: Mask, since: npt.NDArray[np.int64]) -> Columns:
        return {**columns, column: columns[column] + np.where(faulty, since * each_day, 0.0)}

    return Fault(f"{column} creeps by {each_day:g} a day", change)


def lost(column: str) -> Fault:
    """Let a column go missing."""
    return Fault(f"{column} is missing", stuck(column, np.nan).columns)


def delayed(days: int) -> Fault:
    """Let outcomes arrive later."""

    def change(y: Any, known: Any, faulty: Mask, _: Columns) -> Any:
        return y, np.where(faulty & ~np.isnan(y), known + days, known)

    return Fault(f"outcomes arrive {days} days later", None, change)


def broken(column: str, value: str) -> Fault:
    """Let half the outcomes of one category turn over."""

    def change(y: Any, known: Any, faulty: Mask, columns: Columns) -> Any:
        half = np.arange(len(y)) % 2 == 0
        return np.where(faulty & half & (columns[column] == value), 1 - y, y), known

    return Fault(f"half the outcomes of {column} {value!r} turn over", None, change)


def detect(
    timeline: Timeline, trained: Trained, faults: Sequence[Fault], *, day: int
) -> Iterator[Detection]:
    """Let a model answer calm days, then faulty ones, and look each day.

    Parameters
    ----------
    timeline : Timeline
        The past.
    trained : Trained
        The model.
    faults : sequence of Fault
        Each by itself.
    day : int
        The first faulty day, since 1970.
    """
    bundle = Bundle(Path(trained.path))
    back = CALM + timeline.case.monitoring.window_days + timeline.open_days
    kept = (timeline.day >= day - back) & (timeline.day < day + AHEAD)
    columns = {name: values[kept] for name, values in timeline.columns.items()}
    days, y, known = timeline.day[kept], timeline.y[kept], timeline.known_on[kept]
    calm = _rang(timeline, bundle, columns, (days, y, known), range(day - CALM, day))
    false_changes = float(np.mean([bool(changed) for changed, _ in calm.values()]))
    false_hurts = float(np.mean([worse for _, worse in calm.values()]))
    looks = range(day + 1, day + AHEAD + 1)
    # What rings on the same days without the fault is no notice of it.
    without = _rang(timeline, bundle, columns, (days, y, known), looks)
    for fault in faults:
        faulty, since = days >= day, np.maximum(days - day + 1, 0)
        own = fault.columns(columns, faulty, since) if fault.columns else columns
        late = fault.outcomes(y, known, faulty, columns) if fault.outcomes else (y, known)
        rang = _rang(timeline, bundle, own, (days, *late), looks)
        touched = _touched(columns, own)
        named = {
            at: [each for each in found if each in touched and each not in without[at][0]]
            for at, (found, _) in rang.items()
        }
        changed = next((at for at, names in named.items() if names), None)
        hurt = next((at for at, (_, worse) in rang.items() if worse and not without[at][1]), None)
        yield Detection(
            fault=fault.name,
            began=day_name(day),
            changed_after=None if changed is None else changed - day,
            hurt_after=None if hurt is None else hurt - day,
            columns=[] if changed is None else named[changed][:3],
            false_changes=false_changes,
            false_hurts=false_hurts,
        )


def _touched(before: Columns, after: Columns) -> set[str]:
    changed = [name for name in before if before[name] is not after[name]]
    return {f"field:{name}" for name in changed} | {f"input:{name}" for name in changed} | {"score"}


def _rang(
    timeline: Timeline,
    bundle: Bundle,
    columns: Columns,
    told: tuple[Any, Any, Any],
    looks: Sequence[int] | range,
) -> Mapping[int, tuple[list[str], bool]]:
    """Give, for each day, the columns that changed suddenly and whether the answers hurt."""
    section, seed = timeline.case.monitoring, timeline.case.seed
    days, y, known = told
    p, X = bundle.answer_with_inputs(columns)
    named: dict[str, Any] = {f"field:{name}": values for name, values in columns.items()}
    named |= {f"input:{n}": X[:, at] for at, n in enumerate(bundle.inputs["names"])}
    collected = Collected(layout_of(bundle), bundle.task, bundle.rule)
    collected.add(named, Predictions(days, p, y))
    found = {}
    for today in looks:
        first = today - section.window_days
        moved = shifts(collected.counts.between(first, today - 1), section, seed=seed)
        settled = (days < today) & (known <= today)
        since, until = outcome_days(
            days[settled],
            last=today - 1,
            window=section.window_days,
            open_days=timeline.open_days,
        )
        seen = settled & (days >= since) & (days <= until)
        cost = bundle.task.excess(y[seen], p[seen], bundle.rule)
        over = mean(cost, days[seen], section, seed=seed)
        changed = [each.column for each in moved if each.changed]
        found[today] = (changed, hurts(over, section.min_excess))
    return found
