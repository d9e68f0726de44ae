"""Choose the best trial, and a calibrator for it, by the tuning rows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.data.parts import Part, read_parts
from tagline.data.prepare import Prepared
from tagline.errors import TaglineError
from tagline.evaluation import calibration
from tagline.evaluation.gates import LEAST
from tagline.models.average import average
from tagline.models.families import Model, load
from tagline.models.leaderboard import table
from tagline.models.search import BracketResult, choose
from tagline.models.trials import members, records
from tagline.tasks.tasks import task_of

log = logging.getLogger(__name__)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BestTrial:
    """The winning trial, calibrated.

    Attributes
    ----------
    trial : int
        Its number on the leaderboard.
    kind : str
        The kind of its model.
    model : bytes
        For `tagline.models.families.load`.
    calibrator : dict
        For `tagline.metrics.calibrators.apply`.
    task : str
        The name of the case's task.
    """

    trial: int
    kind: str
    model: bytes
    calibrator: dict[str, Any]
    task: str = "binary"

    def predict(self, X: npt.NDArray[np.float32]) -> Floats:
        """Give the calibrated answers to rows of the matrix, as the graph of a bundle does."""
        return task_of(self.task).calibrated(self._model.margins(X), self.calibrator)

    @cached_property
    def _model(self) -> Model:
        return self.loaded()

    def loaded(self) -> Model:
        """Give the model, answering with all cores: rows do not depend on each other."""
        return load(self.kind, self.model).with_all_cores()


@dataclass(frozen=True)
class Choice:
    """What the search came to.

    Attributes
    ----------
    best_trial : BestTrial
        The winning trial.
    leaderboard : DataFrame
        Every trial.
    calibrators : DataFrame
        What each calibrator would earn on the tuning rows, out of time.
    baselines : dict
        Kind to model of the baselines that did not win, for `tagline.models.families.load`.
    """

    best_trial: BestTrial
    leaderboard: pd.DataFrame
    calibrators: pd.DataFrame
    baselines: dict[str, bytes]


def choose_best(case: Case, prepared: Prepared, results: Sequence[BracketResult]) -> Choice:
    """Choose the best trial by the tuning rows, and a calibrator if it earns its place there.

    Parameters
    ----------
    case : Case
        The case.
    prepared : Prepared
        Its rows.
    results : sequence of BracketResult
        What the search found.

    Raises
    ------
    TaglineError
        Every trial failed.
    """
    winner, leaderboard = choose(results)
    (tune,) = read_parts(prepared, "tune", target=case.table.target)
    finished = {trial: model for each in results for trial, model in each.finished.items()}
    task = task_of(case.task)
    averaged = average(leaderboard, finished, tune.X, tune.y, section=case.search, task=task)
    best = _best_of(winner)
    if averaged is not None:
        row, model = averaged
        best = (row["trial"], model)
        rows = [*records(leaderboard), row]
        leaderboard = table(rows, metric=case.search.metric)
    best_trial, calibrators = _calibrated(case, *best, tune)
    simple = {kind: model for result in results for kind, model in result.simple.items()}
    # The best trial is no baseline of its own; but who is no better than the base rate is rejected.
    if best_trial.kind not in LEAST:
        simple.pop(best_trial.kind, None)
    simple = {kind: model for kind, model in simple.items() if kind in case.search.compared}
    kind = best_trial.calibrator["kind"]
    log.info(f"{_named(best_trial, leaderboard)} is best on the tuning rows; calibrator: {kind}")
    return Choice(best_trial, leaderboard, calibrators, simple)


def _named(best_trial: BestTrial, leaderboard: pd.DataFrame) -> str:
    (top,) = records(leaderboard.head(1))
    averaged = members(top)
    of = f", the average of {', '.join(map(str, averaged))}" if averaged else ""
    return f"trial {best_trial.trial} ({top['kind']}{of})"


def _best_of(winner: BracketResult) -> tuple[int, Model]:
    if winner.best is None or winner.best_trial is None:
        raise TaglineError("The winning bracket has no model.", where="the search")
    best = load(winner.best_kind, winner.best)
    return winner.best_trial, best.with_all_cores()


def _calibrated(case: Case, trial: int, model: Model, tune: Part) -> tuple[BestTrial, pd.DataFrame]:
    section = case.evaluation
    chosen = calibration.choose(
        model.margins(tune.X),
        tune.y,
        tune.group,
        task=task_of(case.task),
        seed=case.seed,
        kind=section.calibration,
        move_level=section.calibrate_level,
        resamples=section.resamples,
        level=section.level,
    )
    best_trial = BestTrial(trial, model.kind, model.to_bytes(), chosen.calibrator, case.task)
    return best_trial, chosen.table
