"""What is asked of a place where contents are kept, and whether a place does it."""

import re
from collections.abc import Iterator, Sequence
from typing import Protocol
from uuid import uuid4

from tagline.errors import TaglineError

PART = re.compile(r"[A-Za-z0-9_.-]{1,200}")
HIDDEN = "."
OBJECTS = "objects/"
PROBE = ".probe-"


class Store(Protocol):
    """A place that keeps small named contents, each written once.

    Names are parts between slashes; a part is of letters, digits, ``_``, ``.`` and ``-``.

    Attributes
    ----------
    probed : bool
        Whether `probe` has found that the place does what is asked of it.
    """

    probed: bool

    @property
    def where(self) -> str:
        """Names the place in messages."""

    def create(self, name: str, content: bytes) -> bool:
        """Write a content that is not there yet.

        Returns
        -------
        bool
            True where the name holds this very content now, whole and lasting, also where an
            earlier request wrote it whose answer was lost; False where it holds another.

        Raises
        ------
        TaglineError
            It could not be written; or it is not known whether it was, and then says so.
        """

    def read(self, name: str) -> bytes | None:
        """Give a content, None where there is nothing of that name."""

    def read_all(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """Give the contents of many names, in their order, as `read` does."""

    def children(self, folder: str) -> list[str]:
        """Give the names directly inside a folder, sorted, those with a leading dot left out."""

    def etags(self, folder: str) -> dict[str, str]:
        """Give an etag of each content directly inside a folder; another content has another."""

    def etag_of(self, content: bytes) -> str:
        """Give the etag that a content would have; empty where only the store knows."""

    def size(self, name: str) -> int | None:
        """Give the length of a content in bytes, None where there is nothing of that name."""

    def holds(self, name: str, content: bytes) -> bool:
        """Tell whether a name holds this very content."""

    def remove_probe(self, name: str) -> None:
        """Remove what `probe` has created, and nothing else."""

    def touch(self, name: str) -> None:
        """Make a content as young as if it were written now."""

    def age(self, name: str) -> float | None:
        """Give the seconds since a content was written or touched, None where it is not there."""

    def remove_object(self, name: str) -> None:
        """Remove a content below ``objects/``; what a ledger keeps is never removed."""


def probe(store: Store) -> None:
    """Try whether a store refuses a second content of the same name.

    Some S3 look-alikes ignore the condition; on them two people could both win.

    Raises
    ------
    TaglineError
        It does not, or can not be written.
    """
    name = f"{PROBE}{uuid4().hex}"
    created = store.create(name, b"first")
    try:
        refused = not store.create(name, b"second")
        kept = store.read(name) == b"first"
    finally:
        store.remove_probe(name)
    if not (created and refused and kept):
        raise TaglineError(
            "This store ignores create-if-absent (If-None-Match): a second entry of the same "
            "name was not refused, so that two people could both become the winner.",
            where=store.where,
            todo="Keep the ledger on S3 itself, on a store that honours it, or on a disk.",
        )
    store.probed = True


def check_name(name: str) -> str:
    """Give a name back if it is safe in a path and in a URL.

    Raises
    ------
    TaglineError
        It is not.
    """
    for part in name.split("/"):
        if not PART.fullmatch(part) or not part.strip("."):
            raise TaglineError(
                f"{part!r} can not be part of a name in a store.",
                where=repr(name),
                todo="Use letters, digits, _, . and -.",
            )
    return name


def check_object(name: str) -> str:
    """Give a name back if it is one of an object; it is a fault to remove anything else."""
    if not name.startswith(OBJECTS):
        raise ValueError(f"{name!r} is no object, and a ledger loses nothing")
    return check_name(name)


def check_probe(name: str) -> str:
    """Give a name back if `probe` made it; it is a fault to remove anything else."""
    if not name.startswith(PROBE) or "/" in name:
        raise ValueError(f"{name!r} is not a probe, and a ledger loses nothing")
    return name
