"""Files as they are: CSV and Parquet, read whole or not at all, nothing guessed."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tagline.case.config import UTF_8
from tagline.columns.arrow import Unreadable, is_readable, of_arrow
from tagline.data.sampling import Sample
from tagline.errors import TaglineError
from tagline.names import near

SEPARATORS = (",", ";", "\t", "|")
QUOTED = re.compile(r'"[^"]*"')
MOST_LETTERS = 1_000_000  # of a first line
ROW_INDEX = "__index_level_0__"
LOOKED_AT = 10_000  # rows


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
    unreadable : dict of str to str
        Columns of lists, bytes and the like, which are left out, and what each holds.
    not_read : int
        Rows that no sample was to have.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    not_read: int = 0


def read_file(
    path: Path,
    *,
    encoding: str = UTF_8,
    exclude: Sequence[str] = (),
    strict: bool = True,
    sample: Sample | None = None,
) -> File:
    """Read a CSV or Parquet file whole, or not at all.

    Parameters
    ----------
    path : Path
        Ends in ``.csv``, ``.csv.gz`` or ``.parquet``.
    encoding : str, optional
        How the bytes of a CSV are letters.
    exclude : sequence of str, optional
        Columns that nobody wants, whatever they hold.
    strict : bool, optional
        Whether a column that holds bytes or lists is refused, and not left out.
    sample : Sample, optional
        Which rows are read, a part of the file after the other; all where None.

    Raises
    ------
    TaglineError
        There is no such file, it ends too early or is no such file, two columns have one name, a
        column has none, or holds bytes or lists.
    """
    with _readable(path, encoding):
        if sample is None:
            table, rows = _whole(path, encoding), 0
        else:
            table, rows = _sampled(path, encoding, sample)
    return replace(_framed(table, path, exclude, strict), not_read=max(0, rows - table.num_rows))


def rows_of(path: Path, *, encoding: str = UTF_8) -> tuple[int, int]:
    """Count the rows of a file, and about what they take as Arrow holds them, without keeping any.

    Raises
    ------
    TaglineError
        As `read_file`.
    """
    with _readable(path, encoding):
        if _kind(path) == ".parquet":
            file = pa.parquet.ParquetFile(path)
            rows = file.metadata.num_rows
            # Values that repeat take a bit each on the disk, and all their bytes as they are read.
            first = next(file.iter_batches(batch_size=LOOKED_AT), None)
            return rows, int(first.nbytes / first.num_rows * rows) if first else 0
        rows = size = 0
        for part in parts_of(path, encoding=encoding):
            rows, size = rows + part.num_rows, size + part.nbytes
        return rows, size


@contextmanager
def _readable(path: Path, encoding: str) -> Iterator[None]:
    """Say in a sentence why a file can not be read."""
    if _kind(path) not in (".csv", ".parquet"):
        raise TaglineError(f"Neither CSV nor Parquet: {path.name!r}.", where=str(path))
    if not path.is_file():
        raise TaglineError("There is no such file.", where=str(path))
    try:
        yield
    except UnicodeError as wrong:
        raise _not_encoded(path, encoding, str(wrong)) from wrong
    except (pa.ArrowException, OSError) as wrong:
        reason = str(wrong).splitlines()[0]
        if "invalid UTF8" in reason:
            raise _not_encoded(path, encoding, reason) from wrong
        if "Empty CSV" in reason:
            raise TaglineError("The file is empty.", where=str(path)) from wrong
        raise TaglineError(
            f"The file can not be read whole: {reason}",
            where=str(path),
            todo="It may be truncated; fetch it again.",
        ) from wrong


def _whole(path: Path, encoding: str) -> pa.Table:
    return _csv(path, encoding) if _kind(path) == ".csv" else _parquet(path)


def _sampled(path: Path, encoding: str, sample: Sample) -> tuple[pa.Table, int]:
    rows, kept = 0, []
    for part in parts_of(path, encoding=encoding):
        rows += part.num_rows
        kept.append(sample.of(part))
    return pa.concat_tables(kept) if kept else _whole(path, encoding), rows


def parts_of(path: Path, *, encoding: str = UTF_8) -> Iterator[pa.Table]:
    """Read a file a part after the other, in its order."""
    if _kind(path) == ".parquet":
        _expect_distinct(pa.parquet.read_schema(path).names, path)
        before = 0
        for batch in pa.parquet.ParquetFile(path).iter_batches():
            yield _with_index(pa.Table.from_batches([batch]), before=before)
            before += batch.num_rows
        return
    with pa.csv.open_csv(path, **_as_text(path, encoding)) as opened:
        for batch in opened:
            yield pa.Table.from_batches([batch])


def _kind(path: Path) -> str:
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    return kind.lower()


def columns_of(path: Path, *, encoding: str = UTF_8) -> list[str]:
    """Name the columns of a CSV or Parquet file, of which nothing else is read."""
    if _kind(path) == ".parquet":
        return list(pa.parquet.read_schema(path).names)
    options = pa.csv.ReadOptions(encoding=encoding)
    parsing = pa.csv.ParseOptions(delimiter=separator(path, encoding), newlines_in_values=True)
    with pa.csv.open_csv(path, read_options=options, parse_options=parsing) as opened:
        return list(opened.schema.names)


def _csv(path: Path, encoding: str) -> pa.Table:
    return pa.csv.read_csv(path, **_as_text(path, encoding))


def _as_text(path: Path, encoding: str) -> dict[str, Any]:
    """Give how a CSV is read: all of it as text."""
    options = pa.csv.ReadOptions(encoding=encoding)
    # A line break between quotes may lie where the reader would part its blocks.
    parsing = pa.csv.ParseOptions(delimiter=separator(path, encoding), newlines_in_values=True)
    # The reader would decide by a column's first block what it holds.
    with pa.csv.open_csv(path, read_options=options, parse_options=parsing) as opened:
        names = opened.schema.names
    _expect_distinct(names, path)
    converting = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.large_string()),
        strings_can_be_null=True,
        null_values=[""],
    )
    return {"read_options": options, "parse_options": parsing, "convert_options": converting}


def separator(path: Path, encoding: str) -> str:
    """Find what parts the columns of a CSV: what its first line has most of, a comma in doubt."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding=encoding, errors="replace", newline="") as file:
        line = QUOTED.sub("", file.readline(MOST_LETTERS))
    return max(SEPARATORS, key=line.count)


