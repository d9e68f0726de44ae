"""What the case says and can not be fails before the search, with a sentence."""

import sys
import time
import types
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tagline.columns.field import Field
from tagline.data import modules
from tagline.data.checks import expect_fitting, expect_sealable
from tagline.data.modules import REQUIRED, load_features
from tagline.errors import TaglineError
from tagline.evaluation.behaviour import Direction
from tagline.monitoring.find import newest_day
from tagline.transform.encode import cross_fitted
from tagline.transform.feature_encoder import FeatureEncoder
from tests.pipeline import case_of, prepared, trained
from tests.worlds.world import plain

NOTHING = FeatureEncoder.from_dict({"names": [], "encoders": {}})


@pytest.fixture
def features(tmp_path):
    return load_features(case_of(tmp_path, plain()))


@pytest.mark.parametrize("whole", ["mean", "max", "sort", "cumulative_sum"])
def test_what_looks_at_the_whole_column_is_refused(features, whole):
    def inputs(xp, row):
        return {"x": row["size"] - getattr(xp, whole)(row["size"])}

    with pytest.raises(TaglineError, match=whole):
        expect_sealable(replace(features, inputs=inputs), NOTHING)


CLASSES = {"task": "classes", "table": {"classes": ["a", "b"]}}


def test_a_clock_or_chance_is_refused(features):
    def inputs(xp, row):
        return {"x": row["size"] + time.time_ns()}

    with pytest.raises(TaglineError, match="asked twice"):
        expect_sealable(replace(features, inputs=inputs), NOTHING)


def test_a_slice_that_is_no_column_is_refused_before_the_search(tmp_path):
    case = case_of(tmp_path, plain(), evaluation={"slices": ["twon"], "resamples": 100})
    with pytest.raises(TaglineError, match="'twon' \\(is it 'town'"):
        prepared(case)


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"schedule": {"cron": {"train": "0 0 30 2 *"}}}, "never comes"),
        ({"schedule": {"cron": {"train": "0 0 31 4,6 *"}}}, "never comes"),
        ({"schedule": {"cron": {"train": "61 * * * *"}}}, "no cron line"),
        ({"serving": {"history_within": "-2h"}}, "not a length of time"),
        ({"contract": {"fresh_within": "30"}}, "not a length of time"),
        ({"contract": {"fresh_within": "0s"}}, "not a length of time"),
        ({"contract": {"fresh_within": "NaT"}}, "not a length of time"),
        ({"gates": {"minimum": {"roc_auc": float("nan")}}}, "finite"),
        ({"contract": {"ranges": {"size": [9, 1]}}}, "the least, 9, is above 1"),
        ({"contract": {"typical": {"size": [9, 1]}}}, "the least, 9, is above 1"),
        ({"task": "classes"}, r'needs two or more: classes = \["A", "B", "C"\] under \[table\]'),
        ({"task": "classes", "table": {"classes": ["a"]}}, "needs two or more"),
        ({"task": "classes", "table": {"classes": ["a", "a"]}}, "two of classes are written 'a'"),
        ({"task": "classes", "table": {"classes": [1, 1.0]}}, "two of classes are written '1'"),
        ({"task": "classes", "table": {"classes": ["a", 2]}}, "all text, all numbers or all flags"),
        ({"table": {"classes": ["a", "b"]}}, r'are of task = "classes"'),
        ({"task": "number", "table": {"positive": 1}}, r'is of task = "binary"'),
        (
            {"task": "number", "evaluation": {"cost": {"false_negative": 5}}},
            "evaluation.cost is of",
        ),
        ({"evaluation": {"costs": {"a": {"b": 5}}}}, "evaluation.costs is of"),
        ({"task": "number", "explanation": {"lime": True}}, "explanation.lime is of"),
        ({"evaluation": {"coverage": 0.8}}, "evaluation.coverage is of"),
        (CLASSES | {"evaluation": {"costs": {"c": {}}}}, "names 'c'; table.classes are a, b"),
        (CLASSES | {"gates": {"minimum": {"rmse": 1}}}, "'rmse' does not go with task = 'classes'"),
        (
            {"task": "number", "gates": {"minimum": {"roc_auc": 1}}},
            "'roc_auc' does not go",
        ),
        ({"task": "number", "search": {"metric": "log_loss"}}, "search.metric: 'log_loss'"),
        ({"task": "number", "search": {"families": ["logistic"]}}, "search.families: 'logistic'"),
        ({"task": "number", "evaluation": {"calibration": "platt"}}, "a number has no calibrator"),
        ({"evaluation": {"calibration": "temperature"}}, "which has auto, none, platt, beta"),
        (CLASSES | {"evaluation": {"calibration": "platt"}}, "which has auto, none, temperature"),
        (
            {"evaluation": {"metrics": ["accuracy", "roc_auc"]}},
            "'accuracy' does not go",
        ),
        ({"task": "ranking"}, "task = 'ranking'"),
        ({"search": {"folds": 0}}, "search.folds = 0"),
        ({"evaluaton": {}}, "unknown key 'evaluaton', did you mean 'evaluation"),
    ],
)
def test_what_the_config_can_not_mean_is_a_sentence(tmp_path, sections, said):
    with pytest.raises(TaglineError, match=said):
        case_of(tmp_path, plain(), **sections)


