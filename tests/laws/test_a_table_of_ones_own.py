"""What `tagline new` writes of a table is a config that a training goes by."""

import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagline.case.load import parse_case
from tagline.columns.field import Field
from tagline.columns.values import read
from tagline.data.survey import positive_of
from tagline.errors import TaglineError
from tagline.workflows.new_case import NewCase, begin
from tests.conftest import Workplace, small_rows
from tests.laws.conftest import WORLDS
from tests.pipeline import prepared

STOPS = "A training would stop"


def begun(folder, frame, **wished):
    table = folder / "rows.csv"
    frame.to_csv(table, index=False)
    return begin(NewCase("own", table, **{"target": "y", **wished}), file=folder / "own.toml")


def test_a_table_of_this_world_is_read_as_its_config_says(world, tmp_path):
    case = WORLDS[world].case(tmp_path)
    source = case.beside(str(case.table.source))
    file = tmp_path / "own.toml"
    found = begin(NewCase("own", source, target=case.table.target), file=file)
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


def test_where_all_that_there_is_knows_the_answer_that_is_told(tmp_path):
    rows = small_rows(900)[["id", "y"]].assign(
        answer=lambda r: r["y"] * 2, other=lambda r: 1 - r["y"]
    )
    found = begun(tmp_path, rows)
    assert set(found.excluded) == {"answer", "other"}
    assert "A training would stop" in found.told[-1]
    assert "No column is left as an input" in found.told[-1]


