"""What more rows would bring: a run's model fitted to fewer rows, and judged on its test rows."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.bundle.record import RunRecord
from tagline.case.config import Case
from tagline.data.training_set import TEST, part_groups, part_matrix
from tagline.errors import TaglineError
from tagline.evaluation.gates import asked
from tagline.metrics.intervals import LEAST_GROUPS, GroupBootstrap, Interval
from tagline.metrics.metrics import METRICS
from tagline.models.families import BaseRate
from tagline.models.model import Model
from tagline.models.out_of_fold import fit_of
from tagline.models.search import AT_ONCE
from tagline.models.training_data import TrainingData, read
from tagline.models.trials import members
from tagline.tasks.task import Floats, Task
from tagline.tasks.tasks import task_of
from tagline.workflows.run_rows import matrix_of, table_of
from tagline.workflows.standings import open_case

log = logging.getLogger(__name__)
SHARES = (0.125, 0.25, 0.5, 1.0)
LEAST_SHARES = SHARES[-3:]  # two doublings, to say what the next one brings
DRAWS = 3
MOST_DOUBLINGS = 10
Fitted = tuple[int, Floats]  # rows that were learned from, and the answers to the test rows


@dataclass(frozen=True)
class Step:
    """One size of the learning curve.

    Attributes
    ----------
    rows : int
        Rows that were learned from, on average over the draws.
    figures : dict of str to float
        Metrics on the test rows, means over the draws.
    """

    rows: int
    figures: Mapping[str, float]


@dataclass(frozen=True)
class LearningCurve:
    """How a run's model does with fewer rows, and what more would bring.

    Attributes
    ----------
    run, kind, metric : str
        The run, the family that was fitted, and the metric of `gain`.
    steps : list of Step
        From few rows to all, without sizes that nothing can be learned from.
    gain : Interval
        What the last doubling of the rows brought, by whole groups of test rows; above 0 is better.
    said : list of str
        What it means, in sentences.
    """

    run: str
    kind: str
    metric: str
    steps: list[Step]
    gain: Interval
    said: list[str]


def learning_curve(record: RunRecord, *, draws: int) -> LearningCurve:
    """Fit a run's best trial to an eighth, a quarter, half and all of its rows.

    Whole groups are drawn. A doubling of rows brings less than the one before it: what more of them
    would bring is told by the last two (a power law, as Viering and Loog, 2022, find it).

    Parameters
    ----------
    record : RunRecord
        The run.
    draws : int
        How many times rows are drawn for each size but the whole.

    Raises
    ------
    TaglineError
        Its rows are not in the store any more, no trial of it can be fitted, or nothing can be
        learned from a part of its rows.
    """
    case = open_case(record.case, record=record).case
    rows = _Rows.of(record, case)
    trial = _trial(record)
    every = {share: list(_fitted(case, rows, trial, share, draws)) for share in SHARES}
    found = _learned(every, where=record.run)
    metric = case.search.metric
    names = list(dict.fromkeys([metric, *case.evaluation.metrics, *sorted(asked(case.gates))]))
    steps = [
        Step(
            round(float(np.mean([count for count, _ in models]))),
            {name: _mean(rows, [given for _, given in models], name) for name in names},
        )
        for models in found.values()
    ]
    half, whole = (found[share][0][1] for share in SHARES[-2:])
    drawn = GroupBootstrap(rows.groups, resamples=case.evaluation.resamples, seed=case.seed)
    before, after = (drawn.figures(rows.y, given, [metric])[metric] for given in (half, whole))
    better = after.minus(before) if METRICS[metric].sign > 0 else before.minus(after)
    gap = better.interval(case.evaluation.level, least=LEAST_GROUPS)
    curve = LearningCurve(record.run, trial["kind"], metric, steps, gap, [])
    return replace(curve, said=list(_said(curve, record)))


def more_rows(record: RunRecord, *, values: int) -> list[str]:
    """Say what more rows would bring to a run that was rejected, where that takes seconds.

    Parameters
    ----------
    record : RunRecord
        The run.
    values : int
        How many the matrix of its training rows has.
    """
    if record.stage != "rejected" or values > AT_ONCE:
        return []
    try:
        return learning_curve(record, draws=DRAWS).said
    # The run has its verdict: that its curve can not be drawn, for whatever a family raises, is
    # said, and stops nothing.
    except Exception as wrong:
        return [f"its curve can not be drawn: {wrong}"]


def _learned(every: Mapping[float, list[Fitted]], *, where: str) -> dict[float, list[Fitted]]:
    """Give the sizes that something was learned from."""
    lacking = [share for share in LEAST_SHARES if not every[share]]
    if lacking:
        raise TaglineError(
            f"It has too few rows for a curve: nothing can be learned from {lacking[0]:g} of them.",
            where=where,
            todo="The lines above say why. Bring more rows, of the rarest class if there are some.",
        )
    return {share: models for share, models in every.items() if models}


@dataclass(frozen=True)
class _Rows:
    """All that a run has learned from, and its test rows."""

    data: TrainingData
    learned: npt.NDArray[np.int64]
    X: npt.NDArray[np.floating]
    y: Floats
    groups: npt.NDArray[np.int64]
    task: Task

    @classmethod
    def of(cls, record: RunRecord, case: Case) -> "_Rows":
        folder = matrix_of(record)
        data = read(folder).of(case.task)
        groups = [part_groups(folder, part) for part in ("train", "tune")]
        whole = data.whole() if data.folds else data
        learned = np.concatenate(groups) if data.folds else groups[0]
        test = table_of(record, TEST)
        y = test[case.table.target].to_numpy(dtype=np.float64)
        X = part_matrix(folder, TEST)
        return cls(whole, learned, X, y, part_groups(folder, TEST), task_of(case.task))

    def drawn(self, share: float, seed: int) -> TrainingData:
        """Give some of the rows, whole groups of them."""
        if share >= 1:
            return self.data
        distinct = np.unique(self.learned)
        count = max(2, round(share * len(distinct)))
        kept = np.random.default_rng(seed).choice(distinct, size=count, replace=False)
        rows = np.isin(self.learned, kept)
        return self.data.only(rows)


def _trial(record: RunRecord) -> dict[str, Any]:
    """Give the run's best trial that can be fitted by itself: of an average its first member."""
    board = {each["trial"]: each for each in record.leaderboard}
    able = [each for each in record.leaderboard if each["rank"] is not None]
    for each in able:
        first = board[members(each)[0]] if members(each) else each
        if first["kind"] != BaseRate.kind:
            return dict(first)
    raise TaglineError("No trial of it can be fitted again.", where=record.run)


