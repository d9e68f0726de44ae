"""Where rows come from and answers go: a folder, a file, or a prefix of S3."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from tagline.errors import TaglineError
from tagline.storage.contract import Store
from tagline.storage.location import open_store

PARQUET = ".parquet"  # as every table is called
PIECE = 1 << 24


@dataclass(frozen=True)
class Place:
    """A folder or a prefix.

    Attributes
    ----------
    store : Store
        Where it is.
    folder : str
        Its name in there; empty for all of it.
    said : str
        As it was named.
    """

    store: Store
    folder: str
    said: str

    @classmethod
    def of(cls, named: str) -> "Place":
        """Find a place by its name: a path, or ``s3://bucket/prefix``.

        Raises
        ------
        TaglineError
            It is another kind of address.
        """
        _expect_reachable(named)
        return cls(open_store(named), "", named)

    def within(self, name: str) -> str:
        """Give the name of something in it."""
        return f"{self.folder}/{name}" if self.folder else name

    def read(self, name: str) -> bytes | None:
        """Read a small file; None where it is not there."""
        return self.store.read(self.within(name))

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all."""
        self.store.write(self.within(name), content)

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a table as Parquet, whole or not at all."""
        # Numbers seldom repeat: looking for those that do costs more than it saves.
        texts = [name for name in table.column_names if not _is_number(table[name].type)]
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="snappy", use_dictionary=texts)
        self.write(name, buffer.getvalue())

    def tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Read some columns, or all, of every table that was written directly here."""
        depth = self.within("x").count("/")
        for each in self.store.listing(self.folder):
            if each.name.endswith(PARQUET) and each.name.count("/") == depth:
                with self.store.open(each.name) as file:
                    yield pq.read_table(file, columns=columns)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


@dataclass(frozen=True)
class Source:
    """A Parquet file of rows.

    Attributes
    ----------
    store : Store
        Where it is.
    name : str
        Its name there.
    path : str
        Where that is, for people.
    known_as : str
        Named by its path and content: a file that was written anew is another one.
    """

    store: Store
    name: str
    path: str
    known_as: str

    def batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        """Give its rows, some at a time.

        Raises
        ------
        TaglineError
            It is no Parquet file.
        """
        try:
            with self.store.open(self.name) as stream:
                yield from pq.ParquetFile(stream).iter_batches(rows)
        except pa.ArrowInvalid as wrong:
            raise TaglineError(f"The file can not be read: {wrong}.", where=self.path) from wrong


def sources(named: str) -> list[Source]:
    """List the Parquet files of a place, in the order of their names.

    Parameters
    ----------
    named : str
        A file, a folder, or ``s3://bucket/prefix``; names may be any.

    Raises
    ------
    TaglineError
        There is none.
    """
    _expect_reachable(named)
    above, _, last = named.rstrip("/").rpartition("/")
    alone = open_store(above or ("/" if named.startswith("/") else "."), any_name=True)
    if last.lower().endswith(PARQUET) and alone.size(last) is not None:
        return [_source(alone, last)]
    store = open_store(named, any_name=True)
    found = [each.name for each in store.listing("") if _is_table(each.name)]
    if not found:
        raise TaglineError(
            "There is no Parquet file.", where=named, todo="Name a file, or a folder of some."
        )
    return [_source(store, name) for name in found]


def _expect_reachable(named: str) -> None:
    if "://" in named and not named.startswith("s3://"):
        raise TaglineError("Rows are in a folder, a file or under s3://bucket/prefix.", where=named)


def _is_table(name: str) -> bool:
    # As Spark and Hive have it: what begins with _ or . is unfinished, or somebody's notes.
    parts = PurePosixPath(name).parts
    return name.lower().endswith(PARQUET) and not any(each.startswith(("_", ".")) for each in parts)


def _source(store: Store, name: str) -> Source:
    path = f"{store.where.removeprefix('s3://').rstrip('/')}/{name}"
    digest = hashlib.sha256(f"{path}\n".encode())
    with store.open(name) as stream:
        while part := stream.read(PIECE):
            digest.update(part)
    return Source(store, name, path, digest.hexdigest()[:20])
