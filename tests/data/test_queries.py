"""A table that a query gives is the table that its file holds."""

import sys

import duckdb
import pandas as pd
import pytest
from pydantic import ValidationError

from tagline.case.config import TableSection
from tagline.case.load import parse_case
from tagline.data import queries
from tagline.data.origins import Origin
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
    again, _ = prepared(with_sources(moved, put_sources(case)))
    assert again.matrix == expected.matrix


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


@pytest.mark.parametrize(
    ("query", "database", "said"),
    [
        ("SELECT * FROM orderz", "shop.duckdb", r"The query fails: Catalog Error.*orderz"),
        ("DROP TABLE orders", "shop.duckdb", "The query fails"),
        ("SELECT 1 AS a; DROP TABLE orders", "shop.duckdb", "The query fails"),
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
    with duckdb.connect(str(folder / "shop.duckdb")) as shop:
        assert shop.sql("SELECT count(*) FROM orders").fetchall() == [(600,)]


def test_a_password_in_a_config_is_refused():
    for database in ("postgresql://me:secret@h/d", "postgresql://h/d?user=me&password=secret"):
        with pytest.raises(ValidationError, match="holds a password") as wrong:
            TableSection(target="y", source="a.sql", database=database)
        assert "config is no place" in str(wrong.value)


def test_a_library_that_is_not_there_says_how_to_install_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    queries.answered.cache_clear()
    with pytest.raises(TaglineError, match=r"not installed.*tagline\[sql\]"):
        Origin("files.sql", folder).read()
