"""Evaluate the best trial once, on the test rows, beside baselines and the champion."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.bundle.load import Bundle
from tagline.bundle.past import with_own_history
from tagline.case.config import Case
from tagline.case.tasks import BASELINES, NUMBER
from tagline.data.accounting import Accounting
from tagline.data.features import Features
from tagline.data.fingerprint import fingerprint
from tagline.data.parts import read_parts
from tagline.data.prepare import Prepared, input_values
from tagline.data.split import local_days
from tagline.data.store import get_table
from tagline.data.tables import load_tables, require_columns
from tagline.data.training_set import matrix_folder
from tagline.errors import TaglineError
from tagline.evaluation import behaviour
from tagline.evaluation.evaluate import Evaluation, evaluate
from tagline.evaluation.gates import LEAST
from tagline.models.families import load
from tagline.models.training_data import read
from tagline.tasks.tasks import task_of
from tagline.training.answering import Assembled
from tagline.training.answers import kept_answers
from tagline.training.choosing import BestTrial
from tagline.training.held_out import held_out
from tagline.transform.feature_encoder import FeatureEncoder

Floats = npt.NDArray[np.float64]


def evaluate_best(
    case: Case,
    prepared: Prepared,
    best_trial: BestTrial,
    *,
    baselines: Mapping[str, bytes],
    current: Bundle | None,
    lost: str = "",
    tests_behaviour: bool = True,
) -> Evaluation:
    """Judge the chosen trial on the test rows, by the graph that will answer; nothing is fitted.

    Parameters
    ----------
    case : Case
        The case.
    prepared : Prepared
        Its rows.
    best_trial : BestTrial
        The chosen trial.
    baselines : mapping of str to bytes
        Kind to model of those to compare with.
    current : Bundle or None
        The current champion, where there is one.
    lost : str, optional
        Why there is a champion whose bundle can not be opened.
    tests_behaviour : bool, optional
        Whether the case's tests of behaviour are made; they may need rows that are not there yet.

    Raises
    ------
    TaglineError
        A slice names no column.
    """
    features, task = prepared.features(case), task_of(case.task)
    tune, test = read_parts(prepared, "tune", "test", target=case.table.target)
    answers = Assembled(prepared, best_trial, features)
    came = as_it_came(get_table(prepared.raw), test.frame)
    own = answers.predict(came)
    others = {
        kind: task.link(load(kind, model).margins(test.X)) for kind, model in baselines.items()
    }
    least = next(name for name in BASELINES[case.task] if name in LEAST)
    if least not in others and case.gates.beat_baselines is None:
        # Whatever is searched for: who is no better than the base rate is rejected.
        (train,) = read_parts(prepared, "train", target=case.table.target)
        others = {least: task.naive(train.y, len(test.y)), **others}
    theirs, why_not, postponed = None, "", ""
    if current is not None:
        theirs, why_not, postponed = _beside(current, case, prepared, test.frame, came)
    tuning = best_trial.judged or (tune.y, answers.predict(tune.frame))
    tuned_worth = worth_of(case, _tuned(case, prepared, best_trial, tune.frame))
    found = evaluate(
        case.evaluation,
        case.gates,
        task=task,
        y=test.y,
        p=own,
        groups=test.group,
        slices=test.frame,
        baselines=others,
        champion=theirs,
        uncompared=why_not,
        lost=lost,
        postponed=postponed,
        rule=task.choose_rule(
            *tuning,
            case.table,
            case.evaluation,
            most=acted_on(case, tune.frame, prepared.accounting),
            worth=tuned_worth,
        ),
        worth=(tuned_worth, worth_of(case, test.frame)),
        tuning=tuning,
        behaviour_results=behaviour.check(
            features.behaviour if tests_behaviour else (),
            test.frame,
            _predictor(best_trial, prepared, features),
            reads=prepared.reads,
            bounded=case.task != NUMBER,
            classes=case.table.classes,
        ),
        unfitted=[kind for kind in case.search.compared if kind not in {*others, best_trial.kind}],
        seed=case.seed,
    )
    kept = kept_answers(prepared, tuning[1], own, by_folds=best_trial.judged is not None)
    return replace(found, answers=kept)


def _tuned(
    case: Case, prepared: Prepared, best_trial: BestTrial, tune: pd.DataFrame
) -> pd.DataFrame:
    """Give the rows that tuned, in the order of their answers."""
    if best_trial.judged is None or case.evaluation.cost.column is None:
        return tune
    (train,) = read_parts(prepared, "train", target=case.table.target)
    judged = read(matrix_folder(prepared.matrix, prepared.matrix_files)).judged
    return pd.concat([train.frame, tune], ignore_index=True).iloc[judged]


def worth_of(case: Case, rows: pd.DataFrame) -> Floats | None:
    """Give what the costs of each row are multiplied by; None where all are alike.

    Raises
    ------
    TaglineError
        There is no such column, or it holds no numbers, or some below 0.
    """
    name = case.evaluation.cost.column
    if name is None:
        return None
    where = f"{case.file}: evaluation.cost.column"
    require_columns(rows, (name,), where=where)
    if not pd.api.types.is_numeric_dtype(rows[name].dtype):
        raise TaglineError(f"{name!r} is {rows[name].dtype}, no number.", where=where)
    found = rows[name].to_numpy(dtype=np.float64, na_value=0.0)
    if (found < 0).any():
        raise TaglineError(f"{name!r} is below 0 in {(found < 0).sum():,} rows.", where=where)
    return np.asarray(np.nan_to_num(found, nan=0.0))


def acted_on(case: Case, rows: pd.DataFrame, counted: Accounting) -> float:
    """Give the share of decisions that can be acted on, by how many a day there are.

    Rows that have no label yet, or that a larger table has beside the sample, are decided too.
    """
    if case.evaluation.capacity is None or case.table.time is None:
        return 1.0
    days = local_days(rows[case.table.time], case.split.timezone)
    span = int((days.max() - days.min()).astype(np.int64)) + 1
    labelled = counted["rows_in"] - counted["quarantined"] - counted["unlabelled"]
    whole = (counted["rows_in"] + counted.get("not_read", 0)) / max(labelled, 1)
    return min(1.0, case.evaluation.capacity * span / (len(rows) * whole))


def _beside(
    current: Bundle, case: Case, prepared: Prepared, test: pd.DataFrame, came: pd.DataFrame
) -> tuple[Floats | None, str, str]:
    """Give the champion's answers; or why it has none, or why they say nothing of it here."""
    if _tells(current):
        try:
            known = int((~held_out(current, test, came)).sum())
        except TaglineError as untold:
            return None, str(untold), ""
        if known:
            return None, "", f"it has learned from {known:,} of the {len(test):,} test rows"
    theirs, why_not = answered(
        current, case, lambda: _rows_for(current, case, prepared, test, came)
    )
    return theirs, why_not, ""


