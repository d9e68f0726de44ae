"""Few rows: the rule of choice among trials that folds have judged, and the fit to all rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.models import leaderboard
from tagline.models.average import by_turns
from tagline.models.families import Boosted, Mean, Model
from tagline.models.out_of_fold import OutOfFold, fit_of
from tagline.models.training_data import TrainingData
from tagline.models.trials import Row, row
from tagline.tasks.task import Task

Floats = npt.NDArray[np.float64]
LINEAR = ("logistic", "ridge")


@dataclass(frozen=True)
class Combination:
    """Trials that answer together, by the mean of their margins.

    Attributes
    ----------
    trials : tuple of int
        Their numbers on the leaderboard; one alone answers by itself.
    members : tuple of OutOfFold
        What folds have left of them.
    """

    trials: tuple[int, ...]
    members: tuple[OutOfFold, ...]

    @property
    def margins(self) -> Floats:
        """The mean of their margins on the rows that the folds judge, float64 [m, w]."""
        return np.asarray(np.mean([each.margins for each in self.members], axis=0))


def combination(
    table: pd.DataFrame,
    tuned: Mapping[int, OutOfFold],
    simple: Mapping[int, OutOfFold],
    y: Floats,
    groups: npt.NDArray[np.int64],
    *,
    case: Case,
    task: Task,
) -> Combination:
    """Choose what answers: the mean of the best few and the linear model, or a simpler one alone.

    The mean errs less than each of its members (Breiman 1996). A single model takes its place where
    its loss is not greater by more than one standard error of their difference, by whole groups:
    first the simplest, then the best one (the one-standard-error rule of Breiman et al. 1984,
    section 3.4.3).

    Parameters
    ----------
    table : DataFrame
        All trials, ranked; see `tagline.models.leaderboard.COLUMNS`.
    tuned, simple : mapping of int to OutOfFold
        Trial to what folds have left of it: those that finished, and baselines.
    y : ndarray of shape (m,), float64
        Labels of the rows that the folds judge.
    groups : ndarray of shape (m,), int64
        What hangs together.
    case : Case
        How many may be averaged.
    task : Task
        The case's.
    """
    ranked = by_turns(table[table["trial"].isin(list(tuned))])[: case.search.average]
    every = {**tuned, **simple}
    linear = [trial for trial, each in simple.items() if each.kind in LINEAR]
    alone = [Combination((trial,), (every[trial],)) for trial in [*simple, *ranked[:1]]]
    together = [*ranked, *linear] if case.search.average > 1 else ranked
    if len(together) < 2:
        best = int(table["trial"].iloc[0])
        return Combination((best,), (every[best],)) if best in every else alone[-1]
    whole = Combination(tuple(together), tuple(every[trial] for trial in together))
    metric = case.search.metric
    least = task.losses(y, task.link(whole.margins), metric)
    for one in alone:
        more = task.losses(y, task.link(one.margins), metric) - least
        if more.mean() <= standard_error(more, groups):
            return one
    return whole


def standard_error(values: Floats, groups: npt.NDArray[np.int64]) -> float:
    """Give the standard error of a mean whose rows hang together in groups; NaN of one group.

    The cluster-robust one (Liang and Zeger 1986), for a mean.
    """
    _, place = np.unique(groups, return_inverse=True)
    sums = np.bincount(place, values - values.mean())
    if len(sums) < 2:
        return float("nan")
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / len(values))


def fitted(chosen: Combination, data: TrainingData, case: Case) -> Model:
    """Fit what was chosen once more, to training and tuning rows."""
    models = [_fitted(each, data, case) for each in chosen.members]
    if len(models) == 1:
        return models[0]
    trees = [each for each in models if isinstance(each, Boosted)]
    return Boosted.average(trees) if len(trees) == len(models) else Mean(tuple(models))


def _fitted(member: OutOfFold, data: TrainingData, case: Case) -> Model:
    fit = fit_of(member.kind, data, case.search, beside=str(case.beside(".")))
    return member.fitted(fit)


def fitted_alone(members: Sequence[OutOfFold], data: TrainingData, case: Case) -> dict[str, bytes]:
    """Fit simple models once more, to training and tuning rows: kind to its bytes."""
    return {each.kind: _fitted(each, data, case).to_bytes() for each in members}


def row_of(chosen: Combination, number: int, y: Floats, *, board: pd.DataFrame, task: Task) -> Row:
    """Give a combination's row of the leaderboard, by the rows that the folds judge."""
    named: dict[str, Any] = {"average_of": list(chosen.trials)}
    own = row(number, Mean.kind, named) | {"state": "finished"}
    own |= leaderboard.measured(chosen.margins, y, task=task)
    spent = board.set_index("trial")["predict_seconds"][list(chosen.trials)].sum()
    rounds = sum(each.rounds for each in chosen.members)
    return own | {"rounds": rounds, "predict_seconds": float(spent)}