def _fitted(
    case: Case, rows: _Rows, trial: Mapping[str, Any], share: float, draws: int
) -> Iterator[Fitted]:
    parameters = json.loads(trial["params"])
    rate = parameters.pop("learning_rate", None)
    for draw in range(draws if share < 1 else 1):
        data = rows.drawn(share, case.seed + draw)
        try:
            fit = fit_of(trial["kind"], data, case.search, beside=str(case.beside(".")))
            model: Model = fit(
                parameters, learning_rate=rate, seed=case.seed, rounds=max(1, trial["rounds"])
            )
        # A draw may lack a class: that is what few rows are like.
        except (ValueError, TaglineError) as wrong:
            log.info(f"{len(data.y):,} rows can not be learned from: {wrong}")
            continue
        given = rows.task.link(model.margins(rows.X))
        if given.shape[1:] != (len(case.table.classes),) and case.table.classes:
            log.info(f"{len(data.y):,} rows lack a class, and are left out")
            continue
        yield len(data.y), given
        log.info(f"{len(data.y):,} rows learned from")


def _mean(rows: _Rows, given: Sequence[Floats], name: str) -> float:
    return float(np.mean([METRICS[name].of(rows.y, each) for each in given]))


def _said(curve: LearningCurve, record: RunRecord) -> Iterator[str]:
    metric, gain = METRICS[curve.metric], curve.gain
    between = "" if gain.note else f" ({gain.low:.4g} to {gain.high:.4g})"
    yield (
        f"The last doubling, to {curve.steps[-1].rows:,} rows, brought {gain.value:.4g}{between} "
        f"of {metric.title}."
    )
    shrinks = _shrinks([step.figures[curve.metric] for step in curve.steps])
    if gain.value <= 0 or (not gain.note and gain.low <= 0):
        yield "That is not clearly anything: more rows of the same kind may bring nothing."
    yield (
        f"Twice the rows would bring some {max(gain.value, 0.0) * shrinks:.4g} more, if gains go "
        "on to shrink as they did."
    )
    for gate in record.gates:
        if not gate["passed"] and (told := _verdict(curve, gate)):
            yield told


def _shrinks(figures: Sequence[float]) -> float:
    """Give by what part a doubling brings less than the one before, from 0 to 1."""
    before, last = (abs(figures[place] - figures[place - 1]) for place in (-2, -1))
    return min(1.0, last / before) if before > 0 else 0.0


def _verdict(curve: LearningCurve, gate: Mapping[str, Any]) -> str:
    """Say how many rows could let a limit be met; nothing where the gate is no limit."""
    named = (name for name, metric in METRICS.items() if gate["name"].startswith(metric.title))
    name = next((each for each in named if each in curve.steps[0].figures), None)
    limited = " at least " in gate["name"] or " at most " in gate["name"]
    if name is None or not limited or "slice" in gate["name"]:
        return ""
    figures = [step.figures[name] for step in curve.steps]
    sign, shrinks = METRICS[name].sign, _shrinks(figures)
    lacking = sign * (gate["limit"] - figures[-1])
    gain, rows = sign * (figures[-1] - figures[-2]) * shrinks, curve.steps[-1].rows
    for _ in range(MOST_DOUBLINGS):
        if gain <= 0:
            break
        lacking, gain, rows = lacking - gain, gain * shrinks, rows * 2
        if lacking <= 0:
            return f"{gate['name']}: some {rows:,} rows could reach it."
    return f"{gate['name']}: no number of rows of the same kind would reach it."
