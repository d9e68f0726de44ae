"""From a plain table to what trials train on: nothing is lost, every fault has a sentence."""

import numpy as np
import pandas as pd
import pytest

from tagline.case.load import check_case
from tagline.data.parts import read_parts
from tagline.data.prepare import prepare
from tagline.data.store import get_table
from tagline.errors import TaglineError

NOW = pd.Timestamp("2025-01-01", tz="UTC")


def rows(n=400, seed=0):
    random = np.random.default_rng(seed)
    at = pd.date_range("2024-01-01", periods=n, freq="3h", tz="UTC")
    size = random.normal(10, 3, n)
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in range(n)],
            "at": at,
            "size": size,
            "town": random.choice(["a", "b", "é"], n),
            "seen": at - pd.Timedelta("2D"),
            "good": random.random(n) < 0.5,
            "y": (random.random(n) < 1 / (1 + np.exp(10 - size))).astype(int),
        }
    )


def case_of(tmp_path, frame, **sections):
    frame.to_parquet(tmp_path / "rows.parquet")
    values = {
        "name": "small",
        "title": "Is it so?",
        "table": {"id": "id", "time": "at", "target": "y", "source": "rows.parquet"},
    }
    return check_case(values | sections, file=str(tmp_path / "small.toml"))


def prepared(tmp_path, frame, before=None, **sections):
    case = case_of(tmp_path, frame, **sections)
    return prepare(case, now=NOW, rows_before=before)


def refusal(tmp_path, frame, before=None, **sections):
    with pytest.raises(TaglineError) as caught:
        prepared(tmp_path, frame, before, **sections)
    return str(caught.value)


def assert_adds_up(accounting):
    parts = ("used", "quarantined", "unlabelled", "outside_split")
    assert accounting["rows_in"] == sum(accounting[part] for part in parts)


def test_a_plain_table_needs_no_feature_module(tmp_path):
    found = prepared(tmp_path, rows())
    assert found.inputs["names"] == [
        "at_hour",
        "at_weekday",
        "size",
        "town",
        "seen_days_before",
        "good",
    ]
    train, tune, test = read_parts(found, "train", "tune", "test", target="y")
    assert len(train.y) + len(tune.y) + len(test.y) == 400
    assert train.frame["at"].max() < tune.frame["at"].min() < test.frame["at"].min()
    assert not set(train.group) & set(tune.group)
    assert not set(tune.group) & set(test.group)
    np.testing.assert_allclose(test.X[:, 2], test.frame["size"], rtol=1e-6)


def test_the_same_table_has_the_same_fingerprint_and_another_has_not(tmp_path):
    first, again = prepared(tmp_path, rows()), prepared(tmp_path, rows()[rows().columns[::-1]])
    other = prepared(tmp_path, rows().assign(size=lambda t: t["size"].where(t.index > 0, 0.5)))
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint


def broken(column, value, at=(3, 8)):
    frame = rows()
    frame[column] = frame[column].astype(object)
    for place in at:
        frame.loc[place, column] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "reason", "contract"),
    [
        (
            rows().assign(id=lambda t: t["id"].replace({"r3": "r2"})),
            "id repeats an earlier row's",
            {},
        ),
        (rows().assign(id=lambda t: t["id"].where(t.index != 3)), "id is missing", {}),
        (
            rows().assign(at=lambda t: t["at"].where(t.index != 3, NOW + pd.Timedelta("1D"))),
            "at is in the future",
            {},
        ),
        (
            rows().assign(size=lambda t: t["size"].where(t.index != 3, np.inf)),
            "size is infinite",
            {},
        ),
        (
            rows().assign(size=lambda t: t["size"].where(t.index != 3, 99.0)),
            "size is above 50",
            {"ranges": {"size": (-50, 50)}},
        ),
        (
            rows().assign(town=lambda t: t["town"].where(t.index != 3, "mars")),
            "town is a value that is not allowed",
            {"allowed": {"town": ("a", "b", "é")}},
        ),
        (
            rows().assign(y=lambda t: t["y"].where(t.index != 3, 7)),
            "y is neither 0 nor 1",
            {},
        ),
    ],
)
def test_a_broken_row_goes_to_quarantine_with_its_reason(tmp_path, frame, reason, contract):
    found = prepared(tmp_path, frame, contract=contract)
    assert found.accounting["reasons"] == {reason: 1}
    quarantine = get_table(found.quarantine)
    assert quarantine["reason"].tolist() == [reason]
    assert len(quarantine) == found.accounting["quarantined"] == 1
    assert_adds_up(found.accounting)


