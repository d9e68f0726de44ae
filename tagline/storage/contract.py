"""What is asked of a place where contents are kept, and whether a place does it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from tagline.errors import TaglineError

PART = re.compile(r"[A-Za-z0-9_.-]{1,200}")
HIDDEN = "."
OBJECTS = "objects/"
PROBE = ".probe-"
# What says who decided what is never removed, whoever asks for it.
LASTING = re.compile(r"(ledger|runs)/|store\.json$|.*/[0-9]{3,}/[0-9]+\.json$")
ATTEMPTS = 1000


@dataclass(frozen=True)
class Stored:
    """A content of a store, as a listing shows it.

    Attributes
    ----------
    name : str
        Its whole name.
    size : int
        Bytes.
    etag : str
        Another content has another.
    age : float
        Seconds since it was written or touched, by the store's own clock.
    """

    name: str
    size: int
    etag: str
    age: float


class Store(Protocol):
    """A place that keeps named contents.

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

    def write(self, name: str, content: bytes) -> None:
        """Write a content over whatever is there: readers see the old one or this one, whole."""

    def replace(self, name: str, content: bytes, *, etag: str) -> bool:
        """Write a content where the one that is there still has an etag; tell whether it did.

        Parameters
        ----------
        name, content
            As for `write`.
        etag : str
            As `read_with_etag` gave it; empty where nothing was there.
        """

    def remove(self, name: str) -> None:
        """Remove a content, if it is there.

        Raises
        ------
        ValueError
            It is an entry of a ledger or a run's record, which are never removed.
        """

    def read(self, name: str) -> bytes | None:
        """Give a content, None where there is nothing of that name."""

    def read_with_etag(self, name: str) -> tuple[bytes | None, str]:
        """Give a content with its etag; None and an empty one where there is nothing."""

    def put_file(self, name: str, path: Path, *, unchanging: bool) -> None:
        """Write a file's content, as `write`, however large it is.

        Parameters
        ----------
        name : str
            Its name in the store.
        path : Path
            The file.
        unchanging : bool
            Nobody writes into the file: on one disk both may be the same bytes.
        """

    def open(self, name: str) -> BinaryIO:
        """Open a content to be read in parts.

        Raises
        ------
        FileNotFoundError
            There is nothing of that name.
        """

    def read_all(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """Give the contents of many names, in their order, as `read` does."""

    def listing(self, folder: str) -> list[Stored]:
        """Give all contents below a folder, however deep, in the order of their names.

        Those of which a part's name begins with a dot are left out.
        """

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

    def touch(self, name: str) -> None:
        """Make a content as young as if it were written now."""

    def age(self, name: str) -> float | None:
        """Give the seconds since a content was written or touched, None where it is not there."""

    def leftovers(self) -> list[Stored]:
        """Give what writers left that were killed, or are still at it: no reader sees it."""

    def discard(self, left: Stored) -> None:
        """Delete one of them."""


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
        store.remove(name)
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


def foreign_name(name: str) -> str:
    """Give a name back that others have given, if it leads nowhere else.

    Raises
    ------
    TaglineError
        It does.
    """
    if not name or any(part in ("", ".", "..") for part in name.split("/")):
        raise TaglineError("This can not be a name in a store.", where=repr(name))
    return name


def check_removable(name: str) -> str:
    """Give a name back if it may be removed; it is a fault to ask it of what lasts."""
    if LASTING.match(check_name(name)):
        raise ValueError(f"{name!r} is what was decided, and lasts")
    return name


def update(store: Store, name: str, change: Callable[[bytes | None], bytes]) -> bytes:
    """Change a content, whoever else changes it at the same time; give what it is now.

    Parameters
    ----------
    store : Store
        Where it is.
    name : str
        Which.
    change : callable
        Gives the new content of the old one, None where there is none; called again where
        somebody else was first.

    Raises
    ------
    TaglineError
        It can not be read or written, or others change it without end.
    """
    for _ in range(ATTEMPTS):
        old, etag = store.read_with_etag(name)
        new = change(old)
        if new == old or store.replace(name, new, etag=etag):
            return new
    raise TaglineError(
        f"Others changed {name} {ATTEMPTS} times meanwhile.", where=store.where, todo="Try again."
    )
