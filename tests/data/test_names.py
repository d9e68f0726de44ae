"""No name that a user may choose collides with ours, in the table, the graph or the bundle."""

import json

import numpy as np
import pandas as pd
import pytest

from tagline.bundle.smoke import answer_example
from tagline.data.parts import read_parts
from tagline.data.store import get_table
from tests.pipeline import case_of, prepared, rows, trained

OURS = (
    *("group", "part", "reason", "score", "probability", "X", "column_0", "tagline_X", "rows"),
    *("at_hour", "at_weekday", "day", "row", "self", "model", "champion", "missing", "index"),
    *("input:size", "field:size", "$x^2$", "<b>", " ", "x.y", "ä/ö", "slice", "value"),
)


def test_columns_called_as_ours_are_inputs_like_any_other(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGLINE_SIGNING_KEY", str(tmp_path / "signing.key"))
    random = np.random.default_rng(1)
    extra = {name: random.normal(size=600).round(4) for name in OURS}
    frame = pd.concat([rows(), pd.DataFrame(extra)], axis=1)
    found = trained(case_of(tmp_path, frame), tmp_path)
    (test,) = read_parts(found.prepared, "test", target="y")
    names = found.prepared.inputs["names"]
    assert len(set(names)) == len(names) == len(OURS) + 4
    for name in OURS:
        expected = extra[name][-len(test.y) :].astype(np.float32)
        np.testing.assert_array_equal(test.X[:, names.index(name)], expected)
    np.testing.assert_allclose(
        found.bundle.predict_frame(test.frame), found.best_trial.predict(test.X), atol=1e-6
    )
    assert 0 < answer_example(found.bundle)["probability"] < 1
    profile = found.bundle.read_json("profile.json")
    # The score is of rows that the model has not learned from.
    assert profile["field:score"]["rows"] + profile["score"]["rows"] == 600
    assert {*map("input:{}".format, names), *map("field:{}".format, OURS), "score"} <= set(profile)
    assert json.loads(found.bundle.read_bytes("schema.json"))["properties"].keys() >= set(OURS)


@pytest.mark.parametrize("name", ["size", "town"])
@pytest.mark.parametrize("to", ["X", "probability", "self", "group"])
def test_a_bundle_answers_whatever_its_only_inputs_are_called(tmp_path, monkeypatch, name, to):
    monkeypatch.setenv("TAGLINE_SIGNING_KEY", str(tmp_path / "signing.key"))
    found = trained(case_of(tmp_path, rows().rename(columns={name: to})), tmp_path)
    (test,) = read_parts(found.prepared, "test", target="y")
    np.testing.assert_allclose(
        found.bundle.predict_frame(test.frame), found.best_trial.predict(test.X), atol=1e-6
    )


def test_a_column_called_reason_is_kept_in_quarantine(tmp_path):
    frame = rows().assign(reason="theirs", size=lambda t: t["size"].where(t.index != 5, np.inf))
    found, _ = prepared(case_of(tmp_path, frame))
    quarantine = get_table(found.quarantine)
    assert quarantine["reason"].tolist() == ["theirs"]
    assert quarantine.columns[-1] == "reason_2"
    assert quarantine["reason_2"].tolist() == ["size is infinite"]
