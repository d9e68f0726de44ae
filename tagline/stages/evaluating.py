"""Choose the best trial on the tuning rows, then judge it once on the test rows."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.bundle.load import Bundle
from tagline.bundle.past import with_own_history
from tagline.case.config import Case
from tagline.data.features import Features
from tagline.data.fingerprint import fingerprint
from tagline.data.parts import Part, read_parts
from tagline.data.prepare import Prepared, input_values
from tagline.data.store import get_table
from tagline.data.tables import load_tables
from tagline.errors import TaglineError
from tagline.evaluation import behaviour, calibration
from tagline.evaluation.calibrators import apply
from tagline.evaluation.evaluate import Evaluation, evaluate
from tagline.inputs.matrix import InputSet
from tagline.training.average import average
from tagline.training.leaderboard import table
from tagline.training.models import Model, load
from tagline.training.rows import records
from tagline.training.search import BracketResult, choose

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
        For `tagline.training.models.load`.
    calibrator : dict
        For `tagline.evaluation.calibrators.apply`.
    """

    trial: int
    kind: str
    model: bytes
    calibrator: dict[str, Any]

    def predict(self, X: npt.NDArray[np.float32]) -> Floats:
        """Give the calibrated probability of 1 for rows of the matrix."""
        return apply(self.calibrator, self._model.predict(X))

    @cached_property
    def _model(self) -> Model:
        return self.loaded()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the loaded model out of the artifact; its bytes are in it."""
        return {name: value for name, value in vars(self).items() if name != "_model"}

    def loaded(self) -> Model:
        """Give the model, answering with all cores: rows do not depend on each other."""
        return load(self.kind, self.model).with_threads(os.cpu_count() or 1)


@dataclass(frozen=True)
class Choice:
    """What the search came to.

    Attributes
    ----------
    best_trial : Champion
        The winning trial.
    leaderboard : DataFrame
        Every trial.
    calibrators : DataFrame
        What each calibrator would earn on the tuning rows, out of time.
    baselines : dict
        Kind to model of the baselines that did not win, for `tagline.training.models.load`.
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
    averaged = average(leaderboard, finished, tune.X, tune.y, section=case.search)
    best = _best_of(winner)
    if averaged is not None:
        row, model = averaged
        best = (row["trial"], model)
        rows = [*records(leaderboard), row]
        leaderboard = table(rows, metric=case.search.metric)
    best_trial, calibrators = _calibrated(case, *best, tune)
    simple = {kind: model for result in results for kind, model in result.simple.items()}
    simple.pop(best_trial.kind, None)
    kind = best_trial.calibrator["kind"]
    log.info(
        f"trial {best_trial.trial} ({best_trial.kind}) wins on the tuning rows; calibrator: {kind}"
    )
    return Choice(best_trial, leaderboard, calibrators, simple)


def evaluate_best(
    case: Case,
    prepared: Prepared,
    best_trial: BestTrial,
    *,
    baselines: Mapping[str, bytes],
    current: Bundle | None,
    uncompared: str = "",
) -> Evaluation:
    """Judge the chosen trial on the test rows; nothing is fitted.

    Parameters
    ----------
    case : Case
        The case.
    prepared : Prepared
        Its rows.
    best_trial : Champion
        The chosen trial.
    baselines : mapping of str to bytes
        Kind to model of those to compare with.
    current : Bundle or None
        The current champion, where there is one.
    uncompared : str, optional
        Why there is a champion that can not be compared with.

    Raises
    ------
    TaglineError
        A slice names no column.
    """
    features = prepared.features(case)
    tune, test = read_parts(prepared, "tune", "test", target=case.table.target)
    own = best_trial.predict(test.X)
    theirs, why_not = None, uncompared
    if current is not None:
        theirs, why_not = answered(current, lambda: _rows_for(current, case, prepared, test.frame))
    return evaluate(
        case.evaluation,
        case.gates,
        y=test.y,
        p=own,
        groups=test.group,
        slices=test.frame,
        baselines={kind: load(kind, model).predict(test.X) for kind, model in baselines.items()},
        champion=theirs,
        uncompared=why_not,
        threshold_from=(tune.y, best_trial.predict(tune.X)),
        behaviour_results=behaviour.check(
            features.behaviour,
            test.frame,
            _predictor(best_trial, prepared, features),
            reads=prepared.reads,
        ),
        unfitted=[
            kind for kind in case.search.baselines if kind not in {*baselines, best_trial.kind}
        ],
        seed=case.seed,
    )


def as_it_came(prepared: Prepared, test: pd.DataFrame) -> pd.DataFrame:
    """Give the test rows as they came in, with their history, for who reads them by other fields.

    Parameters
    ----------
    prepared : Prepared
        The run's rows.
    test : DataFrame of shape (n, columns)
        The same rows as this run read them.
    """
    raw = get_table(prepared.raw)
    return pd.concat([raw, test[[name for name in test if name not in raw]]], axis=1)


def _rows_for(current: Bundle, case: Case, prepared: Prepared, test: pd.DataFrame) -> pd.DataFrame:
    """Give the test rows with the history that another bundle declares."""
    features = prepared.features(case)
    if current.declarations == tuple(features.history) and current.streams == prepared.streams:
        return as_it_came(prepared, test)
    tables = load_tables(case, features)
    if fingerprint(tables) != prepared.fingerprint:
        raise TaglineError(
            "The tables have changed since this run began, so its history can not be computed.",
            where=current.where,
        )
    past = [declared.name for declared in features.history]
    return with_own_history(
        current,
        get_table(prepared.raw),
        typed=test.drop(columns=past),
        events=features.events(tables),
        at=case.table.time,
        timezone=case.timezone,
    )


def answered(current: Bundle, rows: Callable[[], pd.DataFrame]) -> tuple[Floats | None, str]:
    """Let the current champion answer, or say why it can not."""
    try:
        return current.predict_frame(rows()), ""
    except TaglineError as unreadable:
        return None, str(unreadable)


def _best_of(winner: BracketResult) -> tuple[int, Model]:
    if winner.best is None or winner.best_trial is None:
        raise TaglineError("The winning bracket has no model.", where="the search")
    return winner.best_trial, load(winner.best_kind, winner.best)


def _calibrated(case: Case, trial: int, model: Model, tune: Part) -> tuple[BestTrial, pd.DataFrame]:
    p = model.predict(tune.X)
    section = case.evaluation
    chosen = calibration.choose(
        p,
        tune.y,
        tune.group,
        seed=case.seed,
        kind=section.calibration,
        move_level=section.calibrate_level,
        resamples=section.resamples,
        level=section.level,
    )
    best_trial = BestTrial(trial, model.kind, model.to_bytes(), chosen.calibrator)
    return best_trial, chosen.table


def _predictor(
    best_trial: BestTrial, prepared: Prepared, features: Features
) -> Callable[[pd.DataFrame], Floats]:
    inputs = InputSet.from_dict(prepared.inputs)

    def predict(frame: pd.DataFrame) -> Floats:
        return best_trial.predict(inputs.transform(input_values(frame, features)))

    return predict
