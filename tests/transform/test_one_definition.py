"""The same input function gives the same matrix on columns, on one row and in the graph."""

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline import cross
from tagline.columns.field import Field
from tagline.errors import TaglineError
from tagline.transform.compute import columns, compute
from tagline.transform.feature_encoder import FeatureEncoder, fit_inputs
from tagline.transform.to_onnx import trace

FIELDS = (
    Field("town", "string"),
    Field("at", "timestamp"),
    Field("stops", "integer"),
    Field("distance", "number"),
    Field("paid", "boolean"),
    Field("landed", "timestamp", required=False),
)
HISTORY = ("late_share",)


def inputs(xp, row):
    hour = xp.astype(row["at"] % 86_400, xp.float64) / 3_600
    return {
        "town": row["town"],
        "letters": xp.text_length(row["town"]),
        "words": xp.text_words(row["town"]),
        "twice": cross(row["town"], row["town"]),
        "hour_sin": xp.sin(hour * (2 * np.pi / 24)),
        "stops": row["stops"],
        "speed": xp.where(row["stops"] > 0, row["distance"] / 3.0, row["distance"]),
        "paid": xp.astype(row["paid"], xp.float64),
        "slack": xp.astype(row["at"], xp.float64) - row["landed"],
        "late": xp.where(xp.isnan(row["late_share"]), xp.asarray(0.25), row["late_share"]),
    }


rows = st.fixed_dictionaries(
    {
        "town": st.sampled_from(["Łódź", "東京", "a b", "", " a  b\tc\u2003d\n ", None])
        | st.text(st.characters(codec="utf-8"), max_size=70)
        | st.integers(1, 1100).map("ä ".__mul__),
        "at": st.integers(0, 2_000_000_000),
        "stops": st.integers(0, 9),
        "distance": st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)),
        "paid": st.booleans(),
        "landed": st.one_of(st.integers(0, 2_000_000_000), st.none()),
        "late_share": st.one_of(st.floats(0, 1), st.just(np.nan)),
    }
)


def frame_of(drawn):
    frame = pd.DataFrame(drawn)
    for name in ("at", "landed"):
        frame[name] = pd.to_datetime(frame[name].astype("float64"), unit="s", utc=True)
    return frame.astype({"distance": "float64", "late_share": "float64"})


@pytest.fixture(scope="module")
def fitted():
    random = np.random.default_rng(3)
    frame = frame_of(
        [
            {
                "town": random.choice(["Łódź", "東京", "x"]),
                "at": int(random.integers(2_000_000_000)),
                "stops": int(random.integers(5)),
                "distance": random.normal(),
                "paid": True,
                "landed": 5,
                "late_share": 0.5,
            }
            for _ in range(60)
        ]
    )
    y = random.integers(0, 2, 60).astype(float)
    values = compute(inputs, columns(frame, fields=FIELDS, history=HISTORY))
    groups = np.arange(60) // 5
    learned, _ = fit_inputs(
        values, y, groups, np.ones(60, dtype=bool), smoothing=5, folds=3, seed=1
    )
    graph = trace(inputs, fields=FIELDS, history=HISTORY, inputs=learned)
    return learned, ort.InferenceSession(graph.SerializeToString())


@given(st.lists(rows, min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_columns_rows_and_graph_agree(fitted, drawn):
    learned, session = fitted
    row = columns(frame_of(drawn), fields=FIELDS, history=HISTORY)
    whole = learned.transform(compute(inputs, row))
    single = np.vstack(
        [
            learned.transform(compute(inputs, {n: v[i : i + 1] for n, v in row.items()}))
            for i in range(len(drawn))
        ]
    )
    feed = {n: v.astype(object) if v.dtype.kind == "T" else v for n, v in row.items()}
    (graph,) = session.run(["X"], feed)
    np.testing.assert_array_equal(whole, single)
    np.testing.assert_allclose(graph, whole, rtol=1e-6, atol=1e-6)
    assert graph.dtype == whole.dtype == np.float32


def test_a_set_can_be_written_down_and_read_again(fitted):
    learned, _ = fitted
    assert FeatureEncoder.from_dict(learned.to_dict()) == learned


def test_an_unseen_category_gets_the_overall_rate(fitted):
    learned, _ = fitted
    encoder = learned.encoders["town"]
    assert encoder.transform(np.array(["nowhere"])) == encoder.otherwise


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda xp, row: {}, "gives no inputs"),
        (lambda xp, row: {"one": xp.asarray(1.0)}, "one value a row"),
    ],
)
def test_a_function_that_gives_no_column_is_told(function, said):
    with pytest.raises(TaglineError, match=said):
        compute(function, {"x": np.zeros(3)})


def test_a_function_beyond_the_array_api_is_told(fitted):
    with pytest.raises(TaglineError, match="can not be traced"):
        trace(
            lambda xp, row: {"x": xp.interp(row["x"], [0, 1], [0, 1])},
            fields=[Field("x", "number")],
            history=(),
            inputs=FeatureEncoder(("x",), {}),
        )


def test_an_infinite_input_is_told_with_its_name():
    values = {"ratio": np.array([1.0, np.inf])}
    with pytest.raises(TaglineError, match=r"input 'ratio': 1 rows are infinite"):
        fit_inputs(
            values, np.zeros(2), np.zeros(2, int), np.ones(2, bool), smoothing=1, folds=2, seed=0
        )


def test_a_value_beyond_single_precision_is_told():
    with pytest.raises(TaglineError, match="too great for single precision"):
        fit_inputs(
            {"x": np.array([1.0, 1e300])},
            np.zeros(2),
            np.zeros(2, int),
            np.ones(2, bool),
            smoothing=1,
            folds=2,
            seed=0,
        )


def test_a_function_that_loses_precision_in_the_graph_is_refused():
    with pytest.raises(TaglineError, match="loses precision"):
        trace(
            lambda xp, row: {"x": xp.cos(row["x"])},
            fields=[Field("x", "number")],
            history=(),
            inputs=FeatureEncoder(("x",), {}),
        )
