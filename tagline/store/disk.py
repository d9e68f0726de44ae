"""A ledger's contents as files: linked to their names once they are whole on the disk."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from tagline.clock import now_of
from tagline.errors import TaglineError
from tagline.files import UNFINISHED
from tagline.store.contract import HIDDEN, check_name, check_object, check_probe

READ_ONLY = 0o444


class Disk:
    """A store in a folder; see `tagline.store.contract.Store`.

    Parameters
    ----------
    folder : Path
        Made when something is first written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.probed = False

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.folder)

    def create(self, name: str, content: bytes) -> bool:
        """Write a content that is not there yet."""
        target = self._path(name)
        try:
            folders = self._made(target.parent)
            created = _placed(content, target)
        except OSError as wrong:
            raise self._unwritable(wrong, "Nothing was written.") from wrong
        try:
            for folder in folders:
                _flush(folder)
        except OSError as wrong:
            raise self._unwritable(
                wrong, "It is not known whether it lasts; run the command again."
            ) from wrong
        return created or self.read(name) == content

    def read(self, name: str) -> bytes | None:
        """Give a content, None where there is nothing of that name."""
        path = self._path(name)
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as wrong:
            raise _unreadable(wrong, path) from wrong

    def read_all(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """Give the contents of many names, in their order."""
        return map(self.read, names)

    def children(self, folder: str) -> list[str]:
        """Give the names directly inside a folder, sorted."""
        path = self._path(folder) if folder else self.folder
        try:
            return sorted(each.name for each in path.iterdir() if not each.name.startswith(HIDDEN))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as wrong:
            raise _unreadable(wrong, path) from wrong

    def etags(self, folder: str) -> dict[str, str]:
        """Give an etag of each content directly inside a folder: of its file, not of its bytes."""
        path = self._path(folder) if folder else self.folder
        try:
            with os.scandir(path) as inside:
                return {
                    each.name: _etag(each.stat())
                    for each in inside
                    if not each.name.startswith(HIDDEN) and each.is_file()
                }
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as wrong:
            raise _unreadable(wrong, path) from wrong

    def etag_of(self, content: bytes) -> str:  # noqa: ARG002 - a file's etag is not of its bytes
        """Give nothing: only the file system knows."""
        return ""

    def size(self, name: str) -> int | None:
        """Give the length of a content, None where there is nothing of that name."""
        path = self._path(name)
        try:
            return path.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as wrong:
            raise _unreadable(wrong, path) from wrong

    def holds(self, name: str, content: bytes) -> bool:
        """Tell whether a name holds this very content."""
        return self.size(name) == len(content) and self.read(name) == content

    def touch(self, name: str) -> None:
        """Make a content young."""
        try:
            os.utime(self._path(name))
        except OSError as wrong:
            raise self._unwritable(wrong, "Nothing was changed.") from wrong

    def age(self, name: str) -> float | None:
        """Give the seconds since a content was written or touched."""
        try:
            path = self._path(name)
            return max(now_of(path.parent) - path.stat().st_mtime, 0.0)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def remove_object(self, name: str) -> None:
        """Remove an object."""
        try:
            self._path(check_object(name)).unlink(missing_ok=True)
        except OSError as wrong:
            raise self._unwritable(wrong, f"Remove {name} there.") from wrong

    def remove_probe(self, name: str) -> None:
        """Remove what `probe` has created."""
        try:
            self._path(check_probe(name)).unlink(missing_ok=True)
        except OSError as wrong:
            raise self._unwritable(wrong, f"Remove {name} there.") from wrong

    def _path(self, name: str) -> Path:
        return self.folder / check_name(name)

    def _made(self, folder: Path) -> list[Path]:
        """Make a folder; give all that must be flushed for a new name in it to last."""
        upwards = [folder, *folder.parents]
        own = upwards.index(self.folder)
        known = next(at for at in range(own, len(upwards)) if upwards[at].is_dir())
        for missing in reversed(upwards[:known]):
            missing.mkdir(exist_ok=True)
        return upwards[: known + 1]

    def _unwritable(self, wrong: OSError, todo: str) -> TaglineError:
        return TaglineError(
            f"The store can not be written: {wrong.strerror or wrong}.",
            where=self.where,
            todo=todo,
        )


def _etag(found: os.stat_result) -> str:
    # Whoever changes a file can set back the time of its content, but not that of the change.
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}"


def _placed(content: bytes, target: Path) -> bool:
    """Give the content its name, unless something has it."""
    unfinished = target.parent / f"{UNFINISHED}{uuid4().hex}"
    try:
        _write(content, unfinished)
        os.link(unfinished, target)
    except FileExistsError:
        return False
    finally:
        # What can not be removed is read by nobody.
        with suppress(OSError):
            unfinished.unlink()
    return True


def _write(content: bytes, path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READ_ONLY)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unreadable(wrong: OSError, path: Path) -> TaglineError:
    return TaglineError(f"The store can not be read: {wrong.strerror or wrong}.", where=str(path))
