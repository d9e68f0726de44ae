"""What `tagline new` writes of a table is a config that a training goes by."""

import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagline.case.load import parse_case
from tagline.data.survey import positive_of
from tagline.errors import TaglineError
from tagline.workflows.beginning import Wished, begin
from tests.conftest import Workplace, small_rows
from tests.laws.conftest import WORLDS
from tests.pipeline import prepared

STOPS = "A training would stop"


def begun(folder, frame, **wished):
    table = folder / "rows.csv"
    frame.to_csv(table, index=False)
    return begin(Wished("own", table, **{"target": "y", **wished}), file=folder / "own.toml")


def test_a_table_of_this_world_is_read_as_its_config_says(world, tmp_path):
    case = WORLDS[world].case(tmp_path)
    source = case.beside(str(case.table.source))
    file = tmp_path / "own.toml"
    found = begin(Wished("own", source, target=case.table.target), file=file)
    own = parse_case(found.config, file=str(file))
    if any(line.startswith(STOPS) for line in found.told):
        with pytest.raises(TaglineError):
            prepared(own)
        return
    made, _ = prepared(own)
    assert made.accounting["used"] > 0
    assert own.table.target not in {field["name"] for field in made.fields}


NAMES = st.text(st.characters(codec="utf-8", exclude_characters='"\\'), min_size=1, max_size=12)


@given(NAMES, NAMES, NAMES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_columns_and_values_are_called_the_config_says_it(tmp_path, target, yes, other):
    if len({target, "size", other}) < 3 or yes.strip() in ("", "no") or not target.strip():
        return
    rows = small_rows(200).drop(columns=["id", "at"]).rename(columns={"y": target, "town": other})
    rows[target] = rows[target].map({1: yes, 0: "no"})
    try:
        found = begun(tmp_path, rows, target=target, positive=yes)
    except TaglineError:
        return  # a name that a CSV gives back otherwise, or a value that means none
    own = parse_case(found.config, file=str(tmp_path / "own.toml"))
    assert (own.table.target, own.table.positive) == (target, yes)


LEAKY = [
    ("answer", lambda rows: rows["y"] * 3 + 1),
    ("paid_back", lambda rows: np.where(rows["y"] == 1, "late", "early")),
    ("only_ones", lambda rows: rows["size"].where(rows["y"] == 1)),
]


@pytest.mark.parametrize(("name", "make"), LEAKY)
def test_what_knows_the_answer_is_left_out_with_its_reason(tmp_path, name, make):
    rows = small_rows(900)
    found = begun(tmp_path, rows.assign(**{name: make(rows)}))
    assert list(found.excluded) == [name]
    own = parse_case(found.config, file=str(tmp_path / "own.toml"))
    assert own.table.exclude == (name,)
    assert name not in {field["name"] for field in prepared(own)[0].fields}


@pytest.mark.parametrize(
    ("frame", "wished", "said"),
    [
        (lambda r: r, {"target": None}, r"Those of two values: y"),
        (lambda r: r, {"target": "yy"}, r"'yy' \(is it 'y'\?\)"),
        (lambda r: r, {"time": "att"}, r"'att' \(is it 'at'\?\)"),
        (lambda r: r.assign(y="same"), {}, "has one value only"),
        (lambda r: r.assign(y=np.nan), {}, "has no value in any row"),
        (lambda r: r.assign(y=range(len(r))), {}, "600 values: '0' .1., .* questions with two"),
        (lambda r: r, {"positive": "yes"}, "No row has y = 'yes'"),
        (lambda r: r.assign(id="x"), {"id": "id"}, "repeats an earlier row's in 599 rows"),
        (lambda r: r.assign(at="2024-01-01"), {"time": "at"}, "times on 1 days"),
        (lambda r: r, {"time": "town"}, "holds no times that can be read, such as"),
        (lambda r: r.head(0), {}, "The table has no rows"),
    ],
)
def test_what_can_not_be_asked_is_a_sentence(tmp_path, frame, wished, said):
    with pytest.raises(TaglineError, match=said):
        begun(tmp_path, frame(small_rows()), **wished)


def test_it_finds_the_id_the_time_and_what_counts_as_one(tmp_path):
    rows = small_rows().assign(y=lambda r: np.where(r["y"] == 1, "yes", "no"))
    found = begun(tmp_path, rows.assign(e_mail=[f"a{n}@b.org" for n in range(len(rows))]))
    own = parse_case(found.config, file=str(tmp_path / "own.toml")).table
    assert (own.id, own.time, own.positive) == ("id", "at", "yes")
    assert parse_case(found.config, file="own.toml").serving.personal == ("e_mail",)
    assert "e-mail addresses" in found.survey.of("e_mail").notes[-1]


@pytest.mark.parametrize("written", ["%Y", "%Y%m", "%Y%m%d", "s", "ms"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_number_is_a_time_where_somebody_says_so(tmp_path, written, kind):
    rows = small_rows(900)
    times = pd.date_range("2009-03-01", periods=900, freq="73h", tz="UTC")
    if "%" in written:
        numbers = times.strftime(written).astype("int64")
    else:
        numbers = times.as_unit("ns").astype("int64") // {"s": 10**9, "ms": 10**6}[written]
    rows = rows.assign(at=numbers)
    table = tmp_path / f"rows.{kind}"
    rows.to_csv(table, index=False) if kind == "csv" else rows.to_parquet(table)
    file = tmp_path / "own.toml"
    found = begin(Wished("own", table, target="y", time="at"), file=file)
    made, _ = prepared(parse_case(found.config, file=str(file)))
    assert made.accounting["used"] == 900
    assert {each["name"]: each["format"] for each in made.fields}["at"] == written


@given(st.lists(st.text(string.ascii_letters, min_size=1), min_size=2, max_size=2, unique=True))
def test_one_of_two_values_counts_as_one_whatever_their_order(values):
    assert positive_of(values) in values
    assert positive_of(["no", "yes"]) == positive_of(["yes", "no"]) == "yes"


def test_the_verb_writes_it_beside_the_table_and_says_how_to_train(tmp_path):
    place = Workplace(tmp_path)
    small_rows(300).to_csv(tmp_path / "rows.csv", index=False)
    words = ("new", "own", "--table", "rows.csv", "--target", "y")
    done = place.tagline(*words)
    assert done.returncode == 0, done.stderr
    assert "--config case own.toml run" in done.stdout
    assert "y: '1' counts as 1" in done.stdout
    assert parse_case((tmp_path / "own.toml").read_text(), file="own.toml").table.id == "id"
    assert "It is there already" in place.tagline(*words).stderr
    assert place.tagline(*words, "--again").returncode == 0
