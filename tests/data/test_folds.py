"""Folds keep groups whole and time in order, and what one judges has taught it nothing."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagline.data.folds import FEW, folds_of
from tagline.data.parts import read_parts
from tagline.data.training_set import matrix_folder
from tagline.models.training_data import read
from tests.pipeline import case_of, prepared, rows


def asked(*, time="at", folds=None, task="binary"):
    return SimpleNamespace(
        search=SimpleNamespace(folds=folds),
        table=SimpleNamespace(time=time),
        seed=7,
        task=task,
    )


@st.composite
def tables(draw):
    n = draw(st.integers(30, 120))
    part = np.array(
        draw(st.lists(st.sampled_from(["train", "tune", "test"]), min_size=n, max_size=n))
    )
    group = np.array(draw(st.lists(st.integers(0, 25), min_size=n, max_size=n)))
    group = np.sort(group) if draw(st.booleans()) else group
    y = np.array(draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n)))
    return part, group, y


@given(tables(), st.sampled_from([None, "at"]), st.integers(2, 6))
def test_groups_are_whole_the_test_rows_untouched_and_time_is_in_order(table, time, count):
    part, group, y = table
    found = folds_of(asked(time=time, folds=count), part, group, y, inputs=3)
    judged = np.zeros(len(y), dtype=int)
    for fold in found:
        assert not set(group[fold.train]) & set(group[fold.judged])
        assert not (part[fold.train | fold.judged] == "test").any()
        assert len(set(y[fold.train])) == 2
        if time:
            assert np.flatnonzero(fold.train).max() < np.flatnonzero(fold.judged).min()
        judged += fold.judged
    assert judged.max(initial=0) <= 1


@given(tables(), st.integers(2, 6))
def test_without_a_time_every_row_is_judged_once_where_every_fold_can_learn(table, count):
    part, group, y = table
    found = folds_of(asked(time=None, folds=count), part, group, y, inputs=3)
    if len(found) == count:
        np.testing.assert_array_equal(
            sum(fold.judged.astype(int) for fold in found), (part != "test").astype(int)
        )


def test_many_rows_have_no_folds_and_few_have_five():
    y = np.arange(FEW + 1) % 2.0
    part = np.full(len(y), "train")
    assert not folds_of(asked(time=None), part, np.arange(len(y)), y, inputs=3)
    assert len(folds_of(asked(time=None), part[1:], np.arange(FEW), y[1:], inputs=3)) == 5
    assert not folds_of(asked(time=None), part[1:], np.arange(FEW), y[1:], inputs=99)
    assert not folds_of(asked(time=None, folds=1), part[1:], np.arange(FEW), y[1:], inputs=3)


@pytest.mark.parametrize("times", [True, False])
def test_a_rare_class_that_a_fold_would_lack_leaves_that_fold_out(times):
    y = np.r_[np.zeros(40), np.ones(40), 2.0]
    group, part = np.random.default_rng(3).permutation(81), np.full(81, "train")
    order = np.argsort(group) if times else np.arange(81)
    case = asked(time="at" if times else None, folds=4, task="classes")
    for fold in folds_of(case, part, group[order], y[order], inputs=3):
        assert 2.0 in y[order][fold.train]


def test_labels_that_a_fold_judges_are_in_no_input_of_its_training_rows(tmp_path):
    frame = rows(400).drop(columns="at")
    case = case_of(tmp_path, frame, table={"time": None}, search={"folds": 4, "trials": 1})
    first = _folds(case)
    # The labels of all rows that the first fold judges are turned round.
    ids = _ids_judged(case, first)
    turned = frame.assign(y=frame["y"].where(~frame["id"].isin(ids), 1 - frame["y"]))
    other = tmp_path / "other"
    other.mkdir()
    case = case_of(other, turned, table={"time": None}, search={"folds": 4, "trials": 1})
    second = _folds(case)
    np.testing.assert_array_equal(first.folds[0].X, second.folds[0].X)
    np.testing.assert_array_equal(first.folds[0].y_tune, 1 - second.folds[0].y_tune)
    assert not np.array_equal(first.folds[1].X, second.folds[1].X)


def _folds(case):
    made, _ = prepared(case)
    return read(matrix_folder(made.matrix, made.matrix_files))


def _ids_judged(case, data):
    made, _ = prepared(case)
    train, tune = read_parts(made, "train", "tune", target="y")
    ids = np.concatenate([train.frame["id"], tune.frame["id"]])
    return set(ids[data.judged[: len(data.folds[0].y_tune)]])


def test_somebody_s_rows_and_equal_rows_are_in_one_fold(tmp_path):
    frame = rows(400).drop(columns=["id", "at"])
    frame = pd.concat([frame, frame.head(80)], ignore_index=True).round({"size": 1})
    frame["who"] = np.arange(len(frame)) // 6
    asked_for = {"folds": 4, "trials": 1, "brackets": 1}
    none = {"id": None, "time": None}
    by_person = case_of(tmp_path, frame, table=none, search=asked_for, split={"group": "who"})
    by_content = case_of(tmp_path, frame, table=none, search=asked_for)
    for case, together in ((by_person, ["who"]), (by_content, ["size", "town", "who"])):
        judged, fold = _judged_rows(case)
        assert judged.assign(fold=fold).groupby(together)["fold"].nunique().max() == 1


def _judged_rows(case):
    made, _ = prepared(case)
    data = read(matrix_folder(made.matrix, made.matrix_files))
    train, tune = read_parts(made, "train", "tune", target="y")
    whole = pd.concat([train.frame, tune.frame], ignore_index=True)
    fold = np.repeat(np.arange(len(data.folds)), [len(each.y_tune) for each in data.folds])
    return whole.iloc[data.judged].reset_index(drop=True), fold
