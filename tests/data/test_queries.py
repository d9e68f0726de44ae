"""A table that a query gives is the table that its file holds."""

import json
import sys
import time

import duckdb
import pandas as pd
import pytest
from pydantic import ValidationError

from tagline.case.config import TableSection
from tagline.case.load import check_case, parse_case
from tagline.data import queries
from tagline.data.origins import Origin, look_again
from tagline.data.sources import put_sources, with_sources
from tagline.errors import TaglineError
from tagline.workflows.new_case import NewCase, begin
from tests.pipeline import prepared, rows


@pytest.fixture
def folder(tmp_path):
    whole = rows(600)
    whole.to_parquet(tmp_path / "whole.parquet", index=False)
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
        shop.register("given", whole.sample(frac=1, random_state=3))
        shop.execute("CREATE TABLE orders AS SELECT * FROM given")
    (tmp_path / "orders.sql").write_text("SELECT * FROM orders;  -- all of them\n")
    (tmp_path / "files.sql").write_text(
        "select a.* from 'whole.parquet' a join 'whole.parquet' b using (id)"
    )
    return tmp_path


def config(**table):
    said = "".join(f"{key} = {value!r}\n" for key, value in table.items())
    return (
        f'name = "small"\ntitle = "?"\n[table]\n{said}id = "id"\ntime = "at"\ntarget = "y"\n'
        "[search]\nfolds = 1\n"
    )


ASKED = {
    "a file of DuckDB's": {"source": "orders.sql", "database": "shop.duckdb"},
    "files beside it": {"source": "files.sql"},
    "a variable": {"source": "orders.sql", "database": "$SHOP"},
}


@pytest.mark.parametrize("table", ASKED.values(), ids=list(ASKED))
def test_the_rows_are_those_of_the_file_and_what_is_kept_of_them_too(folder, table, monkeypatch):
    monkeypatch.setenv("SHOP", str(folder / "shop.duckdb"))
    expected, _ = prepared(parse_case(config(source="whole.parquet"), file=str(folder / "c.toml")))
    case = parse_case(config(**table), file=str(folder / "c.toml"))
    found, _ = prepared(case)
    assert found.matrix == expected.matrix
    moved = parse_case(config(**table), file=str(folder / "elsewhere" / "c.toml"))
    kept = put_sources(case)
    again, _ = prepared(with_sources(moved, kept))
    assert again.matrix == expected.matrix
    # A reproduction writes the config down, and another process reads it.
    said = with_sources(case, kept, as_it_was=True).to_dict()
    once_more, _ = prepared(check_case(json.loads(json.dumps(said)), file=case.file))
    assert once_more.matrix == expected.matrix


def test_the_same_rows_make_the_same_table_in_whatever_order_they_come(folder):
    first = Origin("orders.sql", folder, "shop.duckdb").read().frame
    with duckdb.connect(str(folder / "shop.duckdb")) as shop:
        shop.execute("CREATE TABLE again AS SELECT * FROM orders ORDER BY random()")
    (folder / "again.sql").write_text("SELECT * FROM again")
    second = Origin("again.sql", folder, "shop.duckdb").read().frame
    pd.testing.assert_frame_equal(first, second)


def test_new_takes_a_query(folder, monkeypatch):
    monkeypatch.chdir(folder)
    wished = NewCase("own", "orders.sql", target="y", database="shop.duckdb")
    (folder / "config").mkdir()
    found = begin(wished, file=folder / "config" / "own.toml")
    case = parse_case(found.config, file=str(folder / "config" / "own.toml"))
    assert (case.table.source, case.table.database) == ("../orders.sql", "../shop.duckdb")
    assert prepared(case)[0].accounting["rows_in"] == 600


WRITING = "SELECT 1 a) ; COPY (SELECT 42 z) TO 'out.csv'; SELECT * FROM (SELECT 2 a"


@pytest.mark.parametrize(
    ("query", "database", "said"),
    [
        ("SELECT * FROM orderz", "shop.duckdb", r"The query fails: Catalog Error.*orderz"),
        ("DROP TABLE orders", "shop.duckdb", "The query fails"),
        ("SELECT 1 AS a; DROP TABLE orders", "shop.duckdb", "The query fails"),
        (
            "SELECT 1 a) ; COPY (SELECT 42 z) TO 'out.csv'; SELECT * FROM (SELECT 2 a",
            None,
            "one query",
        ),
        ("SELECT 1", "mysql://me:secret@h/d", "no address that can be asked"),
        ("SELECT 1", "nowhere.duckdb", "There is no such file"),
        ("SELECT 1", "$NO_SUCH", "variable NO_SUCH is not set"),
        (" ;", None, "holds no query"),
        ("SELECT 1", "postgresql://nobody@127.0.0.1:1/shop", "The query fails"),
    ],
)
def test_what_can_not_be_asked_is_a_sentence(folder, query, database, said):
    (folder / "wrong.sql").write_text(query)
    with pytest.raises(TaglineError, match=said) as wrong:
        Origin("wrong.sql", folder, database).read()
    assert "nobody@" not in str(wrong.value)
    assert "secret" not in str(wrong.value)
    assert not (folder / "out.csv").exists()
    with duckdb.connect(str(folder / "shop.duckdb")) as shop:
        assert shop.sql("SELECT count(*) FROM orders").fetchall() == [(600,)]


