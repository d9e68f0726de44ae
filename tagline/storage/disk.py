"""A ledger's contents as files: linked to their names once they are whole on the disk."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from tagline.errors import TaglineError
from tagline.storage.contract import HIDDEN, PROBE, Stored, check_name, check_removable
from tagline.storage.files import (
    UNFINISHED,
    create_whole,
    flush,
    leftovers,
    locked,
    now_of,
    write_new,
)

READ_ONLY = 0o444
LOCKS = ".locks"


class Disk:
    """A store in a folder; see `tagline.storage.contract.Store`.

    Parameters
    ----------
    folder : Path
        Made when something is first written.
    names : callable, optional
        Refuses a name that is not safe.
    """

    def __init__(self, folder: Path, *, names: Callable[[str], str] = check_name) -> None:
        self.folder, self._names = folder, names
        self.probed = False

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.folder)

    def create(self, name: str, content: bytes) -> bool:
        """Write a content that is not there yet."""
        return self._created(name, content) or self.read(name) == content

    def write(self, name: str, content: bytes) -> None:
        """Write a content over whatever is there."""
        target = self._path(name)
        unfinished = target.parent / f"{UNFINISHED}{uuid4().hex}"
        try:
            folders = self._made(target.parent)
            try:
                write_new(unfinished, content, mode=READ_ONLY)
                unfinished.replace(target)
            finally:
                with suppress(OSError):
                    unfinished.unlink(missing_ok=True)
            for folder in folders:
                flush(folder)
        except OSError as wrong:
            raise self._unwritable(wrong, "What was there before is there still.") from wrong

    def replace(self, name: str, content: bytes, *, etag: str) -> bool:
        """Write a content where the one that is there still has an etag."""
        if not etag:
            return self._created(name, content)
        try:
            with self._locked(name):
                if self.read_with_etag(name)[1] != etag:
                    return False
                self.write(name, content)
                return True
        except OSError as wrong:
            raise self._unwritable(wrong, "Nothing was changed.") from wrong

    def remove(self, name: str) -> None:
        """Remove a content."""
        try:
            self._path(check_removable(name)).unlink(missing_ok=True)
        except OSError as wrong:
            raise self._unwritable(wrong, f"Remove {name} there.") from wrong

    def read(self, name: str) -> bytes | None:
        """Give a content, None where there is nothing of that name."""
        return self.read_with_etag(name)[0]

    def read_with_etag(self, name: str) -> tuple[bytes | None, str]:
        """Give a content with its etag."""
        path = self._path(name)
        try:
            with path.open("rb") as file:
                return file.read(), _etag(os.fstat(file.fileno()))
        except (FileNotFoundError, NotADirectoryError):
            return None, ""
        except OSError as wrong:
            raise _unreadable(wrong, path) from wrong

    def put_file(self, name: str, path: Path, *, unchanging: bool) -> None:
        """Write a file's content; on the same disk an unchanging one is not copied."""
        target = self._path(name)
        unfinished = target.parent / f"{UNFINISHED}{uuid4().hex}"
        try:
            folders = self._made(target.parent)
            try:
                _same_or_copied(path, unfinished, unchanging=unchanging)
                unfinished.replace(target)
            finally:
                with suppress(OSError):
                    unfinished.unlink(missing_ok=True)
            for folder in folders:
                flush(folder)
        except OSError as wrong:
            raise self._unwritable(wrong, "What was there before is there still.") from wrong

    def open(self, name: str) -> BinaryIO:
        """Open a content to be read in parts."""
        return self._path(name).open("rb")

    def listing(self, folder: str) -> list[Stored]:
        """Give all contents below a folder."""
        top = self._path(folder) if folder else self.folder
        try:
            now = now_of(top)
            return sorted(self._below(top, now), key=lambda each: each.name)
        except OSError as wrong:
            raise _unreadable(wrong, top) from wrong

    def _below(self, folder: Path, now: float) -> Iterator[Stored]:
        try:
            with os.scandir(folder) as inside:
                found = [each for each in inside if not each.name.startswith(HIDDEN)]
        except (FileNotFoundError, NotADirectoryError):
            return
        for each in found:
            if each.is_dir():
                yield from self._below(Path(each.path), now)
                continue
            with suppress(FileNotFoundError):  # removed since it was listed
                stat = each.stat()
                name = Path(each.path).relative_to(self.folder).as_posix()
                age = max(now - stat.st_mtime, 0.0)
                yield Stored(name, stat.st_size, _etag(stat), age)

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
        except PermissionError:
            # Somebody else's file in a folder of all: written once more, it is ours and young.
            self.write(name, self.read(name) or b"")
        except OSError as wrong:
            raise self._unwritable(wrong, "Nothing was changed.") from wrong

    def age(self, name: str) -> float | None:
        """Give the seconds since a content was written or touched."""
        try:
            path = self._path(name)
            return max(now_of(path.parent) - path.stat().st_mtime, 0.0)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def leftovers(self) -> list[Stored]:
        """Give the files of writers that were killed."""
        now = now_of(self.folder)
        found = [*leftovers(self.folder), *self.folder.glob(f"{PROBE}*")]
        return [
            Stored(each.relative_to(self.folder).as_posix(), stat.st_size, _etag(stat), age)
            for each in found
            for stat in [each.lstat()]
            for age in [max(now - stat.st_mtime, 0.0)]
        ]

    def discard(self, left: Stored) -> None:
        """Delete one of them."""
        path = self.folder / left.name
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / self._names(name)

    def _created(self, name: str, content: bytes) -> bool:
        target = self._path(name)
        try:
            folders = self._made(target.parent)
            created = create_whole(target, content, mode=READ_ONLY)
        except OSError as wrong:
            raise self._unwritable(wrong, "Nothing was written.") from wrong
        try:
            for folder in folders:
                flush(folder)
        except OSError as wrong:
            raise self._unwritable(
                wrong, "It is not known whether it lasts; run the command again."
            ) from wrong
        return created

    def _locked(self, name: str) -> AbstractContextManager[bool]:
        locks = self.folder / LOCKS
        locks.mkdir(parents=True, exist_ok=True)
        return locked(locks / hashlib.sha256(name.encode()).hexdigest()[:20])

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


def _same_or_copied(path: Path, target: Path, *, unchanging: bool) -> None:
    try:
        if not unchanging:
            raise OSError
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)
    flush(target)


def _unreadable(wrong: OSError, path: Path) -> TaglineError:
    return TaglineError(f"The store can not be read: {wrong.strerror or wrong}.", where=str(path))
