"""Raw tables: read them, check that they are whole, and know them again."""

import difflib
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tagline.case.config import Case
from tagline.data.features import Features, Tables
from tagline.errors import TaglineError


def load_tables(case: Case, features: Features) -> dict[str, pd.DataFrame]:
    """Load a case's raw tables, with the files that the config names in their stead.

    Raises
    ------
    TaglineError
        A file is missing, truncated or of an unknown kind, a table is empty, or lacks a column.
    """
    tables = dict(features.load())
    for name, file in case.table.files.items():
        if name not in tables:
            raise TaglineError(
                f"{features.module} has no table {name!r}{near(name, tables)}.",
                where=f"{case.file}: table.files",
            )
        tables[name] = read_table(case.beside(file))
    for name, columns in features.tables.items():
        require_columns(tables[name], columns, where=f"table {name!r} of {features.module}")
    for name, table in tables.items():
        if table.empty:
            raise TaglineError("The table is empty.", where=f"table {name!r} of {features.module}")
    return tables


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet file whole, or not at all.

    Raises
    ------
    TaglineError
        There is no such file, it ends too early, or it is neither CSV nor Parquet.
    """
    readers = {".csv": pa.csv.read_csv, ".parquet": pa.parquet.read_table}
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if kind not in readers:
        raise TaglineError(f"Neither CSV nor Parquet: {path.name!r}.", where=str(path))
    if not path.is_file():
        raise TaglineError("There is no such file.", where=str(path))
    try:
        table: pa.Table = readers[kind](path)
    except (pa.ArrowException, OSError) as wrong:
        reason = str(wrong).splitlines()[0]
        raise TaglineError(
            f"The file can not be read whole: {reason}",
            where=str(path),
            todo="It may be truncated; fetch it again.",
        ) from wrong
    frame: pd.DataFrame = table.to_pandas()
    return frame


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


def near(name: str, names: object) -> str:
    """Suggest what may have been meant, as `` (is it 'x'?)``; empty where nothing is near."""
    candidates = [str(each) for each in names]  # type: ignore[attr-defined]
    found = difflib.get_close_matches(name, candidates, n=1)
    return f" (is it {found[0]!r}?)" if found else ""


def fingerprint(tables: Tables) -> str:
    """Give the SHA-256 of tables' names, columns and values, whatever their order of columns.

    Returns
    -------
    str
        Hexadecimal digest; the same for the same values on any machine.
    """
    digest = hashlib.sha256()
    for name in sorted(tables):
        digest.update(f"table {name} {len(tables[name])}\n".encode())
        for column in sorted(map(str, tables[name].columns)):
            digest.update(f"column {column}\n".encode())
            digest.update(_column_bytes(tables[name][column]))
    return digest.hexdigest()


def _column_bytes(column: pd.Series) -> bytes:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.astype("int64")
    numeric = pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(
        column.dtype
    )
    values = (
        column.to_numpy(dtype=np.float64, na_value=np.nan)
        if numeric
        else pd.util.hash_pandas_object(column.astype("str"), index=False).to_numpy()
    )
    return np.ascontiguousarray(values).tobytes()
