"""What many small contents say, kept on this machine: only what is new is read."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from tagline import paths
from tagline.canonical import as_json
from tagline.storage.contract import Store
from tagline.storage.files import write_whole

log = logging.getLogger(__name__)
TOLD_AFTER, TOLD_EVERY = 2.0, 5.0  # seconds
LAYOUT = 2  # another one where more is kept of each
T = TypeVar("T")


@dataclass(frozen=True)
class Index(Generic[T]):
    """What the contents of a folder of a store say, by their names.

    Attributes
    ----------
    store : Store
        Where they are.
    folder : str
        Below which name.
    kept : TypeAdapter
        Reads and writes what is kept of one.
    read : callable
        Gives what is kept, of a name and a content.
    lasts : callable, optional
        Tells whether what was read will be the same the next time; else it is read again.
    """

    store: Store
    folder: str
    kept: TypeAdapter[T]
    read: Callable[[str, bytes], T]
    lasts: Callable[[T], bool] = lambda _: True

    def all(self) -> dict[str, T]:
        """Give what each says, by its name, in the order of names."""
        listed = {each.name: each.etag for each in self.store.listing(self.folder)}
        known = self._known()
        new = [name for name, etag in listed.items() if known.get(name, ("",))[0] != etag]
        began = told = time.monotonic()
        for place, (name, content) in enumerate(zip(new, self.store.read_all(new), strict=True)):
            if content is not None:
                known[name] = listed[name], self.read(name, content)
            now = time.monotonic()
            if now - began > TOLD_AFTER and now - told > TOLD_EVERY:
                log.info(f"{place + 1:,} of {len(new):,} were read so far")
                told = now
        found = {name: known[name] for name in listed if name in known}
        if new or len(found) < len(known):
            self._keep({name: each for name, each in found.items() if self.lasts(each[1])})
        return {name: each for name, (_, each) in found.items()}

    @property
    def _entries(self) -> TypeAdapter[dict[str, tuple[str, T]]]:
        return TypeAdapter(dict[str, tuple[str, self.kept._type]])  # type: ignore[name-defined]

    @property
    def _file(self) -> Path:
        place = sha256(f"{self.store.where}/{self.folder}".encode()).hexdigest()[:16]
        return paths.seen() / f"index-{LAYOUT}-{place}.json"

    def _known(self) -> dict[str, tuple[str, T]]:
        try:
            return self._entries.validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return {}

    def _keep(self, found: dict[str, tuple[str, T]]) -> None:
        try:
            write_whole(self._file, as_json(self._entries.dump_python(found, mode="json")))
        except OSError as wrong:
            # It is only slower the next time.
            log.debug(f"What was read could not be kept: {wrong}")
