"""Few rows: which trials answer together, and that all answers that choose are to unseen rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagline.case.load import check_case
from tagline.data.parts import read_parts
from tagline.data.training_set import matrix_folder
from tagline.models.leaderboard import measured, table
from tagline.models.out_of_fold import OutOfFold, fit_of, over_folds
from tagline.models.training_data import read
from tagline.models.trials import row
from tagline.tasks.tasks import TASKS
from tagline.training.combining import combination, standard_error
from tests.pipeline import case_of, rows, trained

BINARY = TASKS["binary"]


def judged(kind, margins, *, tuned=True):
    own = np.asarray(margins, np.float64)[:, None]
    return OutOfFold(kind, {}, None, 1, 10, tuned, 1, own.tobytes())


def chosen(y, tuned, simple, groups=None):
    case = check_case({"name": "a", "title": "?", "table": {"source": "t.csv", "target": "y"}})
    trials = {**tuned, **simple}
    ranked = table(
        [
            row(number, each.kind, {}) | measured(each.margins, y, task=BINARY)
            for number, each in trials.items()
        ],
        metric="log_loss",
    )
    places = np.arange(len(y)) if groups is None else groups
    found = combination(ranked, tuned, simple, y, places, case=case, task=BINARY)
    return [trials[number].kind for number in found.trials]


@pytest.fixture(scope="module")
def world():
    random = np.random.default_rng(4)
    truth = random.normal(0, 1.5, 2000)
    return truth, (random.random(2000) < 1 / (1 + np.exp(-truth))).astype(float), random


def test_models_that_err_differently_answer_together(world):
    truth, y, random = world
    some = {n: judged("boosted", truth + random.normal(0, 1, 2000)) for n in (3, 4)}
    linear = {2: judged("logistic", truth + random.normal(0, 1, 2000), tuned=False)}
    assert chosen(y, some, linear) == ["boosted", "boosted", "logistic"]


def test_a_simple_model_that_is_as_good_answers_alone(world):
    truth, y, random = world
    some = {n: judged("boosted", truth + random.normal(0, 1, 2000)) for n in (3, 4)}
    linear = {2: judged("logistic", truth, tuned=False)}
    assert chosen(y, some, linear) == ["logistic"]


def test_where_nothing_is_known_the_base_rate_answers(world):
    _, y, random = world
    some = {n: judged("boosted", random.normal(0, 0.02, 2000)) for n in (3, 4)}
    simple = {
        1: judged("base_rate", np.zeros(2000), tuned=False),
        2: judged("logistic", random.normal(0, 0.02, 2000), tuned=False),
    }
    assert chosen(y, some, simple) == ["base_rate"]


def test_rows_that_hang_together_say_less(world):
    truth, y, random = world
    some = {n: judged("boosted", truth + random.normal(0, 1, 2000)) for n in (3, 4)}
    linear = {2: judged("logistic", truth + random.normal(0, 1.1, 2000), tuned=False)}
    assert len(chosen(y, some, linear)) == 3
    assert chosen(y, some, linear, groups=np.arange(2000) // 1000) != []
    values = np.repeat(random.normal(0, 1, 20), 100)
    alone = standard_error(values, np.arange(2000))
    assert standard_error(values, np.arange(2000) // 100) > 5 * alone


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=40))
def test_where_every_row_is_a_group_the_standard_error_is_that_of_the_textbook(given_values):
    values = np.array(given_values)
    expected = values.std(ddof=1) / np.sqrt(len(values))
    assert standard_error(values, np.arange(len(values))) == pytest.approx(expected, abs=1e-12)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folds")
    frame = rows(500).drop(columns="at")
    search = {"folds": 3, "trials": 3, "brackets": 1, "max_rounds": 40}
    return trained(case_of(folder, frame, table={"time": None}, search=search), folder)


def test_what_chose_are_answers_to_rows_that_each_fold_has_not_learned_from(lived):
    case, made = lived.case, lived.prepared
    data = read(matrix_folder(made.matrix, made.matrix_files)).of("binary")
    fits = [fit_of("logistic", each, case.search) for each in data.folds]
    found, _ = over_folds(fits, data, "logistic", {}, learning_rate=None, seed=1)
    at = 0
    for fold in data.folds:
        alone = fit_of("logistic", fold, case.search)({}, learning_rate=None, seed=1)
        own = found.margins[at : (at := at + len(fold.y_tune))]
        np.testing.assert_array_equal(own, alone.margins(np.asarray(fold.X_tune)))
    assert at == len(found.margins) == len(data.judged)


def test_what_was_chosen_has_learned_from_training_and_tuning_rows(lived):
    y, given_out_of_fold = lived.best_trial.judged
    train, tune = read_parts(lived.prepared, "train", "tune", target="y")
    assert len(y) == len(train.y) + len(tune.y)
    judged_rows = read(matrix_folder(lived.prepared.matrix, lived.prepared.matrix_files)).judged
    labels = np.concatenate([train.y, tune.y])[judged_rows]
    np.testing.assert_array_equal(y, labels)
    own = lived.best_trial.predict(np.concatenate([train.X, tune.X]))[judged_rows]
    assert np.abs(own - given_out_of_fold).max() > 1e-4
    threshold = lived.evaluation.rule["threshold"]
    expected = BINARY.choose_rule(y, given_out_of_fold, None, lived.case.evaluation).plain
    assert threshold == expected["threshold"]


def test_the_same_again_is_the_same_bundle(lived, tmp_path):
    again = trained(lived.case, tmp_path)
    assert again.bundle.digest == lived.bundle.digest