@pytest.mark.parametrize(
    ("frame", "wished", "said"),
    [
        (lambda r: r, {"target": None}, r"There are .*y \(two answers\)"),
        (lambda r: r, {"target": "yy"}, r"'yy' \(is it 'y'\?\)"),
        (lambda r: r, {"time": "att"}, r"'att' \(is it 'at'\?\)"),
        (lambda r: r.assign(y="same"), {}, "has one value only"),
        (lambda r: r.assign(y=np.nan), {}, "has no value in any row"),
        (
            lambda r: r.assign(y=[f"n{n}" for n in range(len(r))]),
            {},
            "600 values.*than 100 classes",
        ),
        (lambda r: r.assign(y=[n % 3 for n in range(len(r))]), {"task": "binary"}, "--positive A"),
        (lambda r: r.assign(y="a").assign(y=["a", "b"] * 300), {"task": "number"}, "no numbers"),
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
    mails = [f"a{n // 2}@b.org" for n in range(len(rows))]
    born = [f"1980-01-{1 + n % 28:02d}" for n in range(len(rows))]
    asked = [n % 2 for n in range(len(rows))]
    own = [f"number {n}" for n in range(len(rows))]
    more = {"e_mail": mails, "birth_date": born, "has_email": asked, "said": SAID, "called": own}
    found = begun(tmp_path, rows.assign(**more))
    # Of what people write there is a length; of names that are all different there is nothing.
    assert list(found.excluded) == ["called"]
    assert found.survey.of("said").kind == "text"
    own = parse_case(found.config, file=str(tmp_path / "own.toml")).table
    assert (own.id, own.time, own.positive) == ("id", "at", "yes")
    assert parse_case(found.config, file="own.toml").serving.personal == ("e_mail", "birth_date")
    assert "e-mail addresses" in found.survey.of("e_mail").notes[-1]


SAID = [f"It was number {n}, and good." for n in range(600)]
TARGETS = [
    (["t", "f"], {}, "t"),
    (["0", "0.0"], {}, 0),
    (["yes", "no", "maybe"], {"positive": "yes", "negative": "no"}, "yes"),
    ([2, 1], {}, None),
]


@pytest.mark.parametrize(("values", "wished", "positive"), TARGETS[:1] + TARGETS[2:])
def test_whatever_the_two_values_are_it_trains(tmp_path, values, wished, positive):
    rows = small_rows(900).assign(y=lambda r: [values[n % len(values)] for n in range(len(r))])
    found = begun(tmp_path, rows, **wished)
    assert not [line for line in found.told if line.startswith(STOPS)]
    own = parse_case(found.config, file=str(tmp_path / "own.toml"))
    assert own.table.positive == (positive or own.table.positive)
    assert prepared(own)[0].accounting["used"] >= 600


@pytest.mark.parametrize("drop", [["size", "town", "noise", "id", "at"], ["size", "noise", "town"]])
def test_a_table_with_nothing_to_learn_from_is_a_sentence(tmp_path, drop):
    found = begun(tmp_path, small_rows().drop(columns=drop))
    own = parse_case(found.config, file=str(tmp_path / "own.toml"))
    if own.table.time is None:
        assert any("No column is left as an input" in line for line in found.told)


def test_what_a_made_column_is_called_and_what_no_request_can_carry_is_left_out(tmp_path):
    rows = small_rows().drop(columns=["id", "at"])
    found = begun(tmp_path, rows.assign(row_id=1, **{'say "hi"': rows["size"]}))
    assert list(found.excluded) == ["row_id", 'say "hi"']
    own = parse_case(found.config, file=str(tmp_path / "own.toml"))
    assert prepared(own)[0].accounting["used"] == 600


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_what_parts_columns_is_found(tmp_path, separator):
    table = tmp_path / "rows.csv"
    rows = small_rows().assign(town=[f"a{separator}b", "c"] * 300)
    rows.to_csv(table, index=False, sep=separator)
    found = begin(NewCase("own", table, target="y"), file=tmp_path / "own.toml")
    assert [each.name for each in found.survey.columns] == list(rows)
    assert set(found.survey.counts("town").index) == {f"a{separator}b", "c"}


def test_the_encoding_is_asked_for_and_kept(tmp_path):
    table = tmp_path / "rows.csv"
    small_rows().assign(town="Łódź").to_csv(table, index=False, encoding="iso-8859-2")
    with pytest.raises(TaglineError, match="--encoding"):
        begin(NewCase("own", table, target="y"), file=tmp_path / "own.toml")
    named = NewCase("own", table, target="y", encoding="iso-8859-2")
    own = parse_case(begin(named, file=tmp_path / "own.toml").config, file=str(tmp_path / "o.toml"))
    assert own.table.encoding == "iso-8859-2"


@pytest.mark.parametrize("written", ["%Y", "%Y%m", "%Y%m%d", "s", "ms", "%Y-%m", "%m/%Y"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_number_is_a_time_where_somebody_says_so(tmp_path, written, kind):
    rows = small_rows(900)
    times = pd.date_range("2009-03-01", periods=900, freq="73h", tz="UTC")
    if "%" in written:
        numbers = times.strftime(written)
        numbers = numbers.astype("int64") if written in ("%Y", "%Y%m", "%Y%m%d") else numbers
    else:
        numbers = times.as_unit("ns").astype("int64") // {"s": 10**9, "ms": 10**6}[written]
    rows = rows.assign(at=numbers)
    table = tmp_path / f"rows.{kind}"
    rows.to_csv(table, index=False) if kind == "csv" else rows.to_parquet(table)
    file = tmp_path / "own.toml"
    found = begin(NewCase("own", table, target="y", time="at"), file=file)
    made, _ = prepared(parse_case(found.config, file=str(file)))
    assert made.accounting["used"] == 900
    (field,) = (Field.from_dict(each) for each in made.fields if each["name"] == "at")
    assert field.format == written
    # A request, and whoever scores what was read, writes ISO 8601.
    later = pd.Series(["2031-05-06T07:08:09+00:00"], name="at")
    assert read(later, "timestamp", field.how).series.dt.year.tolist() == [2031]


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


def test_a_word_that_means_none_beside_numbers_is_a_word_beside_words(tmp_path):
    regions = np.where(np.arange(600) % 3 == 0, "NA", np.where(np.arange(600) % 3 == 1, "EU", "US"))
    found = begun(tmp_path, small_rows().assign(y=regions))
    own = parse_case(found.config, file=str(tmp_path / "own.toml"))
    assert own.table.classes == ("EU", "NA", "US")
    assert prepared(own)[0].accounting["used"] == 600
    (column,) = (each for each in found.survey.columns if each.name == "y")
    assert (column.missing, column.distinct) == (0, 3)
