"""A table that a real PostgreSQL holds is the table that its file holds."""

import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from adbc_driver_postgresql import dbapi

from tagline.case.load import parse_case
from tagline.data import queries
from tagline.data.origins import Origin
from tagline.data.sources import put_sources, with_sources
from tagline.errors import TaglineError
from tests.pipeline import prepared, rows
from tests.postgres import PASSWORD, postgres

MADE = """CREATE TABLE orders AS SELECT id, at, size::numeric(12, 6) AS size, town, y,
'{"a": 1}'::json AS more, ARRAY[1, 2] AS list, gen_random_uuid() AS key, 1 / 3::numeric AS third,
interval '1 day 90 minutes' AS took
FROM given"""
pytestmark = pytest.mark.slow
QUERY = "SELECT id, at, size, town, y FROM orders WHERE town <> 'nowhere'\n-- all of them"


@pytest.fixture(scope="module")
def database():
    with (
        # A socket's path is short.
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        postgres(Path(folder)) as named,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("PGPASSWORD", PASSWORD)
        with dbapi.connect(named) as connection, connection.cursor() as cursor:
            given = rows(600).sample(frac=1, random_state=5)
            cursor.adbc_ingest("given", pa.Table.from_pandas(given, preserve_index=False))
            cursor.execute(MADE)
            connection.commit()
        yield named


@pytest.fixture
def folder(tmp_path):
    rows(600).to_parquet(tmp_path / "whole.parquet", index=False)
    (tmp_path / "orders.sql").write_text(QUERY)
    queries.look_again()
    return tmp_path


def config(source, database=None):
    more = f"database = {database!r}\n" if database else ""
    table = f'source = "{source}"\n{more}id = "id"\ntime = "at"\ntarget = "y"\n'
    return f'name = "small"\ntitle = "?"\n[table]\n{table}[search]\nfolds = 1\n'


def test_the_inputs_are_those_of_the_file(folder, database):
    expected, _ = prepared(parse_case(config("whole.parquet"), file=str(folder / "c.toml")))
    case = parse_case(config("orders.sql", database), file=str(folder / "c.toml"))
    found, _ = prepared(case)
    assert found.matrix == expected.matrix
    kept = put_sources(case)
    (folder / "orders.sql").write_text("SELECT nothing FROM nowhere")
    again, _ = prepared(with_sources(case, kept, as_it_was=True))
    assert again.matrix == expected.matrix


def test_the_same_rows_are_the_same_table_whatever_they_are_called(folder, database, monkeypatch):
    query = "SELECT v AS asked, v * 2 AS w FROM (VALUES {}) AS t(v)"
    found = []
    for order in ("(3), (1), (2)", "(2), (3), (1)"):
        (folder / "some.sql").write_text(query.format(order))
        found.append(Origin("some.sql", folder, database).read().frame["asked"].tolist())
    assert found == [[1, 2, 3], [1, 2, 3]]
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    queries.look_again()
    (folder / "day.sql").write_text("SELECT '2024-01-01 23:00+00'::timestamptz::date AS day")
    day = Origin("day.sql", folder, database).read().frame["day"].iloc[0]
    assert day.day == 1


def test_what_has_no_order_and_what_is_a_list_are_read_or_told(folder, database):
    (folder / "all.sql").write_text("SELECT * FROM orders")
    found = Origin("all.sql", folder, database).read(strict=False)
    assert len(found.frame) == 600
    assert found.frame["key"].str.fullmatch("[0-9a-f-]{36}").all()
    assert found.frame["took"].eq(91_800.0).all()
    assert found.frame["more"].eq('{"a": 1}').all()
    assert found.frame["third"].astype(float).round(6).eq(0.333333).all()
    assert any(note.startswith("list holds list") for note in found.notes)


@pytest.mark.parametrize(
    "query", ["DELETE FROM orders RETURNING *", "SELECT 1); DROP TABLE orders --"]
)
def test_nothing_is_changed(folder, database, query):
    (folder / "wrong.sql").write_text(query)
    with pytest.raises(TaglineError, match="The query fails"):
        Origin("wrong.sql", folder, database).read()
    assert len(Origin("orders.sql", folder, database).read().frame) == 600


def test_a_wrong_password_is_a_sentence_without_it(folder, database, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "another-secret")
    queries.look_again()
    with pytest.raises(TaglineError, match=r"does not let in: password authentication") as wrong:
        Origin("orders.sql", folder, database).read()
    assert "another-secret" not in str(wrong.value)
