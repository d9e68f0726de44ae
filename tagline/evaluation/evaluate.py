"""Judge one model on the test rows, once, beside others on the same rows; nothing is retrained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.evaluation import METRIC_NAMES, EvaluationSection, GatesSection
from tagline.case.tasks import BINARY, NUMBER
from tagline.errors import TaglineError
from tagline.evaluation import calibration
from tagline.evaluation.compare import compare
from tagline.evaluation.gates import Standing, asked, judge, standing
from tagline.evaluation.slices import slices as sliced
from tagline.metrics.intervals import LEAST_GROUPS, Estimate, GroupBootstrap
from tagline.metrics.scored import Floats, Integers
from tagline.tasks.task import Rule, Task

CHAMPION = "champion"


@dataclass(frozen=True)
class Evaluation:
    """What is known of a model's quality, as plain data.

    Attributes
    ----------
    support : dict
        ``n`` (test rows) and ``groups``, and of a binary question ``positives``.
    metrics : dict
        Metric to ``value``, ``low``, ``high``, ``undefined`` (resamples), and ``note`` where
        there is no interval.
    baseline_metrics : dict
        Baseline, and "champion" where there is one, to metric to value.
    comparisons : DataFrame
        See `tagline.evaluation.compare.compare`.
    slices : DataFrame
        See `tagline.evaluation.slices.slices`.
    calibration_curve : DataFrame
        See `tagline.evaluation.calibration.curve`.
    rule : dict
        What decisions are made by, chosen on the tuning rows; see `tagline.tasks.task.Task`.
    decided : dict
        What decisions by it come to on the test rows; see the task's `decided`. ``tuned`` is what
        they came to on the tuning rows.
    cost_curve : DataFrame
        On the tuning rows; see `tagline.tasks.task.Rule`.
    behaviour : list of dict
        See `tagline.evaluation.behaviour.check`.
    remarks : list of str
        What is odd about the answers on the whole.
    gates : list of dict
        ``name``, ``passed``, ``figure``, ``limit``, ``detail``.
    standing : {"candidate", "rejected"}
        What the gates decide.
    answers : DataFrame or None
        What was answered to each row; see `tagline.training.answers.kept_answers`.
    """

    support: dict[str, int]
    metrics: dict[str, dict[str, Any]]
    baseline_metrics: dict[str, dict[str, float]]
    comparisons: pd.DataFrame
    slices: pd.DataFrame
    calibration_curve: pd.DataFrame
    rule: dict[str, Any]
    decided: dict[str, Any]
    cost_curve: pd.DataFrame
    behaviour: list[dict[str, Any]]
    remarks: list[str]
    gates: list[dict[str, Any]]
    standing: Standing
    answers: pd.DataFrame | None = None


def evaluate(
    section: EvaluationSection,
    gates_section: GatesSection,
    *,
    task: Task,
    y: Floats,
    p: Floats,
    groups: Integers,
    slices: pd.DataFrame,
    baselines: Mapping[str, Floats],
    champion: Floats | None,
    rule: Rule,
    tuning: tuple[Floats, Floats],
    behaviour_results: Sequence[dict[str, Any]],
    unfitted: Sequence[str] = (),
    uncompared: str = "",
    lost: str = "",
    postponed: str = "",
    worth: tuple[Floats | None, Floats | None] = (None, None),
    seed: int,
) -> Evaluation:
    """Judge a model on the test rows.

    Parameters
    ----------
    section, gates_section : EvaluationSection, GatesSection
        What is computed and what is asked.
    task : Task
        What labels and answers are.
    y : ndarray of shape (n,), float64
        Labels.
    p : ndarray of shape (n,) or (n, k), float64
        The model's calibrated answers.
    groups : ndarray of shape (n,), int64
        What hangs together.
    slices : DataFrame of shape (n, columns)
        Holds the columns that `section` slices by; others are left alone.
    baselines : mapping of str to ndarray, as `p`
        Answers of the baselines on the same rows; without the baseline that the model
        itself is, if it is one.
    champion : ndarray, as `p`, or None
        Answers of the current champion on the same rows.
    rule : Rule
        What decisions are made by.
    tuning : tuple of two ndarrays
        Labels and calibrated answers on the tuning rows.
    behaviour_results : sequence of dict
        What `tagline.evaluation.behaviour.check` gave.
    unfitted : sequence of str
        Baselines that were asked for and could not be fitted; a gate fails for each.
    uncompared : str
        Why the current champion could not answer these rows, where it could not; its gate fails.
    lost : str
        Why the current champion is gone, where it is; its gate says so.
    postponed : str
        Why the current champion is compared at a promotion only; its gate says so.
    worth : tuple of ndarray
        What the costs of the tuning rows, and of the test rows, are multiplied by; 1 where None.
    seed : int
        Seed of the resamples.

    Raises
    ------
    TaglineError
        There are no rows, they cannot be judged, or a column to slice by is missing.
    """
    _require(section, slices, len(y))
    names = _names(section, gates_section)
    resampling = GroupBootstrap(groups, resamples=section.resamples, seed=seed)
    own = resampling.figures(y, p, names)
    simple = {name: resampling.figures(y, other, names) for name, other in baselines.items()}
    current = {} if champion is None else {CHAMPION: resampling.figures(y, champion, names)}
    metrics = {
        name: figure.interval(section.level, least=LEAST_GROUPS) for name, figure in own.items()
    }
    comparisons = _comparisons(own, simple, current, section.level)
    parts = sliced(
        slices[list(section.slices)],
        y,
        p,
        names=[name for name in METRIC_NAMES if name in {*names, *gates_section.slice_minimum}],
        resampling=GroupBootstrap(groups, resamples=section.slice_resamples, seed=seed),
        level=section.level,
        support=section.slice_support,
        bands=section.slice_bands,
    )
    decided = task.decided(y, p, rule.plain, section, resampling, worth=worth[1])
    judged = judge(
        gates_section,
        primary=section.primary,
        metrics=metrics,
        comparisons=comparisons,
        unfitted=unfitted,
        uncompared=uncompared,
        lost=lost,
        postponed=postponed,
        slices=parts,
        behaviour=behaviour_results,
        decided=decided,
    )
    curve = calibration.curve_of_numbers if task.name == NUMBER else calibration.curve
    alone = GroupBootstrap(np.arange(len(tuning[0])), resamples=1, seed=seed)
    tuned = task.decided(*tuning, rule.plain, section, alone, worth=worth[0])
    return Evaluation(
        support={"n": len(y), "groups": resampling.groups, **_positives(y, task)},
        metrics={name: interval.to_dict() for name, interval in metrics.items()},
        baseline_metrics=_values(simple | current),
        comparisons=comparisons,
        slices=parts,
        calibration_curve=curve(y, p, resampling=resampling, level=section.level),
        rule=rule.plain,
        decided=decided | {"tuned": tuned},
        cost_curve=rule.curve,
        behaviour=list(behaviour_results),
        remarks=task.remarks(p, rule.plain),
        gates=judged,
        standing=standing(judged),
    )


def _positives(y: Floats, task: Task) -> dict[str, int]:
    return {"positives": int(y.sum())} if task.name == BINARY else {}


def _require(section: EvaluationSection, slices: pd.DataFrame, rows: int) -> None:
    if not rows:
        raise TaglineError("There is no test row with a label.")
    missing = [name for name in section.slices if name not in slices]
    if missing:
        raise TaglineError(f"There is no column {missing[0]!r}.", where="evaluation.slices")


def _names(section: EvaluationSection, gates_section: GatesSection) -> list[str]:
    extra = sorted(asked(gates_section) - set(section.metrics))
    return [*section.metrics, *extra]


def _comparisons(
    own: Mapping[str, Estimate],
    simple: Mapping[str, Mapping[str, Estimate]],
    current: Mapping[str, Mapping[str, Estimate]],
    level: float,
) -> pd.DataFrame:
    against = ((simple, "baseline"), (current, CHAMPION))
    tables = [compare(own, others, kind=kind, level=level) for others, kind in against if others]
    return (
        pd.concat(tables, ignore_index=True) if tables else compare(own, {}, kind="", level=level)
    )


def _values(figures: Mapping[str, Mapping[str, Estimate]]) -> dict[str, dict[str, float]]:
    return {name: {m: each.value for m, each in own.items()} for name, own in figures.items()}
