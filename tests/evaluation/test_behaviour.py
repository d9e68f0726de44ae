import numpy as np
import pandas as pd
import pytest

from tagline.case.load import check_case
from tagline.data.checks import expect_fitting
from tagline.data.features import Features
from tagline.errors import TaglineError
from tagline.evaluation.behaviour import Direction, Invariance, Minimum, check

ROWS = pd.DataFrame({"delay": [0.0, 10.0, 50.0, 90.0], "name": list("abcd")}, index=[7, 7, 8, 9])


def by_delay(rows):
    return np.clip(rows["delay"].to_numpy() / 100, 0, 1)


def later(rows):
    return rows.assign(delay=rows["delay"] + 5)


def only(test, predict=by_delay, rows=ROWS):
    return check([test], rows, predict)[0]


def test_what_does_not_matter_moves_nothing():
    found = only(Invariance("name", lambda rows: rows.assign(name="z")))
    assert found["passed"]
    assert (found["kind"], found["rows"], found["share"]) == ("invariance", 4, 1.0)


def test_what_matters_is_found_out():
    found = only(Invariance("delay", later, tolerance=0.01))
    assert not found["passed"]
    assert found["worst"] == pytest.approx(0.04)


@pytest.mark.parametrize(("sign", "passed"), [(1, True), (-1, False)])
def test_a_direction_may_be_gone_one_way_only(sign, passed):
    assert only(Direction("later", later, sign))["passed"] is passed


def test_a_share_of_the_rows_is_enough_where_the_case_says_so():
    def some_fall(rows):
        return rows.assign(delay=rows["delay"] + [5, 5, 5, -5])

    assert not only(Direction("later", some_fall, 1))["passed"]
    assert only(Direction("later", some_fall, 1, min_share=0.75))["passed"]


def test_the_least_that_a_model_has_to_do():
    def clear(rows):
        return rows[rows["delay"] > 40]

    found = only(Minimum("late aircraft", clear, expected=(0.5, 1.0)))
    assert found["passed"]
    assert found["rows"] == 2
    assert not only(Minimum("late aircraft", clear, expected=(0.6, 1.0)))["passed"]


def test_a_test_without_a_row_fails():
    found = only(Minimum("none", lambda rows: rows.iloc[:0], expected=(0.0, 1.0)))
    assert not found["passed"]
    assert found["detail"] == "no row to try"


def test_a_missing_answer_fails():
    found = only(Invariance("nothing", lambda rows: rows), lambda rows: np.full(len(rows), np.nan))
    assert not found["passed"]


def test_the_case_s_rows_are_not_changed():
    def rude(rows):
        rows["delay"] = -1.0
        return rows

    before = ROWS.copy()
    only(Invariance("rude", rude))
    pd.testing.assert_frame_equal(ROWS, before)


def test_a_change_that_fails_is_named():
    with pytest.raises(TaglineError, match=r"'typo'.*KeyError"):
        only(Invariance("typo", lambda rows: rows.assign(x=rows["dealy"])))


def test_a_change_must_keep_the_index():
    with pytest.raises(TaglineError, match="keep the index"):
        only(Invariance("new", lambda rows: rows.set_axis(range(10, 14))))


KINDS = ("cat", "dog", "owl")


def by_kind(rows):
    share = by_delay(rows)
    return np.stack([1 - share, share / 2, share / 2], axis=1)


@pytest.mark.parametrize(
    ("test", "passed"),
    [
        (Direction("later", later, 1, of="dog"), True),
        (Direction("later", later, 1, of="cat"), False),
        (Direction("later", later, -1, of="cat"), True),
        (Invariance("any class", later, tolerance=0.01), False),
        (Invariance("any class", later, tolerance=0.051), True),
        (Invariance("one class", later, tolerance=0.026, of="owl"), True),
        (Minimum("late", lambda rows: rows[rows["delay"] > 40], (0.25, 1.0), of="owl"), True),
        (Minimum("late", lambda rows: rows[rows["delay"] > 40], (0.25, 1.0), of="cat"), False),
    ],
)
def test_of_several_classes_a_test_is_of_the_one_that_it_names(test, passed):
    (found,) = check([test], ROWS, by_kind, classes=KINDS)
    assert found["passed"] is passed
    assert found["counts"]


@pytest.mark.parametrize(
    ("test", "classes", "said"),
    [
        (Direction("later", later, 1), KINDS, "does not say which class.*of='cat'"),
        (Direction("later", later, 1, of="dogs"), KINDS, r"'dogs' \(is it 'dog'\?\), which is no"),
        (Invariance("name", later, of="dog"), (), "there are none"),
    ],
)
def test_a_test_that_names_no_class_is_refused_before_the_search(test, classes, said):
    task = {"task": "classes"} if classes else {}
    table = {"source": "t.csv", "target": "y", **({"classes": list(classes)} if classes else {})}
    case = check_case({"name": "a", "title": "?", "table": table, **task})
    features = Features("m", (), (), dict, len, len, dict, behaviour=(test,))
    with pytest.raises(TaglineError, match=said):
        expect_fitting(case, features)
