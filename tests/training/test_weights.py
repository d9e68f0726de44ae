"""Rows weigh by a column as models are fitted; every figure counts each row once."""

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from tagline.case.load import check_case, parse_case
from tagline.case.search import SearchSection
from tagline.data.parts import read_parts
from tagline.data.prepare import prepare
from tagline.data.training_set import matrix_folder
from tagline.errors import TaglineError
from tagline.metrics.metrics import METRICS
from tagline.models.custom import fitting
from tagline.models.families import FAMILIES
from tagline.models.scikit import Scikit
from tagline.models.search import brackets, run_bracket
from tagline.models.training_data import TrainingData, quantile_cuts, read, write
from tagline.training.choosing import choose_best
from tagline.workflows.new_case import NewCase, begin

ALL_OF_THEM = {"subsample": 1.0, "colsample_bytree": 1.0, "max_depth": 3, "min_child_weight": 1.0}
FREE = ALL_OF_THEM | {"min_child_weight": 0.0, "reg_lambda": 0.0}


def rows(n=400, *, task="binary", seed=3):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 3)).astype(np.float32)
    score = X[:, 0] - X[:, 1] + random.normal(size=n)
    if task == "number":
        return X, score
    y = np.digitize(score, [-1, 1]) if task == "classes" else score > 0
    return X, y.astype(np.float32)


def data_of(X, y, weight, task):
    cuts = quantile_cuts(rows(task=task)[0], max_bin=64)
    directions = np.zeros(3, np.int8)
    tune = rows(100, task=task, seed=5)
    return TrainingData(X, y, *tune, cuts, directions, task=task, weight=weight)


@pytest.mark.parametrize(
    ("kind", "task"),
    [
        ("boosted", "binary"),
        ("boosted", "classes"),
        ("logistic", "binary"),
        ("logistic", "classes"),
        ("ridge", "number"),
    ],
)
def test_a_row_of_weight_three_counts_as_three_rows(kind, task):
    # Of four rows' worth three say one thing, and one the opposite.
    X, y = rows(task=task)
    weight = np.where(np.arange(len(y)) % 2, 3.0, 1.0)
    X[::2] = -X[::2]
    again = np.repeat(np.arange(len(y)), weight.astype(int))
    search = SearchSection(max_bin=64, metric="rmse" if task == "number" else "log_loss")

    def margins(X_own, y_own, own):
        fit = FAMILIES[kind].fitting(data_of(X_own, y_own, own, task), search)
        # Penalties are in rows' worth, of which there are fewer than rows that are repeated.
        drawn = FREE if kind == "boosted" else {}
        return fit(drawn, learning_rate=0.3, seed=1, rounds=5).margins(X)

    told, repeated, alike = (
        margins(X, y, weight),
        margins(X[again], y[again], None),
        margins(X, y, None),
    )
    near = {"atol": 1e-4} if kind == "boosted" else {"atol": 0.2}
    np.testing.assert_allclose(told, repeated, **near)
    assert np.abs(alike - told).max() > 0.3


def test_weights_are_written_beside_their_rows_and_go_with_them(tmp_path):
    X, y = rows(300)
    weight = np.arange(300, dtype=np.float32)
    part = np.repeat(["train", "tune", "test"], 100)
    fold = np.where(np.arange(300) < 50, "train", np.where(np.arange(300) < 80, "tune", ""))
    write(tmp_path / "one", X=X, y=y, split=part, weight=weight, folds=[(X, fold)])
    found = read(tmp_path / "one")
    assert found.weight.tolist() == weight[:100].tolist()
    assert found.folds[0].weight.tolist() == weight[:50].tolist()
    assert found.whole().weight.tolist() == weight[:200].tolist()
    some = found.y > 0
    assert found.only(some).weight.tolist() == weight[:100][some].tolist()


@pytest.mark.parametrize("unit", [1.0, 1e-300, 1e300])
@pytest.mark.parametrize("kind", ["boosted", "logistic"])
def test_only_ratios_count_and_those_of_rows_that_are_fitted(tmp_path, kind, unit):
    X, y = rows(400)
    part = np.repeat(["train", "tune"], 200)
    weight = np.where(part == "tune", 1.0, 0.001)
    search, margins = SearchSection(max_bin=64), []
    for name, each in (("told", unit * weight), ("plain", None)):
        write(tmp_path / name, X=X, y=y, split=part, weight=each)
        fit = FAMILIES[kind].fitting(read(tmp_path / name), search)
        drawn = ALL_OF_THEM if kind == "boosted" else {}
        margins.append(fit(drawn, learning_rate=0.3, seed=1, rounds=5).margins(X))
    np.testing.assert_allclose(margins[0], margins[1], atol=1e-6)
    assert margins[0].std() > 0.5


