"""A table that a SQL query gives: of DuckDB, which reads files too, or of PostgreSQL.

What it gives is written to Parquet in parts, so that no table has to fit in memory, and asked for
once until somebody looks again: what is trained on and what is kept are the same rows. They come in
an order of their own, so that the same rows make the same table however a database feels that day.

Where a database is may hold a password: nothing that is said shows it.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tagline.errors import TaglineError
from tagline.storage.files import while_running

POSTGRES = ("postgresql://", "postgres://")
ADDRESS = re.compile(r"^[\w+.-]+://|\b(host|hostaddr|user|password|dbname)\s*=", re.IGNORECASE)
ROWS_AT_ONCE = 100_000
# What follows the query: remarks.
ENDS = re.compile(r";(?:[;\s]|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*\Z", re.DOTALL)
INSTALL = (
    "pip install 'tagline[sql]', or in a checkout: .venv/bin/uv pip install --require-hashes "
    "-r requirements/sql.txt"
)
# Of what libpq says as it connects, which may repeat parts of a password.
REFUSALS = (
    "password authentication failed",
    "no password supplied",
    "Connection refused",
    "timeout expired",
    "could not translate host name",
    "does not exist",
    "no pg_hba.conf entry",
    "SSL",
)
MONTH, YEAR, DAY = 30 * 86_400, 365.25 * 86_400, 86_400  # seconds, as PostgreSQL counts them
# Whatever a role or this machine has: the same rows are the same table.
SESSION = (
    "SET TRANSACTION READ ONLY",
    "SET LOCAL TIME ZONE 'UTC'",
    "SET LOCAL DateStyle = 'ISO'",
    "SET LOCAL IntervalStyle = 'postgres'",
)
_number = count(1)


def fetch(query: Path, database: str | None, *, beside: Path | None = None) -> Path:
    """Ask a query, and give a Parquet file of its rows.

    Parameters
    ----------
    query : Path
        A file with one query, which ends in ``.sql``.
    database : str or None
        A file of DuckDB's, ``postgresql://...``, or ``$NAME``: a variable that holds one of
        these. Where None, DuckDB without a file of its own, for queries of files beside it.
    beside : Path, optional
        The folder that a file of DuckDB's is named relative to; the query's.

    Raises
    ------
    TaglineError
        There is no such file, variable, library or database, or the query fails.
    """
    where = _named(database)
    if where and not where.startswith(POSTGRES):
        where = str((beside or query.parent) / where)
    return _fetched(_text(query), where, database or "", query)


def look_again() -> None:
    """Forget what queries gave: who begins anew asks anew."""
    _fetched.cache_clear()


@cache
def _fetched(asked: str, database: str | None, shown: str, query: Path) -> Path:
    ask = _of_postgres if database and database.startswith(POSTGRES) else _of_duckdb
    path = while_running() / f"{query.stem}-{next(_number)}.parquet"
    try:
        with ask(asked, database, shown, query) as reader:
            plain = _plain(reader.schema.empty_table()).schema
            with pq.ParquetWriter(path, plain) as to:
                for batch in reader:
                    to.write_table(_plain(pa.Table.from_batches([batch])))
    except TaglineError:
        raise
    # Whatever a database says is wrong with a query; of where it is it says nothing any more.
    except Exception as wrong:
        line = next(iter(str(wrong).strip().splitlines()), type(wrong).__name__)
        raise TaglineError(
            f"The query fails: {line.rstrip('.')}.",
            where=f"table.source: {query.name}",
            todo="Try it in the database's own shell.",
        ) from None
    return path


def _plain(part: pa.Table) -> pa.Table:
    """Give as text what a database has own types for: decimals of any length, UUIDs, JSON.

    Lengths of time become seconds.
    """
    for place, field in enumerate(part.schema):
        if isinstance(field.type, pa.BaseExtensionType):
            made = pa.chunked_array([_texts(part.column(place))], pa.large_string())
        elif field.type == pa.month_day_nano_interval():
            made = pa.chunked_array([_seconds(part.column(place))], pa.float64())
        else:
            continue
        part = part.set_column(place, field.name, made)
    return part


def _texts(column: pa.ChunkedArray) -> pa.Array:
    given = column.combine_chunks()
    if isinstance(given, pa.ChunkedArray):
        given = pa.concat_arrays(given.chunks) if given.num_chunks else pa.array([], given.type)
    if isinstance(given.type, pa.UuidType):
        given = pa.array([None if each is None else str(each) for each in given.to_pylist()])
    stored = given.storage if isinstance(given, pa.ExtensionArray) else given
    return stored.cast(pa.large_string())


def _seconds(column: pa.ChunkedArray) -> pa.Array:
    given = column.to_pylist()
    return pa.array([None if each is None else _of_interval(each) for each in given], pa.float64())


def _of_interval(given: Any) -> float:
    years, months = divmod(given.months, 12)
    return float(years * YEAR + months * MONTH + given.days * DAY + given.nanoseconds / 1e9)


def _text(query: Path) -> str:
    if not query.is_file():
        raise TaglineError("There is no such file.", where=str(query))
    try:
        asked = ENDS.sub("", query.read_text(encoding="utf-8-sig")).strip()
    except UnicodeDecodeError as wrong:
        raise TaglineError(
            f"The query is not written in UTF-8: {wrong.reason}.", where=str(query)
        ) from None
    if not asked:
        raise TaglineError("The file holds no query.", where=str(query))
    return asked


def _named(database: str | None) -> str | None:
    """Give where a database is: what a variable holds, or what is named."""
    if database is None or not database.startswith("$"):
        found = database
    else:
        found = os.environ.get(database[1:])
        if not found:
            raise TaglineError(
                f"The variable {database[1:]} is not set.",
                where="table.database",
                todo=f"export {database[1:]}=postgresql://...",
            )
    if found is None or not ADDRESS.search(found.strip()):
        return found
    scheme, _, rest = found.strip().partition("://")
    if f"{scheme.lower()}://" not in POSTGRES:
        raise TaglineError(
            "It is no address that can be asked.",
            where=f"table.database: {database if str(database).startswith('$') else scheme}",
            todo="Write postgresql://user@host/name, or name a file of DuckDB's.",
        )
    return f"{scheme.lower()}://{rest}"


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
def _of_duckdb(
    asked: str, database: str | None, shown: str, query: Path
) -> Iterator[pa.RecordBatchReader]:
    duckdb = _imported(lambda: __import__("duckdb"), "DuckDB")
    file = Path(database) if database else None
    if file is not None and not file.is_file():
        raise TaglineError("There is no such file.", where=f"table.database: {shown}")
    ordered = f"SELECT * FROM (\n{asked}\n) ORDER BY ALL"  # noqa: S608 - a person's own query
    statements = duckdb.extract_statements(ordered)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise TaglineError("A file holds one query, and nothing else.", where="table.source")
    opened = duckdb.connect(str(file) if file else ":memory:", read_only=file is not None)
    # DuckDB looks for files where the process is.
    with chdir(query.parent), opened as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = connection.sql(asked).columns
        _expect_distinct(names)
        yield connection.sql(ordered).to_arrow_reader(ROWS_AT_ONCE)


def _expect_distinct(names: Sequence[str]) -> None:
    twice = [name for name in names if list(names).count(name) > 1]
    if twice:
        raise TaglineError(
            f"More than one column is called {twice[0]!r}.",
            where="table.source",
            todo="Give each a name of its own in the query: SELECT a.x, b.x AS other_x.",
        )


@contextmanager
def _of_postgres(
    asked: str, database: str | None, shown: str, _: Path
) -> Iterator[pa.RecordBatchReader]:
    def load() -> Any:
        import adbc_driver_postgresql.dbapi as postgres  # noqa: PLC0415 - only who asks it

        return postgres

    postgres = _imported(load, "PostgreSQL")
    try:
        opened = postgres.connect(database)
    except Exception as wrong:
        said = next((each for each in REFUSALS if each in str(wrong)), "it can not be reached")
        raise TaglineError(
            f"The query fails: the database does not let in: {said}.",
            where=f"table.database: {shown if shown.startswith('$') else 'postgresql'}",
            todo="Look at the address, and at PGPASSWORD or ~/.pgpass.",
        ) from None
    with opened as connection, connection.cursor() as cursor:
        for line in SESSION:
            cursor.execute(line)
        # Some types know no order, and every row has a text.
        by_text = 'ORDER BY (asked_row.*)::text COLLATE "C"'
        cursor.execute(f"SELECT * FROM (\n{asked}\n) AS asked_row {by_text}")  # noqa: S608
        yield cursor.fetch_record_batch()
