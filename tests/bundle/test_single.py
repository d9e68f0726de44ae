"""One row, the fast way, is answered as the whole graph answers it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.bundle.load import Bundle
from tagline.bundle.seal import seal
from tagline.bundle.single import SingleRow, as_rows, expect_alike, strange
from tagline.canonical import as_json
from tagline.columns.kind import TEXT
from tagline.errors import TaglineError
from tagline.transform.compile_row import record
from tagline.transform.compute import compute

from .conftest import CALIBRATORS, FIELDS, HISTORY, inputs, make_frame

KINDS = ("boosted", "logistic", "base_rate")
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300, 1e39, 5e-324]


@pytest.fixture(scope="module", params=[(k, c) for k in KINDS for c in CALIBRATORS], ids=str)
def bundle(request, fitted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("single")
    kind, calibrator = request.param
    files = fitted.contents(kind, calibrator).files()
    return Bundle(seal(files, folder=folder).path)


@pytest.fixture(scope="module")
def boosted(fitted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("boosted")
    files = fitted.contents().files()
    return Bundle(seal(files, folder=folder).path)


def test_real_and_strange_rows(bundle, fitted):
    rows = fitted.columns(make_frame(150, seed=11))
    assert expect_alike(bundle, rows, seed=3) == 300


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_rows_at_the_trees_own_thresholds(data, fitted, boosted):
    single = SingleRow(boosted)
    booster = fitted.models["boosted"].booster
    splits = booster.trees_to_dataframe().dropna(subset=["Split"])["Split"].astype(np.float32)
    numbers = st.one_of(st.sampled_from([*splits.tolist(), *SPECIAL]), st.floats())
    row = as_rows(fitted.columns(make_frame(1, seed=data.draw(st.integers(0, 99)))))[0]
    row |= {name: data.draw(numbers) for name in ("distance", *HISTORY)}
    row["town"] = data.draw(st.sampled_from(["東京", "", "?", "Łódź"]))
    arrays = {
        name: np.array([value], dtype=TEXT if isinstance(value, str) else None)
        for name, value in row.items()
    }
    (many,) = boosted.predict(arrays)
    assert abs(single.predict(row) - many) <= 1e-6
    with np.errstate(all="ignore"):
        expected = compute(inputs, arrays)
    found, unknown = single.inputs(row)
    for name, value in zip(single.names, found, strict=True):
        if name not in fitted.inputs.encoders:
            (wanted,) = expected[name].tolist()
            same = value == wanted or (value != value and wanted != wanted)
            assert same or math.isclose(value, wanted, rel_tol=1e-9), name
    assert ("town" in unknown) == (row["town"] == "?")


def test_a_bundle_whose_program_answers_otherwise_is_refused(fitted, tmp_path, monkeypatch):

    def otherwise(xp, row):
        made = inputs(xp, row)
        return {**made, "pace": made["pace"] * 2.0}

    encoders = tuple(fitted.inputs.encoders)
    other = record(otherwise, fields=FIELDS, history=HISTORY, text=encoders)
    contents = fitted.contents()
    files = contents.files() | {"program.json": as_json(other.to_dict())}
    bundle = Bundle(seal(files, folder=tmp_path).path)
    with pytest.raises(TaglineError, match="One row alone is answered with"):
        expect_alike(bundle, fitted.columns(make_frame(100, seed=1)), seed=1)


def test_strange_rows_are_strange(fitted):
    rows = fitted.columns(make_frame(300, seed=1))
    changed = strange(rows, FIELDS, seed=1)["distance"]
    assert np.isinf(changed).any()
    assert np.isnan(changed).any()
    assert (changed == rows["distance"]).any()
