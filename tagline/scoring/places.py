"""Where rows come from and answers go: a folder, a file, or a prefix of S3."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from tagline.errors import TaglineError

PARQUET = ".parquet"  # as every table is called
PIECE = 1 << 24


@dataclass(frozen=True)
class Place:
    """A folder or a prefix.

    Attributes
    ----------
    files : FileSystem
        Arrow's way to it.
    path : str
        The path there.
    said : str
        As it was named.
    """

    files: fs.FileSystem
    path: str
    said: str

    @classmethod
    def of(cls, named: str) -> "Place":
        """Find a place by its name: a path, or ``s3://bucket/prefix``.

        Raises
        ------
        TaglineError
            It is another kind of address.
        """
        if "://" not in named:
            return cls(fs.LocalFileSystem(), str(Path(named).expanduser().absolute()), named)
        if not named.startswith("s3://"):
            raise TaglineError(
                "Rows are in a folder, a file or under s3://bucket/prefix.", where=named
            )
        # As boto3 names another endpoint than Amazon's.
        names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
        endpoint = next((os.environ[name] for name in names if os.environ.get(name)), None)
        region = os.environ.get("AWS_DEFAULT_REGION")
        files = fs.S3FileSystem(endpoint_override=endpoint, region=region)
        return cls(files, named.removeprefix("s3://").rstrip("/"), named)

    @property
    def is_remote(self) -> bool:
        """Whether it is on S3."""
        return not isinstance(self.files, fs.LocalFileSystem)

    def within(self, name: str) -> str:
        """Give the path of something in it."""
        return str(PurePosixPath(self.path) / name)

    def read(self, name: str) -> bytes | None:
        """Read a small file; None where it is not there."""
        try:
            with self.files.open_input_stream(self.within(name)) as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all."""
        with _Whole(self, name) as path, self.files.open_output_stream(path) as stream:
            stream.write(content)

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a table as Parquet, whole or not at all."""
        with _Whole(self, name) as path:
            # Numbers seldom repeat: looking for those that do costs more than it saves.
            texts = [name for name in table.column_names if not _is_number(table[name].type)]
            pq.write_table(
                table, path, compression="snappy", use_dictionary=texts, filesystem=self.files
            )

    def tables(self, *columns: str) -> Iterator[pa.Table]:
        """Read some columns of every table that was written here."""
        chosen = fs.FileSelector(self.path, recursive=False, allow_not_found=True)
        for each in sorted(self.files.get_file_info(chosen), key=lambda info: str(info.path)):
            if each.path.endswith(PARQUET):
                yield pq.read_table(each.path, columns=list(columns), filesystem=self.files)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


class _Whole:
    """A file that gets its name once it is written; S3 shows none before."""

    def __init__(self, place: Place, name: str) -> None:
        self.place, self.target = place, place.within(name)
        aside = f"{self.target}.{uuid4().hex}.tmp"
        self.path = self.target if place.is_remote else aside

    def __enter__(self) -> str:
        if not self.place.is_remote:
            self.place.files.create_dir(str(PurePosixPath(self.target).parent), recursive=True)
        return self.path

    def __exit__(self, kind: object, *_: object) -> None:
        if self.path == self.target:
            return
        if kind is None:
            self.place.files.move(self.path, self.target)
        elif self.place.files.get_file_info(self.path).type == fs.FileType.File:
            self.place.files.delete_file(self.path)


@dataclass(frozen=True)
class Source:
    """A Parquet file of rows.

    Attributes
    ----------
    place : Place
        Where it is.
    path : str
        Its path there.
    known_as : str
        Named by its path and content: a file that was written anew is another one.
    """

    place: Place
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
            with self.place.files.open_input_file(self.path) as stream:
                yield from pq.ParquetFile(stream).iter_batches(rows)
        except pa.ArrowInvalid as wrong:
            raise TaglineError(f"The file can not be read: {wrong}.", where=self.path) from wrong


def sources(place: Place) -> list[Source]:
    """List the Parquet files of a place, in the order of their names.

    Raises
    ------
    TaglineError
        There is none.
    """
    info = place.files.get_file_info(place.path)
    listed = [info]
    if info.type != fs.FileType.File:
        chosen = fs.FileSelector(place.path, recursive=True, allow_not_found=True)
        listed = place.files.get_file_info(chosen)
    found = sorted(
        (each for each in listed if each.is_file and _is_table(each.path, place.path)),
        key=lambda each: str(each.path),
    )
    if not found:
        raise TaglineError(
            "There is no Parquet file.", where=place.said, todo="Name a file, or a folder of some."
        )
    return [Source(place, each.path, _known_as(place, each.path)) for each in found]


def _is_table(path: str, root: str) -> bool:
    # As Spark and Hive have it: what begins with _ or . is unfinished, or somebody's notes.
    inside = PurePosixPath(path).parts[len(PurePosixPath(root).parts) :]
    return path.endswith(PARQUET) and not any(each.startswith(("_", ".")) for each in inside)


def _known_as(place: Place, path: str) -> str:
    digest = hashlib.sha256(f"{path}\n".encode())
    with place.files.open_input_stream(path) as stream:
        while part := stream.read(PIECE):
            digest.update(part)
    return digest.hexdigest()[:20]
