"""Look at the newest days of what a model answered, beside its reference."""

from dataclasses import replace
from typing import Any

import numpy as np

from tagline.case.monitoring import MonitoringSection
from tagline.case.tasks import NUMBER
from tagline.data.split import day_name
from tagline.evaluation import calibration
from tagline.metrics.intervals import LEAST_GROUPS, Interval
from tagline.monitoring.collect import Collected, Predictions
from tagline.monitoring.days import Days, Floats, block_of
from tagline.monitoring.drift import column_drift
from tagline.monitoring.estimate import estimated
from tagline.monitoring.findings import Findings, Reference
from tagline.monitoring.harm import by_blocks, harms, mean
from tagline.monitoring.shift import shifts
from tagline.monitoring.words import said, verdict
from tagline.tasks.task import Task

WEEK = 7
FEW = 0.05  # of the rows of the fullest window


def find(
    collected: Collected,
    reference: Reference,
    section: MonitoringSection,
    *,
    digest: str,
    run: str,
    open_days: int = 0,
    seed: int,
) -> Findings:
    """Look at the newest days of what a model answered.

    Parameters
    ----------
    collected : Collected
        What it answered.
    reference : Reference
        What was known of it before.
    section : MonitoringSection
        What counts as moved and as harm.
    digest, run : str
        The model.
    open_days : int, optional
        How long it may take until it is known what came true; outcomes are looked at as many days
        further back.
    seed : int
        The same seed gives the same findings.
    """
    every, task, rule = collected.rows, collected.task, collected.rule
    last = newest_day(every.day, section.window_days)
    later = int((every.day > last).sum())
    first = last - section.window_days + 1
    rows = every.between(first, last)
    known = every.only(every.known)
    since, until = outcome_days(
        known.day, last=last, window=section.window_days, open_days=open_days
    )
    seen = known.between(since, until)
    counts = collected.counts.between(first, last)
    moves = column_drift(counts, section, seed=seed)
    moved = {each.column for each in moves if each.moved}
    harm = harms(
        collected.judged.between(since, until),
        collected.costs.between(since, until),
        [each for each in collected.layout.columns if each.name in moved],
        section,
        seed=seed,
    )
    found = Findings(
        digest=digest,
        run=run,
        first=day_name(int(rows.day.min())) if len(rows.day) else "",
        last=day_name(int(rows.day.max())) if len(rows.day) else "",
        rows=len(rows.day),
        days=len(counts.days),
        outcomes=len(seen.day),
        movements=moves,
        changes=shifts(counts, section, seed=seed),
        harm=harm,
        excess=mean(task.excess(seen.y, seen.p, rule), seen.day, section, seed=seed),
        measured=measured(task, seen, section, seed=seed),
        estimated=_estimated(task, rows, section, seed=seed),
        before=dict(reference.metrics),
        target=mean(task.level(seen.y), seen.day, section, seed=seed),
        target_before=reference.positives,
        weeks=weeks(task, every, last, section, seed=seed),
        calibration=_calibration(task, seen, section, seed=seed),
        slices=slices(seen, task.excess(seen.y, seen.p, rule), section, seed=seed),
        verdict="unknown",
        said=[],
        task=task.name,
    )
    judged = replace(found, verdict=verdict(found, section))
    sentences = said(judged, section)
    if later:
        sentences.insert(
            0, f"{later:,} answers of later days are too few to look at, and left out."
        )
    if len(seen.day) and until < last:
        sentences.insert(
            1, f"What came true is known of {day_name(since)} to {day_name(until)}, and looked at."
        )
    return replace(judged, said=sentences)


def outcome_days(days: Days, *, last: int, window: int, open_days: int) -> tuple[int, int]:
    """Give the first and the last day of which outcomes are looked at.

    Parameters
    ----------
    days : ndarray of shape (n,), int64
        The days of the rows of which it is known what came true.
    last : int
        The newest day that is looked at.
    window : int
        How many days are.
    open_days : int
        How long it may take until it is known; where that is longer than the window, the newest
        days have no outcome yet.
    """
    recent = days[(days > last - window - open_days) & (days <= last)]
    until = newest_day(recent, window) if open_days and len(recent) else last
    return until - window + 1, until


def newest_day(days: Days, window: int) -> int:
    """Give the day that ends the window: the newest whose window has rows enough.

    A few questions asked by hand today do not hide a month of answers in batch: the window has a
    twentieth of the rows of the fullest one at least.
    """
    if not len(days):
        return 0
    distinct, counts = np.unique(days, return_counts=True)
    before = np.concatenate([[0], np.cumsum(counts)])
    first = np.searchsorted(distinct, distinct - window, side="right")
    inside = before[1:] - before[first]
    return int(distinct[inside >= FEW * inside.max()][-1])


def measured(
    task: Task, seen: Predictions, section: MonitoringSection, *, seed: int
) -> dict[str, Interval]:
    """Give the figures of rows of which it is known what came true."""
    if not len(seen.day):
        return {}
    figures = by_blocks(seen.day, section, seed=seed).figures(seen.y, seen.p, task.watched)
    return {
        name: each.interval(section.level, least=LEAST_GROUPS // 2)
        for name, each in figures.items()
    }


def weeks(
    task: Task, rows: Predictions, last: int, section: MonitoringSection, *, seed: int
) -> list[dict[str, Any]]:
    """Give the measured and the estimated figures week by week; the last day ends a week."""
    found = []
    number = (last - rows.day) // WEEK
    daily = section.model_copy(update={"block_days": 1})
    for week in sorted(np.unique(number).tolist(), reverse=True):
        own = rows.only(number == week)
        seen = own.only(own.known)
        here: dict[str, Any] = {
            "week": day_name(last - (week + 1) * WEEK + 1),
            "rows": len(own.day),
            "outcomes": len(seen.day),
        }
        real = measured(task, seen, daily, seed=seed)
        promised = _estimated(task, own, daily, seed=seed)
        for name in task.weekly:
            for kind, each in (("measured", real.get(name)), ("estimated", promised.get(name))):
                for at in ("value", "low", "high"):
                    value = np.nan if each is None else getattr(each, at)
                    here[f"{name}_{kind}_{at}"] = float(value)
        found.append(here)
    return found


def slices(
    seen: Predictions, cost: Floats, section: MonitoringSection, *, seed: int
) -> list[dict[str, Any]]:
    """Judge the values of some fields by themselves, the worst first; see `Task.excess`."""
    found = []
    for name, values in seen.slices.items():
        for value in np.unique(values.astype(str)):
            own = values.astype(str) == value
            if own.sum() < section.slice_support:
                continue
            over = mean(cost[own], seen.day[own], section, seed=seed)
            each = {"field": name, "value": str(value), "outcomes": int(own.sum())}
            found.append(each | {"excess": over.value, "low": over.low, "high": over.high})
    return sorted(found, key=lambda each: -float(str(each["excess"])))


def _estimated(
    task: Task, rows: Predictions, section: MonitoringSection, *, seed: int
) -> dict[str, Interval]:
    if not len(rows.p):
        return {}
    number = block_of(rows.day, section.block_days)
    draws = min(section.resamples, 199)  # each sorts the whole window
    return estimated(task, rows.p, number, resamples=draws, level=section.level, seed=seed)


def _calibration(
    task: Task, seen: Predictions, section: MonitoringSection, *, seed: int
) -> list[dict[str, Any]]:
    if not len(seen.day):
        return []
    drawn = by_blocks(seen.day, section, seed=seed)
    curve = calibration.curve_of_numbers if task.name == NUMBER else calibration.curve
    table = curve(seen.y, seen.p, resampling=drawn, level=section.level)
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
