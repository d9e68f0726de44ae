"""A table that a SQL query gives: of DuckDB, which reads files too, or of PostgreSQL.

What it gives is written to Parquet in parts, so that no table has to fit in memory, and asked for
once in a process: what is trained on and what is kept are the same rows. They come in an order of
their own, so that the same rows make the same table however a database feels that day.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tagline.errors import TaglineError
from tagline.storage.files import while_running

POSTGRES = ("postgresql://", "postgres://")
ROWS_AT_ONCE = 100_000
ENDS = re.compile(r";[;\s]*(?:--[^\n]*\s*)*\Z")  # what follows the query: remarks
INSTALL = "pip install 'tagline[sql]', or in a checkout: {} -r requirements/sql.txt".format(
    ".venv/bin/uv pip install --require-hashes"
)


@cache
def answered(query: Path, database: str | None) -> Path:
    """Ask a query, and give a Parquet file of its rows.

    Parameters
    ----------
    query : Path
        A file with one query, which ends in ``.sql``.
    database : str or None
        A file of DuckDB's, ``postgresql://...``, or ``$NAME``: a variable that holds one of
        these. Where None, DuckDB without a file of its own, for queries of files beside it.

    Raises
    ------
    TaglineError
        There is no such file, variable, library or database, or the query fails.
    """
    asked = _text(query)
    where = _named(database)
    ask = _of_postgres if where and where.startswith(POSTGRES) else _of_duckdb
    path = while_running() / f"{query.stem}-{abs(hash((query, database))):x}.parquet"
    try:
        with ask(asked, where, query.parent) as reader:
            plain = _plain(reader.schema.empty_table()).schema
            with pq.ParquetWriter(path, plain) as to:
                for batch in reader:
                    to.write_table(_plain(pa.Table.from_batches([batch])))
    except (ImportError, TaglineError):
        raise
    # Whatever a database says is wrong.
    except Exception as wrong:
        raise TaglineError(
            f"The query fails: {_said(wrong, where)}.",
            where=f"table.source: {query.name}",
            todo="Try it in the database's own shell.",
        ) from None
    return path


def _plain(part: pa.Table) -> pa.Table:
    """Give as text what a database has own types for: decimals of any length, UUIDs, JSON."""
    for place, field in enumerate(part.schema):
        if isinstance(field.type, pa.BaseExtensionType):
            texts = pa.chunked_array([_texts(part.column(place))], pa.large_string())
            part = part.set_column(place, field.name, texts)
    return part


def _texts(column: pa.ChunkedArray) -> pa.Array:
    given = column.combine_chunks()
    if isinstance(given, pa.ChunkedArray):
        given = pa.concat_arrays(given.chunks) if given.num_chunks else pa.array([], given.type)
    if isinstance(given.type, pa.UuidType):
        given = pa.array([None if each is None else str(each) for each in given.to_pylist()])
    stored = given.storage if isinstance(given, pa.ExtensionArray) else given
    return stored.cast(pa.large_string())


def _text(query: Path) -> str:
    if not query.is_file():
        raise TaglineError("There is no such file.", where=str(query))
    asked = ENDS.sub("", query.read_text(encoding="utf-8")).strip()
    if not asked:
        raise TaglineError("The file holds no query.", where=str(query))
    return asked


def _named(database: str | None) -> str | None:
    if not (database and database.startswith("$")):
        return database
    found = os.environ.get(database[1:])
    if not found:
        raise TaglineError(
            f"The variable {database[1:]} is not set.",
            where="table.database",
            todo=f"export {database[1:]}=postgresql://...",
        )
    return found


def _said(wrong: Exception, database: str | None) -> str:
    """Give the first line of what a database says, without where it is: that may hold a key."""
    line = next(iter(str(wrong).strip().splitlines()), type(wrong).__name__)
    return (line.replace(database, "the database") if database else line).rstrip(".")


def _imported(load: Callable[[], Any], what: str) -> Any:
    try:
        return load()
    except ImportError:
        raise TaglineError(
            f"Queries of {what} need a library that is not installed.",
            where="table.source",
            todo=INSTALL,
        ) from None


@contextmanager
def _of_duckdb(asked: str, database: str | None, beside: Path) -> Iterator[pa.RecordBatchReader]:
    duckdb = _imported(lambda: __import__("duckdb"), "DuckDB")
    file = beside / database if database else None
    if file is not None and not file.is_file():
        raise TaglineError("There is no such file.", where=f"table.database: {file}")
    opened = duckdb.connect(str(file) if file else ":memory:", read_only=file is not None)
    with opened as connection:
        connection.execute("SET file_search_path = ?", [str(beside)])
        ordered = f"SELECT * FROM (\n{asked}\n) ORDER BY ALL"  # noqa: S608 - a person's own query
        yield connection.sql(ordered).to_arrow_reader(ROWS_AT_ONCE)


@contextmanager
def _of_postgres(asked: str, database: str | None, _: Path) -> Iterator[pa.RecordBatchReader]:
    def load() -> Any:
        import adbc_driver_postgresql.dbapi as postgres  # noqa: PLC0415 - only who asks it

        return postgres

    postgres = _imported(load, "PostgreSQL")
    with postgres.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        # Some types know no order, and every row has a text.
        by_text = 'ORDER BY asked::text COLLATE "C"'
        cursor.execute(f"SELECT * FROM (\n{asked}\n) AS asked {by_text}")  # noqa: S608 - as above
        yield cursor.fetch_record_batch()
