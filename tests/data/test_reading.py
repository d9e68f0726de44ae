"""How a table is read, from the file to the accounting: what was seen to go wrong, and its like."""

import numpy as np
import pandas as pd
import pytest

from tagline.case.load import check_case
from tagline.data import gather as gathering
from tagline.data import prepare as preparing
from tagline.data.parts import read_parts
from tagline.data.store import get_table
from tagline.errors import TaglineError
from tests.pipeline import case_of, prepared, rows


def kinds(found):
    return {each["name"]: each["kind"] for each in found.columns}


def test_days_and_months_are_read_by_one_format(tmp_path):
    frame = rows().assign(at=lambda t: t["at"].dt.strftime("%d/%m/%Y"))
    found, lines = prepared(case_of(tmp_path, frame))
    (test,) = read_parts(found, "test", target="y")
    assert test.frame["at"].max() == rows()["at"].max().normalize()
    assert "at: timestamp %d/%m/%Y" in lines


def test_a_named_format_answers_the_question(tmp_path):
    frame = rows(120).assign(at=[f"{n % 12 + 1:02}/{n * 5 % 12 + 1:02}/2024" for n in range(120)])
    with pytest.raises(TaglineError, match="formats = "):
        prepared(case_of(tmp_path, frame))
    for written, month in (("%d/%m/%Y", 6), ("%m/%d/%Y", 2)):
        case = case_of(tmp_path, frame, table={"formats": {"at": written}}, gates={})
        found, _ = prepared(case)
        every = pd.concat([get_table(part) for part in found.rows.values()])
        assert every.set_index("id")["at"]["r1"].month == month


DRESSED = {
    "decimal": lambda t: t["size"].map("{:.2f}".format),
    "size": lambda t: t["size"].map("{:.6f}".format).where(t.index != 7, "unknown"),
    "day": lambda t: (t["at"] - pd.Timedelta("9D")).dt.date.astype("str"),
    "gap": lambda t: np.where(t.index % 5 == 0, "", np.where(t.index % 2, "True", "false")),
}


def test_what_each_column_was_taken_for_is_told_and_kept(tmp_path):
    found, lines = prepared(case_of(tmp_path, rows().assign(**DRESSED)))
    assert kinds(found) == {
        "at": "timestamp",
        "size": "number",
        "town": "string",
        "decimal": "number",
        "day": "timestamp",
        "gap": "boolean",
    }
    assert "size: number, 1 not read, such as 'unknown' in 1 rows" in lines
    assert "gap: boolean, 120 missing" in lines
    assert found.accounting["reasons"] == {"size is no number": 1}


def test_the_same_table_reads_the_same_from_csv_and_from_parquet(tmp_path):
    frame = rows().assign(
        count=pd.array([None, 5, 7] * 200, dtype="Int64"),
        flag=pd.array([None, True, False] * 200, dtype="boolean"),
        when=lambda t: t["at"] - pd.Timedelta("2D"),
    )
    parts = []
    for kind in ("csv", "parquet"):
        found, _ = prepared(case_of(tmp_path, frame, kind=kind))
        parts.append(read_parts(found, "train", "tune", "test", target="y"))
    for one, other in zip(*parts, strict=True):
        np.testing.assert_array_equal(one.X, other.X)
        np.testing.assert_array_equal(one.y, other.y)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_row_without_a_label_is_no_negative(tmp_path, kind):
    answer = rows()["y"].map({1: "yes", 0: "no"}).where(lambda y: y.index % 3 > 0)
    case = case_of(tmp_path, rows().assign(y=answer), kind=kind, table={"positive": "yes"})
    found, lines = prepared(case)
    assert found.accounting["unlabelled"] == 200
    assert found.accounting["used"] == 400
    assert "y: 'yes' is 1, 'no' is 0" in lines


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_naive_times_are_on_the_clocks_of_the_split_s_zone(tmp_path, kind, zone):
    local = rows()["at"].dt.tz_convert(zone).dt.tz_localize(None)
    case = case_of(tmp_path, rows().assign(at=local), kind=kind, split={"timezone": zone})
    found, _ = prepared(case)
    every = pd.concat([get_table(part) for part in found.rows.values()])
    apart = every.set_index("id")["at"] - rows().set_index("id")["at"]
    repeated = 0 if zone == "Asia/Tokyo" else 1
    assert (apart != pd.Timedelta(0)).sum() <= repeated
    assert found.fields[0]["timezone"] == zone


@pytest.mark.parametrize(
    ("table", "sections", "said"),
    [
        ({"target": "at"}, {}, "target 'at' is the column of the id or of the time"),
        ({"target": "id"}, {}, "target 'id' is the column of the id or of the time"),
        ({"exclude": ["y"]}, {}, "exclude names 'y', which is used"),
        ({"negative": "no"}, {}, "negative is given without positive"),
        ({"encoding": "utf-9"}, {}, "'utf-9' is no encoding"),
        ({"timezone": "Mars/Olympus"}, {}, "'Mars/Olympus' is no time zone"),
        ({}, {"split": {"timezone": "../etc"}}, "'../etc' is no time zone"),
        ({"kinds": {"size": "decimal"}}, {}, "table.kinds"),
    ],
)
def test_a_config_that_can_not_be_meant_is_one_sentence(table, sections, said):
    named = {"id": "id", "time": "at", "target": "y", "source": "rows.csv"}
    values = {"name": "small", "title": "?", "table": named | table} | sections
    with pytest.raises(TaglineError) as refused:
        check_case(values, file="small.toml")
    assert said in str(refused.value)


def test_keys_of_18_digits_name_rows(tmp_path):
    gaps = pd.array([10**17 + n for n in range(599)] + [None], dtype="Int64")
    for kind in ("csv", "parquet"):
        found, _ = prepared(case_of(tmp_path, rows().assign(id=gaps), kind=kind))
        assert found.accounting["reasons"] == {"id is missing": 1}
        assert found.accounting["used"] == 599


def test_rows_that_are_lost_on_the_way_are_noticed(tmp_path, monkeypatch):
    dealt = preparing.parts_of

    def losing(*given):
        parts = dealt(*given)
        parts[5] = "other"
        return parts

    monkeypatch.setattr(preparing, "UNUSED", "other")
    monkeypatch.setattr(preparing, "parts_of", losing)
    found, _ = prepared(case_of(tmp_path, rows()))
    assert found.accounting["outside_split"] == 1
    checked = gathering.check_decisions

    def short(*words, **named):
        found = checked(*words, **named)
        return type(found)(**{**vars(found), "rows_in": found.rows_in + 3})

    monkeypatch.setattr(gathering, "check_decisions", short)
    with pytest.raises(TaglineError, match="Rows were lost or counted twice"):
        prepared(case_of(tmp_path, rows()))