def _tells(current: Bundle) -> bool:
    """Tell whether it is known what a model was made of: of a replay's own it is not."""
    try:
        return {"case", "periods"} <= current.facts.keys()
    except TaglineError:
        return False


def as_it_came(raw: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Give the test rows as they came in, with their history, for who reads them by other fields.

    Parameters
    ----------
    raw, test : DataFrame of shape (n, columns)
        The rows as they came in, and as their run read them.
    """
    return pd.concat([raw, test[[name for name in test if name not in raw]]], axis=1)


def _rows_for(
    current: Bundle, case: Case, prepared: Prepared, test: pd.DataFrame, came: pd.DataFrame
) -> pd.DataFrame:
    """Give the test rows with the history that another bundle declares."""
    features = prepared.features(case)
    # As a rule nothing has changed, and what the run computed is what it asks for.
    if current.declarations == tuple(features.history) and current.streams == prepared.streams:
        return came
    # The run's own history columns do not fit, so the streams are needed once more.
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
        at=case.table.time_column,
        timezone=case.timezone,
    )


def other_question(current: Bundle, case: Case) -> str:
    """Say in which way a bundle answers another question than a case asks; else nothing."""
    if current.task.name != case.task:
        return f"It answers another question: task = {current.task.name!r}."
    if unlike := current.task.unlike(current.rule, case.table):
        return f"It answers other classes: {unlike}."
    if not _tells(current):
        return ""
    theirs = current.facts["case"]["table"]
    if theirs["target"] != case.table.target:
        return f"It answers another question: its target is {theirs['target']!r}."
    one = theirs.get("positive")
    if (1 if one is None else one) != (1 if case.table.positive is None else case.table.positive):
        return f"It answers another question: {'1' if one is None else repr(one)} counts as 1."
    return ""


def answered(
    current: Bundle, case: Case, rows: Callable[[], pd.DataFrame]
) -> tuple[Floats | None, str]:
    """Let the current champion answer a case's question, or say why it can not."""
    if other := other_question(current, case):
        return None, other
    try:
        given = rows()
        # A request may leave out what is optional; a table that has lost it is another table.
        require_columns(given, tuple(current.reads), where=current.where)
        found = current.predict_frame(given)
        return current.task.in_order_of(case.table, found, current.rule), ""
    except TaglineError as unreadable:
        return None, str(unreadable)


def _predictor(
    best_trial: BestTrial, prepared: Prepared, features: Features
) -> Callable[[pd.DataFrame], Floats]:
    inputs = FeatureEncoder.from_dict(prepared.inputs)

    def predict(frame: pd.DataFrame) -> Floats:
        return best_trial.predict(inputs.transform(input_values(frame, features)))

    return predict
