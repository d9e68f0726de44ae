"""Files as they are: CSV and Parquet, read whole or not at all, nothing guessed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from tagline.errors import TaglineError
from tagline.names import near

ROW_INDEX = "__index_level_0__"
UTF_8 = "utf-8"


@dataclass(frozen=True)
class File:
    """A table as its file has it.

    Attributes
    ----------
    frame : DataFrame of shape (rows, columns)
        Text of a CSV as text; what a Parquet file says of its types is kept: whole numbers with
        all their bits, flags and whole numbers with gaps as boolean and Int64, days as times.
    notes : tuple of str
        What a person should know of how it was read.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


def read_file(path: Path, *, encoding: str = UTF_8, exclude: Sequence[str] = ()) -> File:
    """Read a CSV or Parquet file whole, or not at all.

    Parameters
    ----------
    path : Path
        Ends in ``.csv``, ``.csv.gz`` or ``.parquet``.
    encoding : str, optional
        How the bytes of a CSV are letters.
    exclude : sequence of str, optional
        Columns that nobody wants, whatever they hold.

    Raises
    ------
    TaglineError
        There is no such file, it ends too early or is no such file, two columns have one name, a
        column has none, or holds bytes or lists.
    """
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if kind not in (".csv", ".parquet"):
        raise TaglineError(f"Neither CSV nor Parquet: {path.name!r}.", where=str(path))
    if not path.is_file():
        raise TaglineError("There is no such file.", where=str(path))
    try:
        table = _csv(path, encoding) if kind == ".csv" else _parquet(path)
    except UnicodeError as wrong:
        raise _not_encoded(path, encoding, str(wrong)) from wrong
    except (pa.ArrowException, OSError) as wrong:
        reason = str(wrong).splitlines()[0]
        if "invalid UTF8" in reason:
            raise _not_encoded(path, encoding, reason) from wrong
        raise TaglineError(
            f"The file can not be read whole: {reason}",
            where=str(path),
            todo="It may be truncated; fetch it again.",
        ) from wrong
    return _framed(table, path, exclude)


def _csv(path: Path, encoding: str) -> pa.Table:
    options = pa.csv.ReadOptions(encoding=encoding)
    # All as text: the reader would decide by a column's first block what it holds.
    with pa.csv.open_csv(path, read_options=options) as opened:
        names = opened.schema.names
    _expect_distinct(names, path)
    return pa.csv.read_csv(
        path,
        read_options=options,
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            strings_can_be_null=True,
            null_values=[""],
        ),
    )


def _parquet(path: Path) -> pa.Table:
    names = pa.parquet.read_schema(path).names
    _expect_distinct(names, path)
    return _with_index(pa.parquet.ParquetFile(path).read())


def _with_index(table: pa.Table) -> pa.Table:
    # pandas keeps an index that counts evenly as three numbers beside the table.
    for index in (table.schema.pandas_metadata or {}).get("index_columns", ()):
        if isinstance(index, dict) and index.get("name") is not None:
            counted = range(index["start"], index["stop"], index["step"])
            table = table.add_column(0, str(index["name"]), pa.array(counted, pa.int64()))
    return table


def _framed(table: pa.Table, path: Path, exclude: Sequence[str]) -> File:
    for name in (name for name in exclude if name not in table.column_names):
        raise TaglineError(
            f"Missing column {name!r}{near(name, table.column_names)}, which is to be left out.",
            where=str(path),
        )
    kept = [name for name in table.column_names if name not in exclude]
    columns = {name: _series(table.column(name), name, path) for name in kept}
    return _named(File(pd.DataFrame(columns)), path)


def _series(column: pa.ChunkedArray, name: str, path: Path) -> pd.Series:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return _plain(column, column.type, name, path).rename(name)


