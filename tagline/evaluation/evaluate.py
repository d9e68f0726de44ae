"""Judge one model on the test rows, once, beside others on the same rows; nothing is retrained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.evaluation import EvaluationSection, GatesSection
from tagline.errors import TaglineError
from tagline.evaluation import calibration, threshold
from tagline.evaluation.behaviour import BehaviourResult
from tagline.evaluation.gates import Gate, Standing, judge, standing
from tagline.evaluation.intervals import Resamples, figure, intervals, paired
from tagline.evaluation.metrics import METRICS, Floats
from tagline.evaluation.slices import slices

CHAMPION = "champion"


@dataclass(frozen=True)
class Evaluation:
    """What is known of a model's quality, as plain data.

    Attributes
    ----------
    metrics : dict
        Metric to ``value``, ``low``, ``high`` and ``undefined``.
    baseline_metrics : dict
        Baseline, and the champion where there is one, to metric to figure.
    comparisons : DataFrame
        ``against``, ``metric``, ``difference``, ``low``, ``high``: paired, model less other.
    slices : DataFrame
        See `tagline.evaluation.slices.slices`.
    calibration_curve : DataFrame
        See `tagline.evaluation.calibration.curve`.
    cost_curve : DataFrame
        See `tagline.evaluation.threshold.cost_curve`.
    threshold : dict
        See `tagline.evaluation.threshold.judge`.
    behaviour : list of dict
        What came of the behaviour tests.
    gates : list of dict
        ``name``, ``passed``, ``figure``, ``limit``.
    standing : {"candidate", "rejected"}
        What the gates decide.
    """

    metrics: dict[str, dict[str, float]]
    baseline_metrics: dict[str, dict[str, float]]
    comparisons: pd.DataFrame
    slices: pd.DataFrame
    calibration_curve: pd.DataFrame
    cost_curve: pd.DataFrame
    threshold: threshold.Threshold
    behaviour: list[BehaviourResult]
    gates: list[Gate]
    standing: Standing


def evaluate(
    section: EvaluationSection,
    gates: GatesSection,
    *,
    y: Floats,
    p: Floats,
    groups: npt.NDArray[np.int64],
    columns: pd.DataFrame,
    baselines: Mapping[str, Floats],
    champion: Floats | None,
    act_from: float,
    behaviour: Sequence[BehaviourResult],
    seed: int,
) -> Evaluation:
    """Judge a model on the test rows.

    Parameters
    ----------
    section, gates : EvaluationSection, GatesSection
        What is computed and what is asked.
    y, p : ndarray of shape (n,), float64
        Labels, and the model's calibrated probabilities.
    groups : ndarray of shape (n,), int64
        What hangs together.
    columns : DataFrame of shape (n, columns)
        Holds the columns that `section` slices by.
    baselines : mapping of str to ndarray of shape (n,)
        Probabilities of the baselines on the same rows.
    champion : ndarray of shape (n,) or None
        Probabilities of the current champion on the same rows.
    act_from : float
        The threshold, chosen on the tuning rows.
    behaviour : sequence of BehaviourResult
        What came of the behaviour tests.
    seed : int
        Seed of the resamples.

    Raises
    ------
    TaglineError
        A column to slice by is missing.
    """
    missing = [name for name in section.slices if name not in columns]
    if missing:
        raise TaglineError(f"There is no column {missing[0]!r}.", where="evaluation.slices")
    drawn = Resamples.of(groups, resamples=section.resamples, level=section.level, seed=seed)
    others = dict(baselines) | ({} if champion is None else {CHAMPION: champion})
    measured = intervals(y, p, section.metrics, drawn)
    gaps = {name: paired(y, p, other, section.primary, drawn) for name, other in others.items()}
    sliced = slices(
        columns[list(section.slices)],
        y,
        p,
        metric=section.primary,
        support=section.slice_support,
        resamples=drawn,
    )
    held = judge(
        gates,
        metrics=measured,
        primary=section.primary,
        baselines={name: gap for name, gap in gaps.items() if name != CHAMPION},
        champion=gaps.get(CHAMPION),
        behaviour=behaviour,
        slices=sliced,
    )
    return Evaluation(
        metrics={name: interval.to_dict() for name, interval in measured.items()},
        baseline_metrics={
            name: {metric: figure(y, other, metric) for metric in section.metrics}
            for name, other in others.items()
        },
        comparisons=pd.DataFrame(
            [
                {"against": n, "metric": METRICS[section.primary].title, **g.to_dict()}
                for n, g in gaps.items()
            ]
        ),
        slices=sliced,
        calibration_curve=calibration.curve(y, p),
        cost_curve=threshold.cost_curve(y, p, section.cost),
        threshold=threshold.judge(y, p, act_from, section.cost),
        behaviour=list(behaviour),
        gates=held,
        standing=standing(held),
    )
