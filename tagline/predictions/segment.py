"""The segment that a process appends to: a record is in it, whole, before its answer leaves."""

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tagline.errors import TaglineError
from tagline.predictions.frames import HEAD, framed, frames

OPEN, CLOSED, TABLE = ".open", ".log", ".parquet"
EMPTY = 0


class NoRoom(TaglineError):
    """A record could not be written; nothing of it is left in the segment."""


class Segment:
    """Appends records to a file of its own, and begins another where that is full or old.

    Parameters
    ----------
    folder : Path
        Where segments are kept.
    fsync : bool, optional
        Whether each record reaches the disk before `append` returns.
    most_bytes : int, optional
        Size at which another segment is begun.
    most_seconds : float, optional
        Age at which another one is begun, once there are records in this one.

    Notes
    -----
    While it is written to, a segment is called ``NAME.open`` and locked; then ``NAME.log``, until
    `tagline.predictions.closing` has made ``NAME.parquet`` of it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fsync: bool = False,
        most_bytes: int = 64_000_000,
        most_seconds: float = 300.0,
    ) -> None:
        self.folder, self.fsync = folder, fsync
        self.most_bytes, self.most_seconds = most_bytes, most_seconds
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._begin()

    def append(self, record: bytes) -> None:
        """Write one record at the end.

        Raises
        ------
        NoRoom
            It can not be written, as on a full disk.
        """
        content = framed(record)
        with self._lock:
            if self._size + len(content) > self.most_bytes and self._size > EMPTY:
                self._roll()
            try:
                written = os.write(self._file, content)
                if written < len(content):
                    raise OSError(28, os.strerror(28))
                if self.fsync:
                    os.fdatasync(self._file)
            except OSError as wrong:
                os.ftruncate(self._file, self._size)
                raise NoRoom(
                    f"The log can not be written: {wrong.strerror or wrong}.",
                    where=str(self.path),
                    todo="Make room; predictions go on as soon as there is some.",
                ) from wrong
            self._size += written

    def roll(self, *, at_least: float | None = None) -> None:
        """Begin another segment, if this one has records and is old enough."""
        age = time.monotonic() - self._begun
        with self._lock:
            if self._size > EMPTY and age >= (self.most_seconds if at_least is None else at_least):
                self._roll()

    def close(self) -> None:
        """Write no more; an empty segment is removed."""
        with self._lock:
            self._end()

    def _begin(self) -> None:
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(3)}"
        self.path = self.folder / f"{name}{OPEN}"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            self._file = os.open(self.path, flags, 0o600)
        except OSError as wrong:
            raise NoRoom(
                f"The log can not be begun: {wrong.strerror or wrong}.", where=str(self.folder)
            ) from wrong
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._size, self._begun = EMPTY, time.monotonic()

    def _end(self) -> None:
        if self._size > EMPTY:
            self.path.rename(self.path.with_suffix(CLOSED))
        else:
            self.path.unlink(missing_ok=True)
        os.close(self._file)

    def _roll(self) -> None:
        # The next one first: without room for it, this one goes on.
        old, path, size = self._file, self.path, self._size
        self._begin()
        self._file, new = old, self._file
        self.path, new_path = path, self.path
        self._size = size
        self._end()
        self._file, self.path, self._size = new, new_path, EMPTY


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
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # somebody writes to it
        else:
            if not path.exists():
                continue
            found = frames(path.read_bytes())
            os.ftruncate(file, found.sound)
            if found.sound:
                path.rename(path.with_suffix(CLOSED))
                yield path.with_suffix(CLOSED), found.torn, found.damaged
            else:
                path.unlink()
        finally:
            os.close(file)


__all__ = ["CLOSED", "HEAD", "OPEN", "TABLE", "NoRoom", "Segment", "recover"]