def _parquet(path: Path) -> pa.Table:
    names = pa.parquet.read_schema(path).names
    _expect_distinct(names, path)
    return _with_index(pa.parquet.ParquetFile(path).read())


def _with_index(table: pa.Table, *, before: int = 0) -> pa.Table:
    # pandas keeps an index that counts evenly as three numbers beside the table.
    for index in (table.schema.pandas_metadata or {}).get("index_columns", ()):
        if isinstance(index, dict) and index.get("name") is not None:
            counted = range(index["start"], index["stop"], index["step"])
            counted = counted[before : before + table.num_rows]
            table = table.add_column(0, str(index["name"]), pa.array(counted, pa.int64()))
    return table


def _framed(table: pa.Table, path: Path, exclude: Sequence[str], strict: bool) -> File:
    for name in (name for name in exclude if name not in table.column_names):
        raise TaglineError(
            f"Missing column {name!r}{near(name, table.column_names)}, which is to be left out.",
            where=str(path),
        )
    kept = [name for name in table.column_names if name not in exclude]
    if strict:
        return _named(File(frame_of(table.select(kept), where=str(path))), path)
    lost = {
        name: f"holds {table.schema.field(name).type}, which is neither number, text, time nor flag"
        for name in kept
        if not is_readable(table.schema.field(name).type)
    }
    frame = frame_of(table.select([name for name in kept if name not in lost]), where=str(path))
    notes = tuple(f"{name} {why}: left out" for name, why in lost.items())
    return _named(File(frame, notes, lost), path)


def frame_of(table: pa.Table, *, where: str) -> pd.DataFrame:
    """Give a table of Arrow as a frame; see `tagline.columns.arrow.of_arrow`.

    Raises
    ------
    TaglineError
        A column holds bytes, lists or the like.
    """
    return pd.DataFrame(
        {name: _series(table.column(name), name, where) for name in table.column_names}
    )


def _series(column: pa.ChunkedArray, name: str, where: str) -> pd.Series:
    try:
        return of_arrow(column).rename(name)
    except Unreadable as wrong:
        raise TaglineError(
            f"Column {name!r} {wrong}.",
            where=where,
            todo="Leave it out with table.exclude, or write what it means as columns.",
        ) from wrong


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
            file.unreadable,
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
        todo="Write it as UTF-8, or name its encoding, such as 'latin-1' or 'utf-16': "
        "table.encoding, or --encoding of `tagline new`.",
    )


def without_texts(frame: pd.DataFrame, missing: Sequence[str]) -> pd.DataFrame:
    """Take some texts for no value, in every column of text."""
    if not missing:
        return frame
    texts = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name].dtype)]
    gaps = {name: frame[name].where(~frame[name].isin(list(missing))) for name in texts}
    return frame.assign(**gaps)