LARGER = Direction("Larger is likelier", lambda rows: rows.assign(size=rows["size"] + 1), 1)


@pytest.mark.parametrize("offered", [{"monotone": {"size": 1}}, {"behaviour": (LARGER,)}])
def test_what_classes_have_no_answer_to_is_refused_before_the_search(tmp_path, features, offered):
    case = case_of(tmp_path, plain(), **CLASSES)
    with pytest.raises(
        TaglineError, match=r"classes have one each|does not say which class.*of='a'"
    ):
        expect_fitting(case, replace(features, **offered))
    expect_fitting(case_of(tmp_path, plain()), replace(features, **offered))


def test_a_field_whose_least_is_above_its_most_is_refused():
    with pytest.raises(TaglineError, match="minimum 9 is above the maximum 1"):
        Field("size", "number", minimum=9, maximum=1)


@pytest.mark.parametrize("given", [5, {"size": 5}, {"size": "up"}, ["size"]])
def test_a_direction_that_is_none_is_refused(tmp_path, monkeypatch, given):
    module = types.ModuleType("own_features")
    for name in (*REQUIRED, "MONOTONE"):
        setattr(module, name, None)
    module.MONOTONE = given
    monkeypatch.setitem(sys.modules, "own_features", module)
    case = case_of(tmp_path, plain(), features="own_features")
    with pytest.raises(TaglineError, match="MONOTONE says"):
        load_features(case)


def test_birth_dates_in_the_future_are_asked_about(tmp_path):
    born = pd.date_range("1940-01-01", periods=600, freq="40D").strftime("%d/%m/%y")
    with pytest.raises(TaglineError, match=r"later than today, up to 2068"):
        prepared(case_of(tmp_path, plain().assign(born=born)))
    meant = case_of(tmp_path, plain().assign(born=born), table={"formats": {"born": "%d/%m/%y"}})
    prepared(meant)


@pytest.mark.parametrize("letter", ['"', "\\", "\n", "\x00"])
def test_a_name_that_no_request_can_carry_is_refused_before_the_search(tmp_path, letter):
    case = case_of(tmp_path, plain().rename(columns={"size": f"si{letter}ze"}), kind="parquet")
    with pytest.raises(TaglineError, match="No server can read the column"):
        prepared(case)


def test_an_input_with_one_value_in_training_is_named(tmp_path):
    _, lines = prepared(case_of(tmp_path, plain().assign(always=7.0)))
    assert [each for each in lines if "nothing is learned" in each and each.endswith("always")]


def test_one_group_is_encoded_as_its_rows_and_not_as_nothing():
    texts = np.array(["a", "b"] * 50).astype(np.dtypes.StringDType())
    y = np.tile([1.0, 0.0], 50)
    found = cross_fitted(texts, y, np.zeros(100, np.int64), smoothing=1, folds=5, seed=0)
    assert (found[::2] > 0.9).all()
    assert (found[1::2] < 0.1).all()


def test_texts_are_joined_and_constants_chosen_as_numpy_does_it(tmp_path, monkeypatch):
    def inputs(xp, row):
        both = row["town"] + "/" + row["town"]
        return {
            "both": both,
            "alone": xp.where(row["size"] > 10.0, 1.0, 0.0),
            "word": xp.where(row["flag"] == 1.0, "yes", "no"),
        }

    own = load_features(case_of(tmp_path, plain()))
    monkeypatch.setattr(modules, "plain_features", lambda *_: replace(own, inputs=inputs))
    done = trained(case_of(tmp_path, plain()), tmp_path)
    assert set(done.bundle.reads) == {"town", "size", "flag"}


def test_rows_in_quarantine_are_told_with_their_reason(tmp_path):
    rows = plain()
    case = case_of(tmp_path, pd.concat([rows, rows.head(4)]), contract={"max_quarantined": 0.1})
    _, lines = prepared(case)
    assert any("4 quarantined (id repeats an earlier row's: 4)" in each for each in lines)


@pytest.mark.parametrize("length", ["30", "-1D", "0D"])
def test_a_horizon_that_is_no_length_is_refused(tmp_path, length):
    with pytest.raises(TaglineError, match="not a length of time"):
        case_of(tmp_path, plain(), table={"horizon": length})


def test_labels_with_gaps_as_pandas_writes_them_are_labels(tmp_path):
    rows = plain()
    rows["y"] = rows["y"].astype("float64").mask(rows.index % 50 == 0)
    found, _ = prepared(case_of(tmp_path, rows))
    assert found.accounting["unlabelled"] == 12
    assert found.accounting["quarantined"] == 0


def test_a_few_answers_of_today_hide_no_month_of_batch():
    month = np.repeat(np.arange(20_000, 20_028), 140)
    today = np.full(14, 20_060)
    assert newest_day(np.concatenate([month, today]), 28) == 20_027
    assert newest_day(np.concatenate([month, np.repeat(today, 30)]), 28) == 20_060
    assert newest_day(np.zeros(0, np.int64), 28) == 0
