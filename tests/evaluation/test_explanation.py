"""SHAP values add up and are those of the reference; the chosen rows are the ones meant."""

import warnings

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.data.store import get_table, put_table
from tagline.evaluation.agreement import Lime
from tagline.evaluation.chosen import choose_rows
from tagline.evaluation.explained import as_table, of_table
from tagline.evaluation.shapley import explain
from tagline.metrics.calibrators import sigmoid
from tagline.models.families import BaseRate, Boosted, Logistic

NAMES = ("a", "b", "c", "d")


def answering(model):
    return lambda X: sigmoid(model.margins(X)[:, 0])


def table(n=300, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 4)).astype(np.float32)
    X[random.random(X.shape) < 0.1] = np.nan
    y = (np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1]) > random.normal(size=n)).astype(float)
    return X, y


@pytest.fixture(scope="module")
def boosted():
    X, y = table()
    parameters = {"objective": "binary:logistic", "max_depth": 3, "nthread": 1}
    booster = xgboost.train(parameters, xgboost.DMatrix(X, y), 30)
    return Boosted(bytes(booster.save_raw("ubj")))


LOGISTIC = Logistic(
    mean=(0.1, 0.0, 0.0, 2.0),
    scale=(1.0, 2.0, 1.0, 1.0),
    coefficients=(1.0, -1.0, 0.5, 0.0),
    intercept=0.3,
)


def models(boosted):
    return [boosted, LOGISTIC, BaseRate(rate=0.3, width=4)]


def test_shap_values_add_up_to_the_answer_of_every_kind_of_model(boosted):
    X, _ = table()
    for model in models(boosted):
        found = explain(model, X, NAMES, rows=100, seed=1)
        p = 1 / (1 + np.exp(-(found.base + found.shap.sum(axis=1))))
        np.testing.assert_allclose(p, sigmoid(model.margins(found.X)[:, 0]), atol=1e-5)
        assert found.additivity < 1e-5


def test_the_values_of_trees_are_those_of_the_reference(boosted):
    X, _ = table()
    found = explain(boosted, X, NAMES, rows=50, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap's own use of matplotlib
        import shap  # noqa: PLC0415
    reference = shap.TreeExplainer(boosted.booster).shap_values(found.X)
    np.testing.assert_allclose(found.shap, reference, atol=1e-4)


def test_an_input_without_weight_explains_nothing():
    X, _ = table()
    assert (explain(LOGISTIC, X, NAMES, rows=50, seed=1).shap[:, 3] == 0).all()


def test_the_sample_is_seeded_and_holds_the_rows_that_it_must(boosted):
    X, _ = table()
    first = explain(boosted, X, NAMES, rows=20, always=[7, 250], seed=5)
    again = explain(boosted, X, NAMES, rows=20, always=[7, 250], seed=5)
    assert {7, 250} <= set(first.rows.tolist())
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.X, X[first.rows])


def test_sources_add_up_their_inputs(boosted):
    X, _ = table()
    found = explain(boosted, X, NAMES, rows=100, seed=1)
    sources = found.by_source({"a": "one", "b": "one", "c": "two"}).set_index("source")
    assert sources.loc["one", "importance"] == pytest.approx(
        np.abs(found.shap[:, 0] + found.shap[:, 1]).mean()
    )
    assert set(sources.index) == {"one", "two", "d"}
    assert sources["share"].sum() == pytest.approx(1)
    assert found.importance()["importance"].is_monotonic_decreasing


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30), st.integers(1, 4)
)
@settings(deadline=None)
def test_the_chosen_rows_are_extreme_and_distinct(rows, each):
    p = np.array([chance for chance, _ in rows])
    y = np.array([float(label) for _, label in rows])
    found = choose_rows(y, p, wrong=np.abs(y - p), each=each)
    assert len({chosen.row for chosen in found}) == len(found) == min(len(rows), 3 * each)
    highest = [chosen.p for chosen in found if chosen.why == "highest"]
    assert highest == sorted(p, reverse=True)[: len(highest)]
    left = np.delete(np.abs(y - p), [c.row for c in found])
    wrong = [abs(c.y - c.p) for c in found if c.why == "most wrong"]
    assert not len(left) or not wrong or min(wrong) >= left.max()


def test_lime_agrees_with_shap_on_a_linear_model():
    random = np.random.default_rng(2)
    X = random.normal(size=(400, 4)).astype(np.float32)
    model = Logistic(
        mean=(0,) * 4, scale=(1,) * 4, coefficients=(2.0, -1.0, 0.5, 0.0), intercept=0.0
    )
    row = np.array([0.5, 0.5, 0.5, 0.5], dtype=np.float32)
    shap_values = np.array([1.0, -0.5, 0.25, 0.0])
    lime = Lime(X, NAMES, answering(model), seed=0)
    agreement = lime.agreement(row, shap_values)
    assert np.argsort(-np.abs(agreement.weights))[:3].tolist() == [0, 1, 2]
    assert np.sign(agreement.weights[:3]).tolist() == [1, -1, 1]
    assert agreement.rank > 0.9
    again = Lime(X, NAMES, answering(model), seed=0).agreement(row, shap_values)
    np.testing.assert_array_equal(agreement.weights, again.weights)


def test_lime_gets_medians_in_place_of_what_is_missing(boosted):
    X, _ = table()
    X[:, 3] = np.nan
    agreement = Lime(X, NAMES, answering(boosted), seed=0).agreement(X[0], np.ones(4))
    assert np.isfinite(agreement.weights).all()


def test_what_a_run_keeps_comes_back_as_it_was_and_as_the_library_s_own(boosted, tmp_path):
    X, _ = table()
    found = explain(boosted, X, NAMES, rows=80, always=[3], seed=2)
    stored = get_table(put_table(as_table(found)))
    again = of_table(stored, additivity=found.additivity)
    np.testing.assert_array_equal(again.shap, found.shap)
    np.testing.assert_array_equal(again.X, found.X)
    np.testing.assert_array_equal(again.rows, found.rows)
    np.testing.assert_array_equal(again.base, found.base)
    assert again.names == found.names
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap's own use of matplotlib
        library = again.to_shap()
    assert type(library).__module__.startswith("shap.")
    np.testing.assert_array_equal(library.values, found.shap)
    total = library.base_values + library.values.sum(axis=1)
    np.testing.assert_allclose(total, boosted.margins(found.X)[:, 0], atol=1e-5)
    assert list(library[0].feature_names) == list(NAMES)


def test_of_classes_the_one_that_is_decided_for_is_explained():
    random = np.random.default_rng(3)
    X = random.normal(size=(50, 4)).astype(np.float32)
    weights = tuple(map(tuple, random.normal(size=(3, 4))))
    model = Logistic((0.0,) * 4, (1.0,) * 4, weights, (0.1, -0.2, 0.3))
    said = random.integers(0, 3, 50)
    found = explain(model, X, NAMES, rows=50, seed=1, said=said)
    margins = model.margins(X)
    expected = margins[np.arange(50), said] - margins.mean(axis=1)
    np.testing.assert_allclose(found.base + found.shap.sum(axis=1), expected, atol=1e-9)
    assert found.by_class.shape == (4, 3)
