"""Files of this machine: whole or not there, and held by one process at a time."""

import atexit
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

UNFINISHED = ".unfinished-"  # what a folder or file is called, at its beginning, until it is whole
NOW = ".now-"


def write_whole(path: Path, content: str | bytes, *, mode: int | None = None) -> None:
    """Write a file aside and rename it, so that nobody reads a part of it.

    Parameters
    ----------
    path : Path
        Its folder is made where it is missing.
    content : str or bytes
        All of it.
    mode : int, optional
        Who may read it, from its first byte on under its name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{UNFINISHED}{os.getpid()}-{path.name}")
    aside.write_bytes(content.encode() if isinstance(content, str) else content)
    if mode is not None:
        aside.chmod(mode)
    aside.replace(path)


def create_whole(path: Path, content: bytes, *, mode: int) -> bool:
    """Write a file where none is; tell whether it did. Nobody reads a part of it."""
    aside = path.with_name(f"{UNFINISHED}{uuid4().hex}")
    try:
        write_new(aside, content, mode=mode)
        os.link(aside, path)
    except FileExistsError:
        return False
    finally:
        # What can not be removed is read by nobody.
        with suppress(OSError):
            aside.unlink()
    return True


def write_new(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Write a file that is not there yet, down to the disk.

    Raises
    ------
    FileExistsError
        There is one.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)


def flush(path: Path) -> None:
    """Bring a file's bytes, or the names in a folder, down to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Make a folder that is whole or not there; it stays as it is where another was first.

    Yields
    ------
    Path
        Where to write what it has; at the end that is renamed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch(target.parent) as aside:
        made = aside / target.name
        made.mkdir()
        yield made
        flush(made)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():
                raise
        flush(target.parent)


def leftovers(folder: Path) -> Iterator[Path]:
    """Give what writers left in a folder that were killed, or are still at it."""
    for each in sorted(folder.rglob(".*")):
        if each.name.startswith((UNFINISHED, NOW)):
            yield each


@contextmanager
def scratch(beside: Path | None = None) -> Iterator[Path]:
    """Give a folder for a while: inside another one, or where the system keeps such."""
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=beside) as folder:
        yield Path(folder)


@cache
def while_running() -> Path:
    """Give a folder that is removed when this process ends."""
    kept = ExitStack()
    atexit.register(kept.close)
    return kept.enter_context(scratch())


@contextmanager
def locked(path: Path, *, wait: bool = True, shared: bool = False) -> Iterator[bool]:
    """Hold a lock file, which ends with the process; give whether it is held.

    Parameters
    ----------
    path : Path
        The lock file.
    wait : bool, optional
        Whether to wait until it is free; else it may be somebody else's, and is then not held.
    shared : bool, optional
        Whether others may hold it at the same time who share it too: for who only asks.
    """
    with path.open("wb") as file:
        yield hold(file.fileno(), wait=wait, shared=shared)


def hold(handle: int, *, wait: bool = True, shared: bool = False) -> bool:
    """Lock an open file until it is closed or `let_go`; tell whether it is held."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(handle, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def let_go(handle: int) -> None:
    """Unlock an open file."""
    fcntl.flock(handle, fcntl.LOCK_UN)


def now_of(folder: Path) -> float:
    """Give the time by the clock that dates the files of a folder, which may be another machine's.

    Parameters
    ----------
    folder : Path
        It is there; where it can not be written, nothing of it can be deleted either, and it is
        this machine's clock.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=NOW) as file:
            return os.fstat(file.fileno()).st_mtime
    except OSError:
        return time.time()
