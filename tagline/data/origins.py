"""Where a table comes from: files, a folder of them, S3, a SQL query, or a Python function."""

import fnmatch
import hashlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tagline import paths
from tagline.case.config import UTF_8, Case, is_query
from tagline.errors import TaglineError
from tagline.names import near
from tagline.storage.files import write_whole
from tagline.storage.location import open_store

if TYPE_CHECKING:
    import pandas as pd

    from tagline.data.files import File
    from tagline.data.sampling import Sample

FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
PATTERN = re.compile(r"[*?\[]")
ENDINGS = (".csv", ".csv.gz", ".parquet")
MEGABYTE = 1_000_000
FEW = MEGABYTE  # bytes, of which nobody runs out of memory
UNPACKED = 20  # times the bytes of what is packed, at the most
S3 = "s3://"
SHOWN = 5


@dataclass(frozen=True)
class Origin:
    """Where a table comes from.

    Attributes
    ----------
    named : str
        As a config has it.
    beside : Path
        The folder that names are relative to: the config's.
    database : str or None
        Whom a query asks; see `tagline.data.queries`.
    """

    named: str
    beside: Path
    database: str | None = None

    @property
    def is_function(self) -> bool:
        """Whether it is ``module:function``."""
        return bool(FUNCTION.fullmatch(self.named)) and not (self.beside / self.named).exists()

    @property
    def is_query(self) -> bool:
        """Whether it is a file with a SQL query."""
        return is_query(self.named)

    @property
    def file(self) -> Path | None:
        """The one file that it is; None where it is something else."""
        if self.named.startswith(S3) or self.is_function or self.is_query:
            return None
        path = (self.beside / self.named).resolve()
        if path.is_dir() or (PATTERN.search(self.named) and not path.is_file()):
            return None
        return path

    @property
    def is_here(self) -> bool:
        """Whether this machine has it, as far as one can tell without reading it."""
        if self.named.startswith(S3):
            return True
        if self.is_query:
            return (self.beside / self.named).is_file()
        if self.is_function:
            paths.look_beside(str(self.beside.resolve()))
            return importlib.util.find_spec(self.named.partition(":")[0]) is not None
        return self.file.exists() if self.file is not None else bool(self._local())

    def read(
        self,
        *,
        encoding: str = UTF_8,
        exclude: Sequence[str] = (),
        strict: bool = True,
        most: int | None = None,
        by: Sequence[str] = (),
        memory: int | None = None,
    ) -> "File":
        """Read the table whole, or not at all; files one after the other, by their names.

        Parameters
        ----------
        encoding, exclude, strict
            See `tagline.data.files.read_file`.
        most : int, optional
            About how many rows are read of a table that has more.
        by : sequence of str, optional
            The columns that say which; see `tagline.data.sampling.Sample`.
        memory : int, optional
            Bytes that a training may take; what is free on this machine where None.

        Raises
        ------
        TaglineError
            There is nothing, a file can not be read, files have other columns than the first, or
            there is no room for all rows and `most` does not say how many are wanted.
        """
        # Whoever only asks where a table is needs no library of tables.
        from tagline.data.files import columns_of, read_file  # noqa: PLC0415

        if self.is_function:
            return _told(self._called(exclude, most, by), by)
        files = self._files()
        sample = self._sample(files, encoding, most, by, memory)
        how: dict[str, Any] = {"encoding": encoding, "strict": strict, "sample": sample}
        if self.is_query:
            with _said_of(self.named):
                return _told(read_file(files[0], exclude=exclude, **how), by)
        if len(files) == 1:
            return _told(read_file(files[0], exclude=exclude, **how), by)
        names = {each: columns_of(each, encoding=encoding) for each in files}
        _expect_there(exclude, list(dict.fromkeys(chain(*names.values()))), self.named)
        read = [
            read_file(each, exclude=[name for name in exclude if name in names[each]], **how)
            for each in files
        ]
        joined = _joined(files, read, self.named)
        # A pattern says itself what is wanted.
        over = () if PATTERN.search(self.named) else _passed_over(files)
        return _told(replace(joined, notes=(*joined.notes, *over)), by)

    def _sample(
        self,
        files: Sequence[Path],
        encoding: str,
        most: int | None,
        by: Sequence[str],
        memory: int | None,
    ) -> "Sample | None":
        """Say which rows are read; None for all of them."""
        from tagline.data.sampling import Sample, expect_room, free  # noqa: PLC0415 - as `read`

        there = free() if memory is None else memory
        if most is None and self._is_small(files, there, few=FEW if memory is None else 0):
            return None
        rows, size = _extent(files, encoding)
        if most is None or rows <= most:
            expect_room(size, rows, memory=there, where=self.named)
            return None
        expect_room(size * most // rows, most, memory=there, where=self.named)
        return Sample(most / rows, tuple(by))

    def most(self, *, encoding: str = UTF_8, memory: int | None = None) -> int | None:
        """Give how many rows there is memory for, as for `read`; None where that is all."""
        from tagline.data.sampling import free, rows_with_room  # noqa: PLC0415 - as `read`

        if self.is_function:
            return None
        there, files = free() if memory is None else memory, self._files()
        if self._is_small(files, there, few=FEW if memory is None else 0):
            return None
        rows, size = _extent(files, encoding)
        room = rows_with_room(size, rows, memory=there)
        return None if room >= rows else room

    def _is_small(self, files: Sequence[Path], memory: int, *, few: int) -> bool:
        """Tell whether there is room for a table, whatever is in it."""
        from tagline.data.sampling import BASE, TIMES  # noqa: PLC0415 - as `read`

        packed = sum(
            each.stat().st_size * (1 if each.suffix.lower() == ".csv" else UNPACKED)
            for each in files
            if each.is_file()
        )
        return BASE + 2 * TIMES * packed < memory or packed < few

    def _files(self) -> list[Path]:
        if self.file is not None and not (self.file.suffix or self.file.exists()):
            raise TaglineError("There is no such file or folder.", where=self.named)
        if self.file is not None:
            return [self.file]
        if self.is_query:
            from tagline.data.queries import fetch  # noqa: PLC0415 - only who asks one

            query = (self.beside / self.named).resolve()
            return [fetch(query, self.database, beside=self.beside.resolve())]
        found = self._fetched() if self.named.startswith(S3) else self._local()
        if not found:
            raise TaglineError(
                "There is no CSV or Parquet file.",
                where=self.named,
                todo="Folders below are not looked at. Name a file, a folder, or a pattern such as "
                "'orders/*.parquet'.",
            )
        return found

    def _local(self) -> list[Path]:
        if PATTERN.search(self.named):
            above, pattern = _parted(self.named)
            return sorted(each for each in (self.beside / above).glob(pattern) if _is_table(each))
        folder = (self.beside / self.named).resolve()
        return (
            sorted(each for each in folder.iterdir() if _is_table(each)) if folder.is_dir() else []
        )

    def _fetched(self) -> list[Path]:
        above, _, last = self.named.rstrip("/").rpartition("/")
        pattern = PATTERN.search(last) is not None
        if PATTERN.search(above):
            raise TaglineError(
                "On S3 only the last part of a name may be a pattern.",
                where=self.named,
                todo="Name a file, a prefix, or a pattern such as s3://bucket/orders/2024-*.csv.",
            )
        alone = last.lower().endswith(ENDINGS) and not pattern
        store = open_store(above if alone or pattern else self.named, any_name=True)
        names = [last] if alone else [each.name for each in store.listing("")]
        wanted = fnmatch.filter(names, last) if pattern else names
        kept = sorted(each for each in wanted if _is_table(PurePosixPath(each)))
        return [self._at_hand(name, store.read(name)) for name in kept]

    def _at_hand(self, name: str, content: bytes | None) -> Path:
        if content is None:
            raise TaglineError("There is no such file.", where=f"{self.named}: {name}")
        digest = hashlib.sha256(content).hexdigest()
        path = paths.cache() / "sources" / digest[:20] / PurePosixPath(name).name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        return path

    def _called(self, exclude: Sequence[str], most: int | None, by: Sequence[str]) -> "File":
        import pandas as pd  # noqa: PLC0415 - as `read`

        from tagline.data.files import File  # noqa: PLC0415
        from tagline.data.sampling import Sample  # noqa: PLC0415 - as `read`

        module, _, name = self.named.partition(":")
        paths.look_beside(str(self.beside.resolve()))
        # Whatever a person's own module raises.
        try:
            function = getattr(importlib.import_module(module), name)
        except Exception as wrong:
            raise TaglineError(
                f"It can not be imported: {type(wrong).__name__}: {wrong}.",
                where=f"table.source: {self.named}",
                todo=f"Put {module}.py beside the config, with a function {name}() that gives a "
                "pandas frame.",
            ) from wrong
        try:
            frame = _once(function)
        except Exception as wrong:
            raise TaglineError(
                f"It fails: {type(wrong).__name__}: {wrong}.", where=f"table.source: {self.named}"
            ) from wrong
        if not isinstance(frame, pd.DataFrame):
            raise TaglineError(
                f"{self.named} gives {type(frame).__name__}, and no pandas frame.",
                where="table.source",
            )
        whole = with_index(frame)
        _expect_there(exclude, list(map(str, whole.columns)), self.named)
        rows = len(whole)
        if most is not None and rows > most:
            columns = {str(name): whole[name] for name in whole}
            kept = Sample(most / rows, tuple(by)).keeps(columns)
            whole = whole[kept].reset_index(drop=True)
        return File(whole.drop(columns=list(exclude)), not_read=rows - len(whole))


def _extent(files: Sequence[Path], encoding: str) -> tuple[int, int]:
    """Count the rows, and about what they take in memory, in bytes."""
    from tagline.data.files import rows_of  # noqa: PLC0415 - as `Origin.read`

    counts = [rows_of(each, encoding=encoding) for each in files]
    return sum(rows for rows, _ in counts), sum(size for _, size in counts)


def _expect_there(exclude: Sequence[str], names: Sequence[str], where: str) -> None:
    for name in (name for name in exclude if name not in names):
        raise TaglineError(
            f"Missing column {name!r}{near(name, names)}, which is to be left out.", where=where
        )


@cache
def _once(function: Callable[[], Any]) -> Any:
    """Call a function once in a process: what is trained on and what is kept are the same rows."""
    return function()


def with_index(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Give a frame whose index, where it has names, is columns of it."""
    named = [each for each in frame.index.names if each is not None and each not in frame]
    whole = frame.reset_index(level=named) if named else frame
    return whole.reset_index(drop=True)


def _parted(named: str) -> tuple[str, str]:
    """Part a pattern into the folder before its first sign, and the rest."""
    parts = PurePosixPath(named).parts
    first = next(place for place, each in enumerate(parts) if PATTERN.search(each))
    return str(PurePosixPath(*parts[:first])), str(PurePosixPath(*parts[first:]))


def _is_table(path: Path | PurePosixPath) -> bool:
    # As Spark and Hive have it: what begins with _ or . is unfinished, or somebody's notes.
    return path.name.lower().endswith(ENDINGS) and not path.name.startswith(("_", "."))


def _joined(files: Sequence[Path], read: Sequence["File"], named: str) -> "File":
    import pandas as pd  # noqa: PLC0415 - as `Origin.read`

    from tagline.columns.values import as_text  # noqa: PLC0415 - as `Origin.read`
    from tagline.data.files import File  # noqa: PLC0415

    names = list(read[0].frame.columns)
    for file, each in zip(files[1:], read[1:], strict=True):
        more = [name for name in each.frame.columns if name not in names]
        less = [name for name in names if name not in each.frame.columns]
        if more or less:
            raise TaglineError(
                f"{file.name} {_differs(more, less, names)}, unlike {files[0].name}.",
                where=named,
                todo="Give all files the same columns, or leave out what only some have with "
                "table.exclude.",
            )
    frames = [each.frame[names] for each in read]
    mixed = [name for name in names if len({_is_text(each[name]) for each in frames}) > 1]
    # What one file has as text and another as numbers is text, as it would be in one file.
    frames = [each.assign(**{n: as_text(each[n]) for n in mixed}) for each in frames]
    frame = pd.concat(frames, ignore_index=True)
    notes = dict.fromkeys(note for each in read for note in each.notes)
    lost = {name: why for each in read for name, why in each.unreadable.items()}
    not_read = sum(each.not_read for each in read)
    return File(frame, (f"{len(files):,} files, {len(frame):,} rows", *notes), lost, not_read)


@contextmanager
def _said_of(named: str) -> Iterator[None]:
    """Say of a query what is wrong with the file that keeps what it gave."""
    try:
        yield
    except TaglineError as wrong:
        raise TaglineError(wrong.what, where=named, todo=wrong.todo) from wrong


def look_again() -> None:
    """Forget what functions and queries gave: who begins anew reads anew."""
    _once.cache_clear()
    if (queries := sys.modules.get("tagline.data.queries")) is not None:
        queries.look_again()


def _passed_over(files: Sequence[Path]) -> tuple[str, ...]:
    """Say how many files of a folder are no tables: none of them is read."""
    folder = files[0].parent
    others = sum(each.is_file() and not _is_table(each) for each in folder.iterdir())
    named = f"{others:,} other file{'s' if others > 1 else ''} of {folder.name}"
    why = "no CSV or Parquet, or its name begins with _ or ."
    return (f"{named} {'are' if others > 1 else 'is'} not read: {why}",) if others else ()


def _is_text(values: "pd.Series") -> bool:
    # A column without any value says nothing of what it holds.
    return bool(values.dtype == "str" and values.notna().any())


def _told(file: "File", by: Sequence[str]) -> "File":
    if not file.not_read:
        return file
    rows, named = len(file.frame), " and ".join(by) or "all that a row holds"
    if not rows:
        raise TaglineError(
            f"None of {file.not_read:,} rows would be read: {named} has too few different values.",
            where="table.max_rows",
            todo="Leave it out, name more rows, or leave split.group out.",
        )
    note = f"{rows:,} of {rows + file.not_read:,} rows are read (table.max_rows), by {named}"
    return replace(file, notes=(*file.notes, note))


def _differs(more: Sequence[str], less: Sequence[str], names: Sequence[str]) -> str:
    if more:
        return f"has a column {more[0]!r}{near(more[0], names)}"
    return f"has no column {', '.join(map(repr, less[:SHOWN]))}"


def never_read(case: Case) -> list[str]:
    """Name the columns of a case's own table that are left out as it is read."""
    # What keeps rows together need not be an input.
    return [name for name in case.table.exclude if name != case.split.group]


def bounds(case: Case, named: str) -> dict[str, Any]:
    """Say how much of a table of a case is read, and how, for `Origin.read`."""
    memory = case.resources.memory_mb
    said: dict[str, Any] = {
        "encoding": case.table.encoding,
        "memory": None if memory is None else memory * MEGABYTE,
    }
    if named == case.table.source:
        by = tuple(filter(None, [case.split.group or case.table.id]))
        said |= {"most": case.table.max_rows, "by": by}
    return said


def with_all_rows(case: Case) -> Case:
    """Let a case read all rows of its table where there is memory for them.

    Who looks for what came true of each answer needs more than the sample that a training reads.
    """
    if case.table.max_rows is None or case.table.source is None:
        return case
    said = bounds(case, case.table.source)
    origin = origin_of(case, case.table.source)
    if origin.most(encoding=said["encoding"], memory=said["memory"]) is not None:
        return case
    return case.model_copy(update={"table": case.table.model_copy(update={"max_rows": None})})


def origin_of(case: Case, named: str) -> Origin:
    """Find what a config names, relative to itself."""
    return Origin(named, Path(case.file).parent, case.table.database)
