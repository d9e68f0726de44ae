"""Big contents of a case: objects of the store, and at hand on this machine where that is far."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tagline import paths
from tagline.storage.disk import Disk
from tagline.storage.files import write_whole
from tagline.storage.location import own_store
from tagline.storage.objects import Objects


@dataclass(frozen=True)
class Blobs:
    """Contents by their SHA-256.

    Attributes
    ----------
    objects : Objects
        Those of the store.
    folder : Path
        Where what was fetched is at hand.
    """

    objects: Objects
    folder: Path

    @classmethod
    def alone(cls, folder: Path) -> Self:
        """Give contents that are kept in a folder of this machine, for nobody else."""
        return cls(Objects(Disk(folder)), folder)

    def put(self, content: bytes) -> str:
        """Keep a content; give its SHA-256 in hexadecimal."""
        return self.objects.put(content)

    def put_file(self, path: Path, *, unchanging: bool = False) -> str:
        """Keep a file's content; see `tagline.storage.objects.Objects.put_file`."""
        return self.objects.put_file(path, unchanging=unchanging)

    def get(self, digest: str) -> bytes:
        """Give a content, verified.

        Raises
        ------
        TaglineError
            It is not there, or is not what was kept.
        """
        if isinstance(self.objects.store, Disk):
            return self.objects.get(digest)
        path = self.folder / digest
        if path.exists():
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() == digest:
                return content
        content = self.objects.get(digest)
        write_whole(path, content)
        return content

    def file(self, digest: str, *, ending: str = "") -> Path:
        """Give a file with a content, at hand: verified when it was fetched.

        Parameters
        ----------
        digest : str
            Which.
        ending : str, optional
            What the file's name ends with, for who goes by it.
        """
        path = self.folder / f"{digest}{ending}"
        if not path.exists():
            write_whole(path, self.objects.get(digest))
        return path

    def put_folder(self, folder: Path) -> dict[str, str]:
        """Keep the files of a folder, which do not change; give the SHA-256 of each by its name."""
        return self.objects.put_folder(folder)

    def fetch_folder(self, folder: Path, files: Mapping[str, str]) -> Path:
        """Give a folder, made of what was kept of it where it is not at hand."""
        if not folder.exists():
            self.objects.fetch_folder(folder, files)
        return folder


_in_use: ContextVar[Blobs | None] = ContextVar("blobs", default=None)


def blobs() -> Blobs:
    """Give what is in use: `using`'s, else those of the store."""
    return _in_use.get() or Blobs(Objects(own_store()), paths.cache())


@contextmanager
def using(own: Blobs) -> Iterator[Blobs]:
    """Use others for a while, such as one whose contents nobody else needs."""
    token = _in_use.set(own)
    try:
        yield own
    finally:
        _in_use.reset(token)
