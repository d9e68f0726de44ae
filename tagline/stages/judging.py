"""Choose the champion trial on the tuning rows, then judge it once on the test rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.bundle.load import Bundle
from tagline.case.config import Case
from tagline.data.features import Features, load_features
from tagline.data.parts import Part, read_parts
from tagline.data.prepare import Prepared, input_values
from tagline.errors import TaglineError
from tagline.evaluation import behaviour, calibration
from tagline.evaluation.calibrators import apply
from tagline.evaluation.evaluate import Evaluation, evaluate
from tagline.inputs.compute import columns
from tagline.inputs.matrix import InputSet
from tagline.training.models import Model, load
from tagline.training.search import BracketResult, choose

Say = Callable[[str], None]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Champion:
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
        return apply(self.calibrator, self.loaded().predict(X))

    def loaded(self) -> Model:
        """Give the model."""
        return load(self.kind, self.model)


@dataclass(frozen=True)
class Judged:
    """What the evaluation found.

    Attributes
    ----------
    champion : Champion
        The winning trial.
    leaderboard : DataFrame
        Every trial.
    calibrators : DataFrame
        What each calibrator would earn on the tuning rows, out of time.
    evaluation : Evaluation
        Of the test rows.
    """

    champion: Champion
    leaderboard: pd.DataFrame
    calibrators: pd.DataFrame
    evaluation: Evaluation


def judge(
    case: Case,
    prepared: Prepared,
    results: Sequence[BracketResult],
    *,
    current: Bundle | None,
    say: Say,
) -> Judged:
    """Choose, calibrate and judge; nothing is fitted on the test rows.

    Parameters
    ----------
    case : Case
        The case.
    prepared : Prepared
        Its rows.
    results : sequence of BracketResult
        What the search found.
    current : Bundle or None
        The current champion, where there is one.
    say : callable
        Is told, in a line each, what was found.

    Raises
    ------
    TaglineError
        Every trial failed, or a slice names no column.
    """
    winner, leaderboard = choose(results)
    features = load_features(case)
    tune, test = read_parts(prepared, "tune", "test", target=case.table.target)
    champion, calibrators = _calibrated(case, winner, tune)
    say(
        f"trial {champion.trial} ({champion.kind}) wins on the tuning rows; "
        f"calibrator: {champion.calibrator['kind']}"
    )
    tuned = champion.predict(tune.X)
    found = evaluate(
        case.evaluation,
        case.gates,
        y=test.y,
        p=champion.predict(test.X),
        groups=test.group,
        slices=_sliced(case, test.frame),
        baselines=_baselines(results, test),
        champion=None if current is None else _scored(current, test.frame),
        threshold_from=(tune.y, tuned),
        behaviour_results=behaviour.check(
            features.behaviour, test.frame, _predictor(champion, prepared, features)
        ),
        seed=case.seed,
    )
    return Judged(champion, leaderboard, calibrators, found)


def _calibrated(case: Case, winner: BracketResult, tune: Part) -> tuple[Champion, pd.DataFrame]:
    if winner.best is None or winner.best_trial is None:
        raise TaglineError("The winning bracket has no model.", where="the search")
    p = load(winner.best_kind, winner.best).predict(tune.X)
    wish = case.evaluation
    chosen = calibration.choose(
        p,
        tune.y,
        tune.group,
        seed=case.seed,
        kind=wish.calibration,
        move_level=wish.calibrate_level,
        resamples=wish.resamples,
        level=wish.level,
    )
    champion = Champion(winner.best_trial, winner.best_kind, winner.best, chosen.calibrator)
    return champion, chosen.table


def _baselines(results: Sequence[BracketResult], test: Part) -> dict[str, Floats]:
    return {
        kind: load(kind, content).predict(test.X)
        for result in results
        for kind, content in result.simple.items()
    }


def _sliced(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in case.evaluation.slices if name not in frame]
    if missing:
        raise TaglineError(
            f"There is no column {missing[0]!r} to slice by.",
            where=f"{case.file}: evaluation.slices",
        )
    return frame[list(case.evaluation.slices)]


def _scored(bundle: Bundle, frame: pd.DataFrame) -> Floats:
    fields = [field for field in bundle.fields if field.name in frame]
    known = [name for name in bundle.history if name in frame]
    return bundle.predict(columns(frame, fields=fields, history=known))


def _predictor(
    champion: Champion, prepared: Prepared, features: Features
) -> Callable[[pd.DataFrame], Floats]:
    inputs = InputSet.from_dict(prepared.inputs)

    def predict(frame: pd.DataFrame) -> Floats:
        return champion.predict(inputs.transform(input_values(frame, features)))

    return predict