def test_rows_without_a_label_are_counted(tmp_path):
    found = prepared(tmp_path, rows().assign(y=lambda t: t["y"].where(t.index % 10 != 0)))
    assert found.accounting["unlabelled"] == 40
    assert_adds_up(found.accounting)


@pytest.mark.parametrize(
    ("frame", "sections", "said"),
    [
        (rows().drop(columns="y"), {}, "Missing column 'y'"),
        (rows().rename(columns={"at": "att"}), {}, "Missing column 'at' (is it 'att'?)"),
        (rows().assign(y=1), {}, "one class only"),
        (rows().assign(y=np.nan), {}, "'y' has no value in any row"),
        (rows().assign(at="soon"), {}, "at is no timestamp"),
        (rows().assign(size=np.nan), {}, "'size' has no value in any row"),
        (rows().assign(town=None), {}, "'town' has no value in any row"),
        (rows()[:0], {}, "The table is empty"),
        (rows(20), {}, "20 rows, and the contract wants 100"),
        (rows(), {"contract": {"fresh_within": "7D"}}, "days old; the contract allows 7D"),
        (
            rows().assign(size=lambda t: t["size"] * 1.609),
            {"contract": {"typical": {"size": (9, 11)}}},
            "has its unit changed?",
        ),
        (
            rows().assign(size=lambda t: t["size"] * 1.609),
            {"contract": {"ranges": {"size": (0, 20)}}},
            "break the contract",
        ),
        (rows(), {"contract": {"typical": {"sise": (9, 11)}}}, "'sise' (is it 'size'?)"),
        (rows(), {"table": {"id": "id", "time": "at", "target": "y"}}, "table.source"),
        (rows(), {"features": "features.nothing"}, "no feature module 'features.nothing'"),
    ],
)
def test_what_can_not_be_used_is_one_sentence(tmp_path, frame, sections, said):
    message = refusal(tmp_path, frame, **sections)
    assert said in message
    assert "\n" not in message


def test_a_change_in_the_number_of_rows_is_told(tmp_path):
    assert "a change of 60%" in refusal(tmp_path, rows(), before=1000)


def test_a_truncated_file_is_told(tmp_path):
    case = case_of(tmp_path, rows())
    whole = (tmp_path / "rows.parquet").read_bytes()
    (tmp_path / "rows.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TaglineError, match="can not be read whole"):
        prepare(case, now=NOW)


def test_a_csv_that_ends_in_the_middle_of_a_row_is_told(tmp_path):
    values = {
        "name": "small",
        "title": "Is it so?",
        "table": {"id": "id", "time": "at", "target": "y", "source": "rows.csv"},
    }
    whole = rows().to_csv(index=False)
    (tmp_path / "rows.csv").write_text(whole[: whole.rindex(",")])
    case = check_case(values, file=str(tmp_path / "small.toml"))
    with pytest.raises(TaglineError, match="can not be read whole"):
        prepare(case, now=NOW)


def test_a_config_of_another_case_is_told(tmp_path):
    table = {"id": "number", "time": "decided_at", "target": "late"}
    case = case_of(tmp_path, rows(), features="features.flights", table=table)
    with pytest.raises(
        TaglineError, match=r"decisions of features.flights: Missing column 'number'"
    ):
        prepare(case, now=NOW)


def test_a_file_stands_in_for_a_table_and_must_have_its_columns(tmp_path):
    pd.DataFrame({"origin": ["EWR"], "time": ["2013-01-01T00:00:00Z"]}).to_csv(
        tmp_path / "weather.csv", index=False
    )
    table = {
        "id": "id",
        "time": "decided_at",
        "target": "late",
        "files": {"weather": "weather.csv"},
    }
    case = case_of(tmp_path, rows(), features="features.flights", table=table)
    with pytest.raises(TaglineError, match=r"Missing column 'time_hour' \(is it 'time'\?\)"):
        prepare(case, now=NOW)
    other = {**table, "files": {"wether": "weather.csv"}}
    case = case_of(tmp_path, rows(), features="features.flights", table=other)
    with pytest.raises(TaglineError, match=r"no table 'wether' \(is it 'weather'\?\)"):
        prepare(case, now=NOW)
