"""Files that others read: whole or not there, and by one process at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".unfinished-"  # what a folder or file is called, at its beginning, until it is whole


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
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    aside.write_bytes(content.encode() if isinstance(content, str) else content)
    if mode is not None:
        aside.chmod(mode)
    aside.replace(path)


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
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with path.open("wb") as file:
        try:
            fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
