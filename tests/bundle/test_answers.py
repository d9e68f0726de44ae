"""A bundle answers as the training side does, on any request."""

import json

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.bundle import load
from tagline.bundle.graph import assemble
from tagline.bundle.load import Bundle
from tagline.bundle.seal import seal
from tagline.canonical import as_json
from tagline.columns.field import Field
from tagline.errors import TaglineError
from tagline.metrics.calibrators import apply
from tagline.models.families import Boosted
from tagline.tasks.tasks import TASKS
from tagline.transform.feature_encoder import FeatureEncoder
from tagline.transform.to_onnx import trace
from tests.bundle.conftest import chances

from .conftest import CALIBRATORS, make_frame

KINDS = ("boosted", "logistic", "base_rate")
TEXTS = st.one_of(st.sampled_from(["東京", "", "a", "Łódź"]), st.text(max_size=5), st.none())

requests = st.lists(
    st.fixed_dictionaries(
        {
            "town": TEXTS,
            "owner": st.just("x"),
            "desk": TEXTS,
            "at": st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")),
            "stops": st.integers(0, 2**40),
            "distance": st.one_of(st.floats(-1e30, 1e30), st.just(np.nan)),
            "paid": st.booleans(),
            "late_share": st.one_of(st.floats(-1, 2), st.just(np.nan)),
        }
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def bundles(fitted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    return {
        (kind, calibrator["kind"]): Bundle(
            seal(fitted.contents(kind, calibrator).files(), folder=folder).path
        )
        for kind in KINDS
        for calibrator in CALIBRATORS
    }


@pytest.fixture
def bundle(bundles):
    return bundles["boosted", "platt"]


@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=lambda c: c["kind"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_agrees_with_the_training_side(fitted, bundles, kind, calibrator):
    frame = make_frame(2_000, seed=9)
    frame.loc[::7, "town"] = "nowhere"
    frame.loc[::11, ["desk", "distance", "late_share"]] = [None, np.nan, np.nan]
    expected = apply(calibrator, fitted.models[kind].margins(fitted.matrix(frame))[:, 0])
    answered = bundles[kind, calibrator["kind"]].predict(fitted.columns(frame))
    np.testing.assert_allclose(answered, expected, rtol=0, atol=1e-6)
    assert answered.dtype == np.float64


@given(drawn=requests)
@settings(max_examples=60, deadline=None)
def test_it_agrees_on_strange_requests(fitted, bundles, drawn):
    frame = pd.DataFrame(drawn).astype({"distance": "float64", "late_share": "float64"})
    frame["at"] = frame["at"].dt.tz_localize("UTC")
    expected = chances(fitted.models["boosted"], fitted.matrix(frame))
    answered = bundles["boosted", "none"].predict(fitted.columns(frame))
    np.testing.assert_allclose(answered, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("slope", [0.3, 1.0])
def test_a_model_that_is_very_sure_agrees_too(slope):
    calibrator = {"kind": "platt", "slope": slope, "intercept": 0.1}
    random = np.random.default_rng(0)
    X = random.normal(size=(4_000, 1)).astype(np.float32)
    settings = {"objective": "binary:logistic", "min_child_weight": 0, "nthread": 1}
    trees = xgboost.train(settings, xgboost.DMatrix(X, X[:, 0] > 0), num_boost_round=100)
    model = Boosted(bytes(trees.save_raw("ubj")))
    assert chances(model, X).max() > 0.9999
    front = trace(
        lambda _, row: {"x": row["x"]},
        fields=[Field("x", "number")],
        history=(),
        inputs=FeatureEncoder(("x",), {}),
    )
    graph = assemble(front, model.onnx(), TASKS["binary"], calibrator).SerializeToString()
    (answered,) = onnxruntime.InferenceSession(graph).run(None, {"x": X[:, 0].astype(np.float64)})
    expected = apply(calibrator, model.margins(X)[:, 0])
    np.testing.assert_allclose(answered, expected, rtol=0, atol=1e-6)


def test_parts_and_the_whole_give_the_same(fitted, bundle, monkeypatch):
    given_columns = fitted.columns(make_frame(50, seed=3))
    whole = bundle.predict(given_columns)
    monkeypatch.setattr(load, "BATCH", 7)
    # The last bit may differ: exp is computed several rows at a time, and the rest one by one.
    np.testing.assert_allclose(bundle.predict(given_columns), whole, rtol=0, atol=2e-16)


@given(rows=st.integers(0, 400), at_once=st.integers(1, 5), smallest=st.integers(1, 100))
@settings(max_examples=40, deadline=None)
def test_several_threads_and_one_give_the_same(fitted, bundles, rows, at_once, smallest):
    bundle, given_columns = bundles["boosted", "platt"], fitted.columns(make_frame(rows, seed=4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "SMALLEST_PART", smallest)
        side_by_side = bundle.answer(given_columns, at_once=at_once)
    np.testing.assert_allclose(side_by_side, bundle.answer(given_columns), rtol=0, atol=1e-15)


def test_no_rows_give_no_answers(fitted, bundle):
    none = {name: values[:0] for name, values in fitted.columns(fitted.frame).items()}
    assert bundle.predict(none).shape == (0,)


def test_a_missing_column_is_told_by_name(fitted, bundle):
    given_columns = fitted.columns(fitted.frame)
    del given_columns["desk"]
    with pytest.raises(TaglineError, match="Missing column 'desk'"):
        bundle.predict(given_columns)


def test_it_knows_what_it_takes_and_what_it_was_made_of(fitted, bundle):
    assert [field.name for field in bundle.fields] == [
        field["name"] for field in bundle.inputs["fields"]
    ]
    assert bundle.history == ("late_share",)
    assert bundle.rule == {"threshold": 0.4}
    assert (bundle.row_id, bundle.decided_at) == ("parcel", "at")
    with pytest.raises(TaglineError, match="Nothing here tells of its making"):
        assert bundle.facts
    assert bundle.read_bytes("booster.ubj") == fitted.models["boosted"].to_bytes()


def test_a_sound_folder_that_lacks_a_file_of_a_bundle_is_told(tmp_path):
    sealed = seal({"a.txt": b""}, folder=tmp_path / "bundles")
    with pytest.raises(TaglineError, match=r"The bundle has no inputs\.json"):
        Bundle(sealed.path)


def test_its_own_example_is_answered(fitted, bundle):
    (example,) = bundle.read_json("schema.json")["examples"]
    optional = {field.name: None for field in bundle.fields if not field.required}
    frame = pd.DataFrame([optional | {"late_share": np.nan} | example])
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    (answer,) = bundle.predict(fitted.columns(frame))
    assert 0 < answer < 1


def test_a_bundle_of_before_tasks_is_read(fitted, bundle, tmp_path):
    files = fitted.contents("boosted", CALIBRATORS[1]).files()
    old = json.loads(files["inputs.json"])
    old["threshold"] = old.pop("rule")["threshold"]
    for name in ("format", "task"):
        old.pop(name)
    earlier = Bundle(seal(files | {"inputs.json": as_json(old)}, folder=tmp_path).path)
    assert earlier.rule == bundle.rule == {"threshold": 0.4}
    given_columns = fitted.columns(make_frame(30, seed=3))
    answers = earlier.columns(earlier.predict(given_columns))
    for name, expected in bundle.columns(bundle.predict(given_columns)).items():
        np.testing.assert_array_equal(answers[name], expected)


def test_a_bundle_of_a_newer_format_is_refused_by_name(fitted, tmp_path):
    files = fitted.contents("boosted", CALIBRATORS[1]).files()
    newer = json.loads(files["inputs.json"]) | {"format": 3}
    with pytest.raises(TaglineError, match="format 3, and this version reads up to 2"):
        Bundle(seal(files | {"inputs.json": as_json(newer)}, folder=tmp_path).path)
