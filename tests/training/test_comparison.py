"""The champion reads today's table by its own fields; what it can not read is no number."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tagline.data.parts import read_parts
from tagline.errors import TaglineError
from tests.pipeline import case_of, rows, trained


@pytest.fixture(autouse=True)
def own_key(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGLINE_SIGNING_KEY", str(tmp_path / "signing.key"))


def coded(seed, codes):
    random = np.random.default_rng(seed)
    code = random.choice(codes, 800)
    chance = pd.Series(code).map({"1": 0.1, "2": 0.9, "3": 0.2, "A": 0.8}).to_numpy()
    return pd.DataFrame(
        {
            "id": range(800),
            "at": pd.date_range("2024-01-01", periods=800, freq="3h", tz="UTC"),
            "code": code,
            "y": (random.random(800) < chance).astype(int),
        }
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_codes_whose_next_table_has_numbers_only_are_still_codes(tmp_path, kind):
    first = trained(case_of(tmp_path, coded(1, ["1", "2", "3", "A"]), kind=kind), tmp_path)
    later = coded(2, ["1", "2", "3"])
    later = later if kind == "csv" else later.assign(code=later["code"].astype(int))
    second = trained(case_of(tmp_path, later, kind=kind), tmp_path, current=first.bundle)
    assert [each["kind"] for each in second.prepared.fields if each["name"] == "code"] == ["number"]
    (test,) = read_parts(second.prepared, "test", target="y")
    as_text = test.frame.assign(code=[f"{number:.0f}" for number in test.frame["code"]])
    expected = roc_auc_score(test.y, first.bundle.predict_frame(as_text))
    theirs = second.evaluation.baseline_metrics["champion"]["roc_auc"]
    assert theirs == pytest.approx(expected)
    assert theirs > 0.8


@pytest.mark.parametrize("holds", [int, float, str, "Int64"])
def test_a_code_reads_alike_from_any_frame(tmp_path, holds):
    bundle = trained(case_of(tmp_path, coded(1, ["1", "2", "3", "A"])), tmp_path).bundle
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-05-01"] * 3, utc=True)})
    answers = bundle.predict_frame(frame.assign(code=["1", "2", "3"]))
    other = pd.Series([1, 2, 3]).astype(holds)
    np.testing.assert_array_equal(bundle.predict_frame(frame.assign(code=other)), answers)
    assert len(set(answers)) > 1


def test_a_champion_that_can_not_read_the_table_fails_a_gate_with_its_reason(tmp_path):
    first = trained(case_of(tmp_path, rows().assign(extra=lambda t: t["size"] % 7)), tmp_path)
    second = trained(case_of(tmp_path, rows(seed=3)), tmp_path, current=first.bundle)
    (gate,) = [each for each in second.evaluation.gates if "champion" in each["name"]]
    assert not gate["passed"]
    assert "can not be compared" in gate["detail"]
    assert "'extra'" in gate["detail"]
    assert "champion" not in second.evaluation.baseline_metrics


def test_text_with_a_nul_is_a_category_like_any_other(tmp_path):
    town = [["a", "a\0", "b\0c"][place % 3] for place in range(600)]
    found = trained(case_of(tmp_path, rows().assign(town=town), kind="parquet"), tmp_path)
    assert len(found.prepared.inputs["encoders"]["town"]["categories"]) == 3


def test_every_fault_of_a_frame_is_told_at_once_by_name_and_row(tmp_path):
    frame = rows().assign(flag=lambda t: t.index % 3 == 0)
    bundle = trained(case_of(tmp_path, frame, kind="parquet"), tmp_path).bundle
    asked = pd.DataFrame(
        {
            "at": ["2024-05-01T00:00:00Z", 1_700_000_000_000, None],
            "size": ["3", "far", 4],
            "town": ["a", True, "b"],
            "flag": [True, 7, None],
        },
        dtype=object,
    )
    with pytest.raises(TaglineError) as refused:
        bundle.predict_frame(asked)
    said = str(refused.value)
    for part in (
        "column 'at': 1 rows can not be read as timestamp",
        "row 1: 1700000000000",
        "column 'at': 1 rows lack a value",
        "column 'size': 1 rows can not be read as number (row 1: 'far')",
        "column 'town': 1 rows can not be read as string (row 1: True)",
        "column 'flag': 1 rows can not be read as boolean (row 1: 7)",
    ):
        assert part in said


ARRAYS = {
    "flag": (np.array([7, 1]), "no flag"),
    "size": (np.array(["2024-01-01", "2024-01-02"], "datetime64[s]"), "no number"),
    "at": (np.array([1_700_000_000_000, 1_700_000_000_000]), "of another unit"),
    "town": (np.array([1, 2]), "no text"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_another_meaning_are_refused_by_name(tmp_path, name):
    frame = rows().assign(flag=lambda t: t.index % 3 == 0)
    bundle = trained(case_of(tmp_path, frame, kind="parquet"), tmp_path).bundle
    sound = {
        "at": np.array([1_700_000_000, 1_700_003_600]),
        "size": np.array([1.0, np.nan]),
        "town": np.array(["a", ""], dtype=np.dtypes.StringDType()),
        "flag": np.array([1.0, np.nan]),
    }
    assert bundle.predict(sound).shape == (2,)
    wrong, why = ARRAYS[name]
    with pytest.raises(TaglineError, match=f"column '{name}': .*{why}"):
        bundle.predict(sound | {name: wrong})
    with pytest.raises(TaglineError, match="of one length"):
        bundle.predict(sound | {name: sound[name][:1]})
