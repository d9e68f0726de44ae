"""The segment that a process appends to: a record is in it, whole, before its answer leaves."""

import errno
import os
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tagline.errors import TaglineError
from tagline.prediction_log.frames import framed, frames
from tagline.storage.files import hold

OPEN, CLOSED, TABLE = ".open", ".log", ".parquet"


class NoRoom(TaglineError):
    """A record could not be written; nothing of it is left in the segment."""


@dataclass
class _File:
    """A file that is appended to.

    Attributes
    ----------
    path : Path
        ``NAME.open``.
    handle : int
        Its descriptor, locked.
    size : int
        Where its last whole record ends.
    records : int
        How many it has.
    begun : float
        When it was begun, by the monotonic clock.
    """

    path: Path
    handle: int
    size: int = 0
    records: int = 0
    begun: float = field(default_factory=time.monotonic)

    @classmethod
    def begin(cls, folder: Path) -> Self:
        """Make a file of a name of its own."""
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(3)}"
        path = folder / f"{name}{OPEN}"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as wrong:
            raise NoRoom(
                f"The log can not be begun: {wrong.strerror or wrong}.", where=str(folder)
            ) from wrong
        hold(handle)
        return cls(path, handle)

    def append(self, content: bytes, *, fsync: bool) -> None:
        """Write all of it, or nothing."""
        try:
            if os.write(self.handle, content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if fsync:
                os.fdatasync(self.handle)
        except OSError as wrong:
            os.ftruncate(self.handle, self.size)
            raise NoRoom(
                f"The log can not be written: {wrong.strerror or wrong}.",
                where=str(self.path),
                todo="Make room; predictions go on as soon as there is some.",
            ) from wrong
        self.size += len(content)
        self.records += 1

    def end(self) -> None:
        """Close it under its next name; an empty one is removed."""
        if self.size:
            self.path.rename(self.path.with_suffix(CLOSED))
        else:
            self.path.unlink(missing_ok=True)
        os.close(self.handle)


class Segment:
    """Appends records to a file of its own, and begins another where that is full or old.

    Parameters
    ----------
    folder : Path
        Where segments are kept.
    fsync : bool, optional
        Whether each record reaches the disk before `append` returns.
    max_bytes : int, optional
        Size at which another segment is begun.
    max_seconds : float, optional
        Age at which another one is begun, once there are records in this one.

    Notes
    -----
    While it is written to, a segment is called ``NAME.open`` and locked; then ``NAME.log``, until
    `tagline.prediction_log.tables.close` has made ``NAME.parquet`` of it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fsync: bool = False,
        max_bytes: int = 64_000_000,
        max_seconds: float = 300.0,
    ) -> None:
        self.folder, self.fsync = folder, fsync
        self.max_bytes, self.max_seconds = max_bytes, max_seconds
        self._lock, self._closed = threading.Lock(), False
        folder.mkdir(parents=True, exist_ok=True)
        self._file = _File.begin(folder)

    def append(self, record: bytes) -> None:
        """Write one record at the end.

        Raises
        ------
        NoRoom
            It can not be written, as on a full disk.
        """
        content = framed(record)
        with self._lock:
            if self._file.size and self._file.size + len(content) > self.max_bytes:
                self._begin_another()
            self._file.append(content, fsync=self.fsync)

    @property
    def held(self) -> int:
        """How many records are on this machine only: what its disk would take with it."""
        return self._file.records

    def roll(self, *, at_least: float | None = None) -> bool:
        """Begin another file, if this one has records and is old enough; tell whether it was."""
        with self._lock:
            age = time.monotonic() - self._file.begun
            # Whoever looks after segments may still be at it when the last one is closed.
            due = not self._closed and age >= (self.max_seconds if at_least is None else at_least)
            rolls = self._file.size > 0 and due
            if rolls:
                self._begin_another()
            return rolls

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            self._closed = True
            self._file.end()

    def _begin_another(self) -> None:
        # The next one first: without room for it, this one goes on.
        old, self._file = self._file, _File.begin(self.folder)
        old.end()


def recover(folder: Path) -> Iterator[tuple[Path, int, int]]:
    """Close the segments of processes that are gone.

    Yields
    ------
    path : Path
        The segment, now closed.
    torn : int
        How many bytes of a torn last record were cut off.
    damaged : int
        How many records before it are not what was written.
    """
    for path in sorted(folder.glob(f"*{OPEN}")):
        file = os.open(path, os.O_RDWR)
        try:
            if not hold(file, wait=False) or not path.exists():
                continue  # somebody writes to it, or has closed it meanwhile
            found = frames(path.read_bytes())
            os.ftruncate(file, found.sound)
            if found.sound:
                path.rename(path.with_suffix(CLOSED))
                yield path.with_suffix(CLOSED), found.torn, found.damaged
            else:
                path.unlink()
        finally:
            os.close(file)
