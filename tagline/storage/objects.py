"""Contents that are named by their SHA-256: what is there under a name is always the same."""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tagline.errors import TaglineError, Unknown
from tagline.storage.contract import OBJECTS, Store
from tagline.storage.files import new_folder

AT_ONCE = 8


class Objects:
    """The objects of a store.

    Parameters
    ----------
    store : Store
        Where they are kept.

    Examples
    --------
    ::

        objects = Objects(open_store("s3://bucket/tagline"))
        digest = objects.put(b"content")
        objects.get(digest)
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def put(self, content: bytes) -> str:
        """Keep a content; give its name, its SHA-256 in hexadecimal."""
        digest = hashlib.sha256(content).hexdigest()
        if self.store.holds(_name(digest), content):
            # So that nobody collects it as old before whoever puts it now has said so.
            self.store.touch(_name(digest))
            return digest
        if not self.store.create(_name(digest), content):
            # Cut short, or somebody wrote another thing under this name.
            self.store.remove(_name(digest))
            self.store.create(_name(digest), content)
        return digest

    def get(self, digest: str) -> bytes:
        """Give a content, verified.

        Raises
        ------
        Unknown
            It is not there.
        TaglineError
            What is there is another content, or can not be read.
        """
        content = self.store.read(_name(digest))
        if content is None:
            raise Unknown(f"{digest[:12]} is not in the store.", where=self.store.where)
        if hashlib.sha256(content).hexdigest() != digest:
            raise TaglineError(
                f"{digest[:12]} in the store is not what it is named by: it was changed.",
                where=self.store.where,
            )
        return content

    def put_file(self, path: Path, *, unchanging: bool = False) -> str:
        """Keep a file's content; give its name, its SHA-256 in hexadecimal.

        Parameters
        ----------
        path : Path
            The file.
        unchanging : bool, optional
            Nobody writes into it: on one disk the store and the file may be the same bytes.
        """
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if self.store.size(_name(digest)) == path.stat().st_size:
            self.store.touch(_name(digest))
        else:
            self.store.put_file(_name(digest), path, unchanging=unchanging)
        return digest

    def put_folder(self, folder: Path) -> dict[str, str]:
        """Keep the files of a folder, which do not change; give the SHA-256 of each by its name."""
        files = sorted(folder.iterdir())
        with ThreadPoolExecutor(AT_ONCE) as pool:
            digests = pool.map(partial(self.put_file, unchanging=True), files)
            return {each.name: digest for each, digest in zip(files, digests, strict=True)}

    def fetch_folder(self, folder: Path, files: Mapping[str, str]) -> None:
        """Make a folder of objects, whole or not at all, unless another process was first.

        Parameters
        ----------
        folder : Path
            The folder to make.
        files : mapping of str to str
            The SHA-256 of each file by its name.

        Raises
        ------
        TaglineError
            An object is gone, or was changed.
        """
        with new_folder(folder) as made, ThreadPoolExecutor(AT_ONCE) as pool:
            for name, content in zip(files, pool.map(self.get, files.values()), strict=True):
                (made / name).write_bytes(content)

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Give every object with its size in bytes."""
        for each in self.store.listing(OBJECTS.rstrip("/")):
            digest = each.name.rpartition("/")[2]
            if each.name == _name(digest):
                yield digest, each.size

    def age(self, digest: str) -> float | None:
        """Give the seconds since an object was put last, None where it is not there."""
        return self.store.age(_name(digest))

    def remove(self, digest: str) -> None:
        """Remove an object; whoever needs it finds it gone."""
        self.store.remove(_name(digest))


def _name(digest: str) -> str:
    return f"{OBJECTS}{digest[:2]}/{digest}"
