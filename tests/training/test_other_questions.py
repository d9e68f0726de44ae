"""A champion that answers another question, or other classes, is said not to be comparable."""

import numpy as np
import pandas as pd
import pytest

from tagline.errors import TaglineError
from tagline.training.evaluating import other_question
from tagline.training.promoting import recheck
from tests.pipeline import case_of, rows, trained

ORDERS = {"abc": ["a", "b", "c"], "cab": ["c", "a", "b"], "ab": ["a", "b"], "abcd": list("abcd")}


def table():
    noisy = rows(700)["size"] + np.random.default_rng(1).normal(0, 2, 700)
    kinds = np.array(list("abc"))[np.digitize(noisy, [8.5, 11.5])]
    return rows(700).assign(y=np.where(np.arange(700) % 50 == 0, "d", kinds))


def case(folder, name):
    place = folder / name
    place.mkdir(exist_ok=True)
    kept = {"max_quarantined": 1.0}
    if name == "number":
        noise = np.random.default_rng(2).normal(0, 4, 700)
        frame = table().assign(y=rows(700)["size"] * 3 + noise)
        return case_of(place, frame, task="number", search=ONE | {"metric": "rmse"}, contract=kept)
    if name == "binary":
        return case_of(place, rows(700), search=ONE, contract=kept)
    told = {"classes": ORDERS[name]}
    return case_of(place, table(), table=told, task="classes", search=ONE, contract=kept)


ONE = {"folds": 1, "trials": 1, "brackets": 1, "max_rounds": 40, "baselines": []}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions")
    return {
        name: trained(case(folder, name), folder / name) for name in (*ORDERS, "number", "binary")
    }


def gate(models, tmp_path, *, champion, name):
    found = trained(case(tmp_path, name), tmp_path / "own", models[champion].bundle)
    (own,) = (each for each in found.evaluation.gates if "champion" in each["name"])
    return found.evaluation, own


def test_classes_in_another_order_are_the_same_question(models, tmp_path):
    evaluation, own = gate(models, tmp_path, champion="cab", name="abc")
    same, _ = gate(models, tmp_path, champion="abc", name="abc")
    theirs = evaluation.baseline_metrics["champion"]["log_loss"]
    assert theirs == pytest.approx(same.baseline_metrics["champion"]["log_loss"], rel=0.2)
    assert "can not be compared" not in own["detail"]


@pytest.mark.parametrize(
    ("champion", "name", "said"),
    [
        ("ab", "abc", "there is a class 'c' that it does not know"),
        ("abcd", "abc", "there is a class 'd' that it knows and the table does not"),
        ("number", "binary", "another question: task = 'number'"),
        ("binary", "number", "another question: task = 'binary'"),
        ("binary", "abc", "another question: task = 'binary'"),
    ],
)
def test_another_question_is_not_compared_and_says_so(models, tmp_path, champion, name, said):
    _, own = gate(models, tmp_path, champion=champion, name=name)
    assert not own["passed"]
    assert said in own["detail"]


def test_another_value_that_counts_as_one_and_another_target_are_another_question(tmp_path):
    frame = rows(500).assign(y=lambda own: np.where(own["y"] == 1, "yes", "no"))
    first = trained(case_of(tmp_path, frame, table={"positive": "yes"}, search=ONE), tmp_path)
    other = case_of(tmp_path, frame, table={"positive": "no"}, search=ONE)
    found = trained(other, tmp_path / "own", first.bundle)
    (own,) = (each for each in found.evaluation.gates if "champion" in each["name"])
    assert not own["passed"]
    assert "another question: 'yes' counts as 1" in own["detail"]
    renamed = case_of(
        tmp_path, frame.rename(columns={"y": "z"}), table={"target": "z", "positive": "yes"}
    )
    assert "its target is 'y'" in other_question(first.bundle, renamed)
    assert not other_question(first.bundle, first.case)


def test_a_promotion_refuses_a_run_that_has_learned_another_question(models, tmp_path):
    with pytest.raises(TaglineError, match="asks another question than this run has learned"):
        recheck(case(tmp_path, "abc"), models["cab"].bundle, None)


def test_two_classes_may_be_asked_for_as_classes(tmp_path):
    frame = rows(500).assign(y=lambda own: np.where(own["y"] == 1, "yes", "no"))
    told = {"classes": ["no", "yes"]}
    search = ONE | {"baselines": ["base_rate", "logistic"]}
    found = trained(case_of(tmp_path, frame, table=told, task="classes", search=search), tmp_path)
    assert not pd.isna(found.evaluation.metrics["log_loss"]["value"])
    assert set(found.evaluation.baseline_metrics) | {found.best_trial.kind} >= {"logistic"}


def test_a_column_that_is_missing_at_first_stops_no_training_by_folds(tmp_path):
    late = rows(600).assign(late=lambda own: own["size"].where(own.index > 200))
    found = trained(case_of(tmp_path, late, search=ONE | {"folds": 5}), tmp_path)
    assert found.evaluation.standing in ("candidate", "rejected")


def test_numbers_far_from_0_are_learned_as_well_as_near_it(tmp_path):
    noise = np.random.default_rng(5).normal(0, 4, 700)
    near = rows(700).assign(y=lambda own: own["size"] * 3 + noise)
    errors = []
    for place, offset in (("near", 0.0), ("far", 1.7e9)):
        (tmp_path / place).mkdir()
        frame = near.assign(y=near["y"] + offset)
        search = ONE | {"metric": "rmse"}
        found = trained(
            case_of(tmp_path / place, frame, task="number", search=search), tmp_path / place
        )
        errors.append(found.evaluation.metrics["rmse"]["value"])
    assert errors[1] == pytest.approx(errors[0], rel=0.02)
