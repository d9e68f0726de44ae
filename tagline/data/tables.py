"""Raw tables: load them, check that they are whole."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from tagline.case.config import Case
from tagline.columns.infer import counted, recognise
from tagline.columns.kind import How
from tagline.columns.kinds import Kind
from tagline.columns.values import read
from tagline.data.features import Features
from tagline.data.files import File, without_texts
from tagline.data.origins import bounds, origin_of
from tagline.errors import TaglineError
from tagline.names import near


def load_tables(case: Case, features: Features) -> dict[str, pd.DataFrame]:
    """Load a case's raw tables, with the files that the config names in their stead.

    Raises
    ------
    TaglineError
        A file is missing, truncated or of an unknown kind, a table is empty, or lacks a column.
    """
    # Whatever the files of the config stand in for is not loaded.
    whole = case.table.source is None and bool(features.tables)
    stand_in = whole and set(features.tables) <= set(case.table.files)
    tables = {} if stand_in else dict(features.load())
    for name, file in case.table.files.items():
        if name not in tables and not (stand_in and name in features.tables):
            raise TaglineError(
                f"{features.module} has no table {name!r}{near(name, tables)}.",
                where=f"{case.file}: table.files",
            )
        tables[name] = read_table(case, file)
    for name, columns in features.tables.items():
        require_columns(tables[name], columns, where=f"table {name!r} of {features.module}")
    for name, table in tables.items():
        if table.empty:
            raise TaglineError("The table is empty.", where=f"table {name!r} of {features.module}")
    return tables


def read_raw(case: Case, named: str, *, exclude: Sequence[str] = (), strict: bool = True) -> File:
    """Read a table of a case as it is; see `tagline.data.origins`."""
    file = origin_of(case, named).read(exclude=exclude, strict=strict, **bounds(case, named))
    return replace(file, frame=without_texts(file.frame, case.table.missing))


def read_table(
    case: Case,
    named: str,
    *,
    kinds: Mapping[str, Kind] = MappingProxyType({}),
    formats: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """Read a file for a feature module, each column in the type of what it holds.

    Whole numbers are Int64 where some are missing, so that they keep all their bits; times that
    bear no zone are on the clocks of the case's. `kinds` and `formats` go before the table's.

    Raises
    ------
    TaglineError
        As `tagline.data.files.read_file` and `tagline.columns.infer.guess`.
    """
    frame = read_raw(case, named).frame
    asked, written = {**case.table.kinds, **kinds}, {**case.table.formats, **formats}
    return pd.DataFrame(
        {n: _typed(case, frame[n], asked.get(n), written.get(n)) for n in map(str, frame)}
    )


def _typed(case: Case, values: pd.Series, kind: Kind | None, written: str | None) -> pd.Series:
    held = recognise(values, kind=kind, format=written)
    if held.kind == "number":
        whole = read(values, "integer")
        if not whole.unread.any():
            return whole.series
    found = read(values, held.kind, How(held.format, case.timezone))
    if found.unread.any():
        raise TaglineError(
            f"Some values are not what the others are: {counted(values, found, held)}.",
            where="the case's files",
            todo="Say what they mean with table.missing, or what the column is with table.kinds.",
        )
    return found.series


def require_columns(table: pd.DataFrame, columns: tuple[str, ...], *, where: str) -> None:
    """Refuse a table that lacks a column.

    Raises
    ------
    TaglineError
        Names the missing columns, and the columns that may have been renamed.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        named = ", ".join(f"{column!r}{near(column, table.columns)}" for column in missing)
        raise TaglineError(f"Missing column {named}.", where=where)