def _plain(column: pa.ChunkedArray, kind: pa.DataType, name: str, path: Path) -> pd.Series:
    if pa.types.is_null(kind) or _is_text(kind) or pa.types.is_time(kind):
        return _pandas(column.cast(pa.large_string())).astype("str")
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return _with_gaps(column)
    if pa.types.is_floating(kind):
        return _pandas(column.cast(pa.float64()))
    if pa.types.is_decimal(kind):
        return _decimals(column, kind)
    if pa.types.is_timestamp(kind):
        return _pandas(column)
    if pa.types.is_date(kind):
        return _pandas(column.cast(pa.timestamp("s" if pa.types.is_date32(kind) else "ms")))
    if pa.types.is_duration(kind):
        seconds: pd.Series = _pandas(column).dt.total_seconds()
        return seconds
    raise TaglineError(
        f"Column {name!r} holds {kind}, which is neither number, text, time nor flag.",
        where=str(path),
        todo="Leave it out with table.exclude, or write what it means as columns.",
    )


def _pandas(column: pa.ChunkedArray) -> pd.Series:
    found: pd.Series = column.to_pandas()
    return found


def _is_text(kind: pa.DataType) -> bool:
    return bool(kind in (pa.string(), pa.large_string(), pa.string_view()))


def _with_gaps(column: pa.ChunkedArray) -> pd.Series:
    # By way of a mask, because pandas would take whole numbers with gaps for doubles.
    lacking = column.is_null().to_numpy()
    flags = pa.types.is_boolean(column.type)
    whole = column.fill_null(False if flags else 0).to_numpy()
    if not column.null_count:
        return pd.Series(whole)
    array = pd.arrays.BooleanArray if flags else pd.arrays.IntegerArray
    return pd.Series(array(whole, lacking))


def _decimals(column: pa.ChunkedArray, kind: pa.Decimal128Type) -> pd.Series:
    if kind.scale <= 0:
        try:
            return _with_gaps(column.cast(pa.int64()))
        except pa.ArrowInvalid:
            return _pandas(column)
    # By way of text, because Arrow's own way to doubles is not always the nearest one.
    return _pandas(pc.cast(column.cast(pa.string()), pa.float64()))


def _named(file: File, path: Path) -> File:
    unnamed = [(at, name) for at, name in enumerate(file.frame) if name in ("", ROW_INDEX)]
    for place, name in unnamed:
        if not _counts_rows(file.frame[name], place=place):
            raise TaglineError(
                f"Column {place + 1} has no name.",
                where=str(path),
                todo="Give it one in the file's first line.",
            )
        message = f"column {place + 1} has no name and numbers the rows"
        file = File(
            file.frame.drop(columns=name),
            (*file.notes, f"{message}, as pandas writes its index: left out"),
        )
    return file


def _counts_rows(values: pd.Series, *, place: int) -> bool:
    if values.name == "" and place:
        return False
    texts = values.astype("str")
    return bool(texts.str.fullmatch(r"\d+").all()) and texts.is_unique


def _expect_distinct(names: Sequence[str], path: Path) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        named = ", ".join(
            f"{name!r} (columns {_places(names, name)})" if name else _places(names, name)
            for name in twice
        )
        raise TaglineError(
            f"More than one column has the same name: {named}.",
            where=str(path),
            todo="Give each its own in the file.",
        )


def _places(names: Sequence[str], wanted: str) -> str:
    return " and ".join(str(place + 1) for place, name in enumerate(names) if name == wanted)


def _not_encoded(path: Path, encoding: str, reason: str) -> TaglineError:
    return TaglineError(
        f"The file is not written in {encoding}: {reason.rstrip('.')}.",
        where=str(path),
        todo="Write it as UTF-8, or name its encoding with table.encoding, such as 'latin-1'.",
    )


def without_texts(file: File, missing: Sequence[str]) -> File:
    """Take some texts for no value, in every column of text."""
    if not missing:
        return file
    frame = file.frame
    texts = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name].dtype)]
    gaps = {name: frame[name].where(~frame[name].isin(list(missing))) for name in texts}
    return replace(file, frame=frame.assign(**gaps))
