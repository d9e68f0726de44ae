"""Choose the best trial, and a calibrator for it, by the tuning rows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.data.parts import read_parts
from tagline.data.prepare import Prepared
from tagline.data.split import PARTS
from tagline.data.training_set import matrix_folder, part_groups
from tagline.errors import TaglineError
from tagline.evaluation import calibration
from tagline.evaluation.gates import LEAST
from tagline.models.average import average
from tagline.models.families import Model, load
from tagline.models.leaderboard import table
from tagline.models.out_of_fold import from_bytes
from tagline.models.search import BracketResult, choose
from tagline.models.training_data import TrainingData, read
from tagline.models.trials import members, records
from tagline.tasks.tasks import task_of
from tagline.training.combining import combination, fitted, fitted_alone, row_of

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
    held_out : bytes
        Labels and margins of the rows that folds have judged, as NumPy writes them; empty where
        the tuning rows did.
    """

    trial: int
    kind: str
    model: bytes
    calibrator: dict[str, Any]
    task: str = "binary"
    held_out: bytes = b""

    @property
    def judged(self) -> tuple[Floats, Floats] | None:
        """Labels and answers of rows that folds have judged; None where a part of them tuned."""
        if not self.held_out:
            return None
        with np.load(BytesIO(self.held_out), allow_pickle=False) as found:
            y, margins = found["y"], found["margins"]
        return y, task_of(self.task).calibrated(margins, self.calibrator)

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
    data = read(matrix_folder(prepared.matrix, prepared.matrix_files)).of(case.task)
    if data.folds:
        return _of_folds(case, prepared, results, data, leaderboard)
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
    margins = best[1].margins(tune.X)
    best_trial, calibrators = _calibrated(case, *best, margins, tune.y, tune.group)
    simple = {kind: model for result in results for kind, model in result.simple.items()}
    simple = {kind: simple[kind] for kind in _compared(case, best_trial) if kind in simple}
    kind = best_trial.calibrator["kind"]
    log.info(f"{_named(best_trial, leaderboard)} is best on the tuning rows; calibrator: {kind}")
    return Choice(best_trial, leaderboard, calibrators, simple)


def _compared(case: Case, best_trial: BestTrial) -> list[str]:
    """Name the baselines to compare with: no trial is its own, but for the least of them.

    Who is no better than that is rejected.
    """
    own = best_trial.kind if best_trial.kind not in LEAST else None
    return [kind for kind in case.search.compared if kind != own]


def _of_folds(
    case: Case,
    prepared: Prepared,
    results: Sequence[BracketResult],
    trials: TrainingData,
    leaderboard: pd.DataFrame,
) -> Choice:
    """Choose by rows that folds have judged, and fit what was chosen to all but the test rows."""
    task, place = task_of(case.task), trials.judged
    y = np.concatenate([each.y_tune for each in trials.folds]).astype(np.float64)
    folder = matrix_folder(prepared.matrix, prepared.matrix_files)
    groups = np.concatenate([part_groups(folder, each) for each in PARTS[:2]])[place]
    named = dict(zip(leaderboard["trial"], leaderboard["kind"], strict=True))
    tuned = {n: from_bytes(m) for each in results for n, (_, m) in each.finished.items()}
    simple = [from_bytes(model) for each in results for model in each.simple.values()]
    numbers = {kind: int(trial) for trial, kind in named.items()}
    beside = {numbers[each.kind]: each for each in simple if numbers[each.kind] not in tuned}
    chosen = combination(leaderboard, tuned, beside, y, groups, case=case, task=task)
    rows, trial = records(leaderboard), chosen.trials[0]
    if len(chosen.trials) > 1:
        trial = int(leaderboard["trial"].max()) + 1
        rows = [*rows, row_of(chosen, trial, y, board=leaderboard, task=task)]
    ranked = table(rows, metric=case.search.metric)
    whole = trials.whole()
    model = fitted(chosen, whole, case)
    best_trial, calibrators = _calibrated(case, trial, model, chosen.margins, y, groups)
    kept = BytesIO()
    np.savez(kept, y=y, margins=chosen.margins)
    best_trial = replace(best_trial, held_out=kept.getvalue())
    compared = [each for each in simple if each.kind in _compared(case, best_trial)]
    log.info(
        f"{_named(best_trial, ranked)} is chosen by {len(trials.folds)} folds of {len(y):,} rows, "
        f"and fitted to all {len(whole.y):,}; calibrator: {best_trial.calibrator['kind']}"
    )
    return Choice(best_trial, ranked, calibrators, fitted_alone(compared, whole, case))


def _named(best_trial: BestTrial, leaderboard: pd.DataFrame) -> str:
    (top,) = records(leaderboard[leaderboard["trial"] == best_trial.trial])
    averaged = members(top)
    of = f", the average of {', '.join(map(str, averaged))}" if averaged else ""
    return f"trial {best_trial.trial} ({top['kind']}{of})"


def _best_of(winner: BracketResult) -> tuple[int, Model]:
    if winner.best is None or winner.best_trial is None:
        raise TaglineError("The winning bracket has no model.", where="the search")
    best = load(winner.best_kind, winner.best)
    return winner.best_trial, best.with_all_cores()


def _calibrated(
    case: Case,
    trial: int,
    model: Model,
    margins: Floats,
    y: Floats,
    groups: npt.NDArray[np.int64],
) -> tuple[BestTrial, pd.DataFrame]:
    section = case.evaluation
    chosen = calibration.choose(
        margins,
        y,
        groups,
        task=task_of(case.task),
        seed=case.seed,
        kind=section.calibration,
        move_level=section.calibrate_level,
        resamples=section.resamples,
        level=section.level,
    )
    best_trial = BestTrial(trial, model.kind, model.to_bytes(), chosen.calibrator, case.task)
    return best_trial, chosen.table
