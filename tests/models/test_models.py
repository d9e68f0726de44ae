"""Fitted models answer the same from memory, from bytes and from their ONNX graph."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_arrays
from sklearn.ensemble import ExtraTreesClassifier

from tagline.case.search import SearchSection
from tagline.errors import TaglineError
from tagline.metrics.calibrators import sigmoid
from tagline.models.families import FAMILIES, Boosted, Logistic, Mean, Model, OnnxModel, load
from tagline.models.scikit import Scikit
from tagline.models.training_data import TrainingData, write

from .conftest import make_rows

ANY_ROWS = of_arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.just(5)),
    elements=st.one_of(
        st.floats(-8, 8, width=32),
        st.just(np.nan),
        st.floats(width=32, allow_infinity=False, allow_nan=True),
    ),
)


def averaged_model(other: Boosted) -> Boosted:
    X, y = make_rows(700, seed=6)
    settings = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.1, "base_score": 0.3}
    trees = xgboost.train(settings, xgboost.DMatrix(X, y), num_boost_round=50)
    return Boosted.average([other, Boosted(bytes(trees.save_raw("ubj"))), other])


def leaves_only(*, least: float) -> Boosted:
    """Trees that never split; with a large `least` their leaves are nothing, too."""
    X, y = make_rows(60, seed=7)
    settings = {"objective": "binary:logistic", "min_child_weight": least, "base_score": 0.2}
    trees = xgboost.train(settings, xgboost.DMatrix(X, y), num_boost_round=4)
    return Boosted(bytes(trees.save_raw("ubj")))


def balanced() -> Boosted:
    """Trees of as many ones as zeros: their base is 0.5, which a converter does not write."""
    X, _ = make_rows(200, seed=11)
    trees = xgboost.train(
        {"objective": "binary:logistic"}, xgboost.DMatrix(X, np.arange(200) % 2), 5
    )
    return Boosted(bytes(trees.save_raw("ubj")))


def fitted_models() -> dict[str, Model]:
    X, y = make_rows(900, seed=5)
    split = np.repeat(["train", "tune"], [600, 300])
    with TemporaryDirectory() as folder:
        data = write(Path(folder), X=X, y=y, split=split)
    search = SearchSection(max_rounds=400, early_stopping_rounds=400)
    forest = Scikit(ExtraTreesClassifier, {}).fit(data, {"max_depth": 5}, seed=1, threads=1)
    return {
        kind: family.fitting(data, search)({"max_depth": 3}, learning_rate=0.04, seed=1)
        for kind, family in FAMILIES.items()
        if family not in (OnnxModel, Mean)
    } | {OnnxModel.kind: OnnxModel.of(forest.onnx(), data.X)}


MODELS = fitted_models()
MODELS["average"] = averaged_model(MODELS["boosted"])
MODELS[Mean.kind] = Mean(tuple(MODELS[kind] for kind in ("boosted", "logistic", "onnx")))
MODELS["balanced"] = balanced()
MODELS["leaves"] = leaves_only(least=12)
MODELS["nothing"] = leaves_only(least=1_000)
SESSIONS = {
    kind: onnxruntime.InferenceSession(model.onnx().SerializeToString())
    for kind, model in MODELS.items()
}


@pytest.mark.parametrize("kind", MODELS)
@settings(deadline=None)
@given(X=ANY_ROWS)
def test_the_graph_agrees_with_the_model(kind: str, X: np.ndarray) -> None:
    (answer,) = SESSIONS[kind].run(None, {"X": X})
    expected = MODELS[kind].margins(X)
    assert answer.dtype == np.float64
    assert expected.dtype == np.float64
    assert answer.shape == expected.shape == (len(X), 1)
    np.testing.assert_allclose(sigmoid(answer), sigmoid(expected), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", MODELS)
@settings(deadline=None, max_examples=30)
@given(X=ANY_ROWS)
def test_a_row_is_answered_alone_as_among_others(kind: str, X: np.ndarray) -> None:
    model = MODELS[kind]
    alone = np.concatenate([model.margins(X[i : i + 1]) for i in range(len(X))])
    # A runtime adds up trees in another order for one row than for many.
    allowed = 1e-12 if kind in (OnnxModel.kind, Mean.kind) else 0.0
    np.testing.assert_allclose(alone, model.margins(X), rtol=0, atol=allowed)


@pytest.mark.parametrize("kind", MODELS)
def test_bytes_bring_the_same_model_back(kind: str) -> None:
    X, _ = make_rows(200, seed=8)
    again = load(MODELS[kind].kind, MODELS[kind].to_bytes())
    assert again.kind == MODELS[kind].kind
    assert again.to_bytes() == MODELS[kind].to_bytes()
    np.testing.assert_array_equal(again.margins(X), MODELS[kind].margins(X))


def test_an_average_answers_the_mean_log_odds_and_its_shap_values_add_up() -> None:
    X, _ = make_rows(400, seed=10)
    one, whole = MODELS["boosted"], MODELS["average"]
    X_other, y_other = make_rows(700, seed=6)
    settings = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.1, "base_score": 0.3}
    trees = xgboost.train(settings, xgboost.DMatrix(X_other, y_other), num_boost_round=50)
    other = Boosted(bytes(trees.save_raw("ubj")))
    expected = (2 * one.margins(X) + other.margins(X)) / 3
    np.testing.assert_allclose(whole.margins(X), expected, rtol=0, atol=2e-6)
    values, base = whole.shap_values(X)
    np.testing.assert_allclose(values.sum(axis=1) + base, expected, rtol=0, atol=1e-4)
    assert whole.rounds == 2 * one.rounds + 50


def test_boosted_answers_what_xgboost_itself_answers() -> None:
    X, _ = make_rows(500, seed=9)
    model = MODELS["boosted"]
    assert isinstance(model, Boosted)
    p = sigmoid(model.margins(X)[:, 0])
    np.testing.assert_allclose(p, model.booster.inplace_predict(X), atol=2e-6)


def test_logistic_is_the_plain_formula_with_means_for_what_is_missing() -> None:
    X, _ = make_rows(300, seed=10)
    model = MODELS["logistic"]
    assert isinstance(model, Logistic)
    expected = []
    for row in X.astype(np.float64):
        margin = model.intercept
        for value, mean, scale, weight in zip(
            row, model.mean, model.scale, model.coefficients, strict=True
        ):
            margin += 0 if np.isnan(value) else weight * (value - mean) / scale
        expected.append(margin)
    np.testing.assert_allclose(model.margins(X)[:, 0], expected, rtol=1e-11)
    assert model.coefficients[4] == 0


def test_monotone_directions_hold(data: TrainingData, tmp_path: Path) -> None:
    X, y = np.vstack([data.X, data.X_tune]), np.concatenate([data.y, data.y_tune])
    split = np.repeat(["train", "tune"], [len(data.X), len(data.X_tune)])
    bound = write(tmp_path / "bound", X=X, y=y, split=split, monotone=(-1, 0, 1, 0, 0))
    model = Boosted.fitting(bound, SearchSection(max_rounds=30))({}, learning_rate=0.3, seed=1)
    rows = np.repeat(X[:40], 60, axis=0)
    for column, sign in ((0, -1), (2, 1)):
        moved = rows.copy()
        moved[:, column] = np.tile(np.linspace(-3, 3, 60), 40)
        answers = model.margins(moved).reshape(40, 60)
        assert (sign * np.diff(answers, axis=1) >= -1e-9).all()


@pytest.mark.parametrize(
    ("kind", "content"),
    [("forest", b"{}"), ("logistic", b"{"), ("base_rate", b"{}"), ("boosted", b"no trees")],
)
def test_what_is_no_model_is_refused(kind: str, content: bytes) -> None:
    with pytest.raises(TaglineError, match=kind):
        load(kind, content).margins(np.zeros((1, 5), np.float32))