@pytest.mark.parametrize("folds", [1, 3])
def test_a_table_s_weights_reach_its_fits_and_no_figure(tmp_path, folds):
    random = np.random.default_rng(2)
    x = random.normal(size=3_000)
    lies = random.random(3_000) < 0.1
    shown = x + random.normal(size=3_000)
    y = np.where(lies, shown < 0, shown > 0).astype(int)
    frame = pd.DataFrame({"x": x, "z": random.normal(size=3_000), "y": y, "w": 2.0 * ~lies})
    frame.to_csv(tmp_path / "t.csv", index=False)
    wished = NewCase("told", tmp_path / "t.csv", target="y", weight="w")
    begun = begin(wished, file=tmp_path / "told.toml")
    assert 'weight = "w"' in begun.config
    case = parse_case(begun.config, file=str(tmp_path / "told.toml"))
    search = case.search.model_dump() | {"trials": 2, "brackets": 1, "folds": folds}
    case = check_case(case.to_dict() | {"search": search})
    prepared = prepare(case)
    assert prepared.inputs["names"] == ["x", "z"]
    data = read(matrix_folder(prepared.matrix, prepared.matrix_files))
    for each in (data, *data.folds):
        assert 0.05 < (each.weight == 0).mean() < 0.15
        assert (each.relative_weight[each.weight > 0] > 1).all()
    plan = brackets(case.search, seed=case.seed, task=case.task)
    results = [run_bracket(each, data, progress=lambda _: None) for each in plan]
    best = choose_best(case, prepared, results).best_trial
    (test,) = read_parts(prepared, "test", target="y")
    told, p = test.frame["w"].to_numpy() > 0, best.predict(test.X)
    assert METRICS["roc_auc"].of(test.y[told], p[told]) > 0.8
    # Judged on rows that weigh nothing too.
    assert 0.05 < (~told).mean() < 0.15
    assert METRICS["roc_auc"].of(test.y, p) < METRICS["roc_auc"].of(test.y[told], p[told]) - 0.03


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([-1.0, *[1.0] * 599], "1 row"),
        ([0.0] * 600, "Every training row weighs 0"),
        (["heavy"] * 600, "w"),
    ],
)
def test_weights_that_are_none_are_refused(tmp_path, weights, said):
    x = np.random.default_rng(0).normal(size=600)
    frame = pd.DataFrame({"x": x, "y": x + np.arange(600) % 2 > 0, "w": weights})
    frame.to_csv(tmp_path / "t.csv", index=False)
    file = tmp_path / "t.toml"
    text = 'name = "t"\ntitle = "?"\n[table]\nsource = "t.csv"\ntarget = "y"\nweight = "w"\n'
    with pytest.raises(TaglineError, match=said):
        prepare(parse_case(text + "[contract]\nmax_quarantined = 0.001\n", file=str(file)))


def test_a_family_that_weighs_no_rows_is_refused_where_a_case_asks_for_it():
    X, y = rows()
    with pytest.raises(TaglineError, match=r"weighs no rows, and table\.weight"):
        fitting(
            Scikit(DecisionTreeClassifier, {}), data_of(X, y, np.abs(y), "binary"), SearchSection()
        )


def test_weights_may_be_written_as_people_write_numbers(tmp_path):
    random = np.random.default_rng(3)
    x, weight = random.normal(size=600), random.integers(1, 5_000, 600)
    y = (x + random.normal(size=600) > 0).astype(int)
    frame = pd.DataFrame({"x": x, "y": y, "w": [f"${each:,}.50" for each in weight]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    begun = begin(
        NewCase("t", tmp_path / "t.csv", target="y", weight="w"), file=tmp_path / "t.toml"
    )
    prepared = prepare(parse_case(begun.config, file=str(tmp_path / "t.toml")))
    assert prepared.accounting["quarantined"] == 0
    data = read(matrix_folder(prepared.matrix, prepared.matrix_files))
    assert data.relative_weight.std() > 0.4
