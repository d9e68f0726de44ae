"""Big contents of runs: at hand on this machine, and in the one store for all others."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tagline import paths
from tagline.errors import TaglineError, Unknown
from tagline.files import write_whole
from tagline.store.location import open_store
from tagline.store.objects import Objects


@dataclass(frozen=True)
class Blobs:
    """Contents by their SHA-256, each a file of a folder.

    Attributes
    ----------
    folder : Path
        At hand; where there is no other store, it is the store.
    shared : Objects or None
        The one store, where that is elsewhere: what is put goes there too, and what is not at
        hand is fetched from there, verified, and then at hand.
    """

    folder: Path
    shared: Objects | None = None

    def put(self, content: bytes, *, ending: str = "") -> str:
        """Keep a content; give its SHA-256 in hexadecimal.

        Parameters
        ----------
        content : bytes
            The content.
        ending : str, optional
            What the file's name ends with, for people.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest, ending=ending)
        if path.exists() and path.read_bytes() == content:
            # So that nobody collects it as old before whoever puts it now has said so.
            os.utime(path)
        else:
            write_whole(path, content)
        if self.shared is not None:
            self.shared.put(content)
        return digest

    def get(self, digest: str, *, ending: str = "") -> bytes:
        """Give a content, verified.

        Raises
        ------
        TaglineError
            It is neither here nor there, or is not what was kept.
        """
        path = self.path(digest, ending=ending)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return self._fetched(digest, path)
        if hashlib.sha256(content).hexdigest() == digest:
            return content
        if self.shared is None:
            raise TaglineError("This is not what was stored.", where=str(path))
        return self._fetched(digest, path)

    def path(self, digest: str, *, ending: str = "") -> Path:
        """Say where a content is at hand, if it is."""
        return self.folder / f"{digest}{ending}"

    def put_folder(self, folder: Path) -> dict[str, str]:
        """Share the files of a folder that is at hand; give the SHA-256 of each by its name."""
        if self.shared is None:
            return {}
        return {each.name: self.shared.put(each.read_bytes()) for each in sorted(folder.iterdir())}

    def fetch_folder(self, folder: Path, files: Mapping[str, str]) -> Path:
        """Give a folder, made of what was shared of it where it is not at hand."""
        if not folder.exists() and self.shared is not None:
            self.shared.fetch_folder(folder, files)
        return folder

    def _fetched(self, digest: str, path: Path) -> bytes:
        if self.shared is None:
            raise Unknown("This is gone.", where=str(path))
        content = self.shared.get(digest)
        write_whole(path, content)
        return content


_in_use: ContextVar[Blobs | None] = ContextVar("blobs", default=None)


def blobs() -> Blobs:
    """Give what is in use: `using`'s, else this machine's folder and ``$TAGLINE_STORE``."""
    return _in_use.get() or Blobs(paths.tables(), shared())


@contextmanager
def using(own: Blobs) -> Iterator[Blobs]:
    """Use others for a while, such as one whose contents nobody else needs."""
    token = _in_use.set(own)
    try:
        yield own
    finally:
        _in_use.reset(token)


def shared() -> Objects | None:
    """Open the one store, where it is another than this machine's own folder."""
    location = paths.store()
    return None if location == str(paths.home()) else _opened(location)


@lru_cache(maxsize=8)
def _opened(location: str) -> Objects:
    return Objects(open_store(location))