PASSWORDS = (
    "postgresql://me:secret@h/d",
    "postgresql://h/d?user=me&password=secret",
    "postgresql://me:se#cret@h/d",
    "postgresql://me:se?cret@h/d",
    "postgresql://me:se/cret@h/d",
    "postgresql://me@h/d?sslpassword=secret",
    "host=h user=me password=secret",
)


@pytest.mark.parametrize("database", PASSWORDS)
def test_a_password_in_a_config_is_refused(database):
    with pytest.raises(ValidationError, match="holds a password") as wrong:
        TableSection(target="y", source="a.sql", database=database)
    assert "config is no place" in str(wrong.value)


ADDRESSES = (
    "postgresql://me:hunt@2hunter@localhost:1/db",
    "postgresql://me:hunt/er2@localhost/db",
    "postgresql://me:p%zzhunter@localhost/db",
    " POSTGRESQL://me:hunter2@localhost:1/db",
    "host=localhost user=me password=hunter2",
    "postgresql+psycopg2://me:hunter2@h/db",
    "hunter2.duckdb",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_a_variable_holds_is_not_shown(folder, address, monkeypatch):
    monkeypatch.setenv("SHOP", address)
    with pytest.raises(TaglineError) as wrong:
        Origin("orders.sql", folder, "$SHOP").read()
    assert "hunt" not in str(wrong.value)
    assert "$SHOP" in str(wrong.value)


def test_files_are_those_beside_the_query_wherever_somebody_stands(folder, monkeypatch):
    elsewhere = folder / "else, where"
    elsewhere.mkdir()
    for place, value in ((folder, 1), (elsewhere, 99)):
        (place / "numbers.csv").write_text(f"a\n{value}\n")
        (place / "numbers.sql").write_text("SELECT a FROM 'numbers.csv'")
    monkeypatch.chdir(elsewhere)
    assert Origin("numbers.sql", folder).read().frame["a"].tolist() == [1]
    monkeypatch.chdir(folder)
    assert Origin("numbers.sql", elsewhere).read().frame["a"].tolist() == [99]


def test_days_are_those_of_utc_wherever_it_runs(folder, monkeypatch):
    (folder / "days.sql").write_text("SELECT TIMESTAMPTZ '2024-01-01 23:00:00+00' :: DATE AS day")
    for zone in ("Asia/Tokyo", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        look_again()
        day = Origin("days.sql", folder).read().frame["day"].iloc[0]
        assert day == pd.Timestamp("2024-01-01")


def test_a_variable_s_file_lies_beside_the_config_too(folder, monkeypatch):
    (folder / "sql").mkdir()
    (folder / "sql" / "orders.sql").write_text("SELECT * FROM orders")
    monkeypatch.setenv("SHOP", "shop.duckdb")
    for named in ("shop.duckdb", "$SHOP"):
        assert len(Origin("sql/orders.sql", folder, named).read().frame) == 600


def test_types_of_a_database_are_read(folder):
    (folder / "types.sql").write_text(
        "SELECT * FROM (VALUES (1, 2)) AS t(a, b), (SELECT INTERVAL 90 MINUTE AS took, "
        "INTERVAL 14 MONTH AS age, 170141183460469231731687303715884105727::HUGEINT AS huge, "
        "12.50::DECIMAL(9, 2) AS price, uuid() AS key, TIME '08:30' AS clock, "
        "'x'::ENUM('x', 'y') AS word, [1, 2] AS list); /* that is all */ -- really"
    )
    found = Origin("types.sql", folder).read(strict=False)
    (row,) = found.frame.to_dict("records")
    assert (row["took"], row["price"], row["word"]) == (5400.0, 12.5, "x")
    assert row["age"] == (365.25 + 60) * 86_400
    assert row["clock"] == "08:30:00"
    assert len(row["key"]) == 36
    assert any(note.startswith("list holds list") for note in found.notes)
    with pytest.raises(TaglineError, match=r"^types.sql: Column 'list'"):
        Origin("types.sql", folder).read()


def test_a_query_in_other_letters_is_a_sentence(folder):
    (folder / "latin.sql").write_bytes("SELECT 'é' AS a".encode("latin-1"))
    with pytest.raises(TaglineError, match="not written in UTF-8"):
        Origin("latin.sql", folder).read()


def test_who_begins_anew_asks_anew(folder):
    (folder / "one.sql").write_text("SELECT count(*) AS a FROM orders")
    again = Origin("one.sql", folder, "shop.duckdb")
    assert again.read().frame["a"].tolist() == [600]
    with duckdb.connect(str(folder / "shop.duckdb")) as shop:
        shop.execute("DELETE FROM orders WHERE y = 1")
    assert again.read().frame["a"].tolist() == [600]  # what is kept is what was trained on
    look_again()
    assert again.read().frame["a"].tolist() < [600]
    (folder / "one.sql").write_text("SELECT 7 AS a")
    assert again.read().frame["a"].tolist() == [7]


def test_a_library_that_is_not_there_says_how_to_install_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    queries.look_again()
    with pytest.raises(TaglineError, match=r"not installed.*tagline\[sql\]"):
        Origin("files.sql", folder).read()
