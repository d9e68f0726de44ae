"""Copies of many entries in one object: on S3 a request costs more than what it brings."""

import json
from collections.abc import Callable, Mapping, Sequence

from tagline.storage.contract import Store

PAGE = 100


class Pages:
    """The pages of one ledger, where its store knows the etag of a content.

    A page proves nothing: of what is on it counts only what has the etag of the entry's own file.

    Parameters
    ----------
    store : Store
        Where the ledger is kept.
    case : str
        The case's name.
    """

    def __init__(self, store: Store, case: str) -> None:
        self.store, self.case = store, case

    def read(self, numbers: Sequence[int], etags: Mapping[int, str]) -> dict[int, bytes]:
        """Give the contents that pages hold just as the files do.

        Parameters
        ----------
        numbers : sequence of int
            The places that are asked for.
        etags : mapping of int to str
            The etag of each place's file.
        """
        wanted = set(numbers)
        starts = sorted({number // PAGE for number in numbers})
        whole = [page for page in starts if wanted.issuperset(places_of(page))]
        if not whole or not self.store.etag_of(b""):
            return {}
        found: dict[int, bytes] = {}
        for page, read in zip(whole, self.store.read_all([*map(self._name, whole)]), strict=True):
            copies = zip(places_of(page), _entries(read), strict=False)
            found |= {n: each for n, each in copies if etags.get(n) == self.store.etag_of(each)}
        return found

    def write(self, number: int, contents: Callable[[Sequence[int]], list[bytes] | None]) -> None:
        """Write the page that an entry is the last of.

        Parameters
        ----------
        number : int
            The entry that was just written.
        contents : callable
            Gives what is in many places, None where one is empty.
        """
        page = number // PAGE
        if number != places_of(page)[-1] or not self.store.etag_of(b""):
            return
        whole = contents(places_of(page))
        if whole is not None:
            texts = [content.decode(errors="replace") for content in whole]
            self.store.create(self._name(page), json.dumps(texts).encode())

    def _name(self, page: int) -> str:
        return f"{self.case}/pages/{page:06d}.json"


def places_of(page: int) -> range:
    """Give the places that a page copies; there is no place 0."""
    return range(max(page * PAGE, 1), (page + 1) * PAGE)


def _entries(content: bytes | None) -> list[bytes]:
    try:
        texts = json.loads(content or b"[]")
        return [str(text).encode() for text in texts]
    except (ValueError, TypeError):
        return []
