"""The ledger of a case: numbered entries, each naming the hash of the one before."""

import hashlib
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.errors import TaglineError
from tagline.lifecycle.entry import Draft, Entry, sign
from tagline.lifecycle.fault import Fault, Unsound
from tagline.lifecycle.pages import Pages
from tagline.lifecycle.state import State, genuine, read_place
from tagline.storage.contract import Store, check_name, probe

# Entries in a folder: a listing, on S3 a request for a thousand keys, stays one page.
FULL = 1000
FOLDER = re.compile("[0-9]{3,}")
FILE = re.compile(r"([0-9]+)\.json")
VERIFIERS, BATCH = os.cpu_count() or 1, 64
# What another machine writes into a folder that is full is seen after so many seconds.
LISTED_FOR = 10.0
NAMED = 5  # of the files in no entry's place
Etags = dict[int, str]
Read = tuple[bytes | None, Entry | Unsound | None]


class Lost(TaglineError):
    """Something was there first.

    Parameters
    ----------
    number : int
        The place.
    winner : Entry or None
        What is there, None where that is no entry.
    where : str
        The ledger.
    """

    def __init__(self, number: int, winner: Entry | None, *, where: str) -> None:
        told = (
            f"{winner.who} was first: entry {number} is their {winner.act} of {winner.run}, "
            f"at {winner.at}."
            if winner
            else f"Something that is no entry was first in place {number}."
        )
        super().__init__(told, where=where)
        self.winner = winner


@dataclass(frozen=True)
class Place:
    """What is in one place of a ledger.

    Attributes
    ----------
    number : int
        The place.
    content : bytes or None
        What is there.
    digest : str
        Its SHA-256.
    entry : Entry or None
        The entry, where it counts.
    fault : Fault or None
        Why it is passed over, where it is.
    """

    number: int
    content: bytes | None
    digest: str
    entry: Entry | None
    fault: Fault | None


class Ledger:
    """The entries of one case.

    Parameters
    ----------
    store : Store
        Where it is kept.
    case : str
        The case's name.
    """

    def __init__(self, store: Store, case: str) -> None:
        self.store = store
        self.case = check_name(case)
        self.first: bytes = b""
        self._state, self._etags = State(self.case), Etags()
        self._pages = Pages(store, self.case)
        self._lists: dict[int, tuple[float, Etags]] = {}
        self._misplaced: dict[int, list[str]] = {}

    @property
    def where(self) -> str:
        """Names the ledger in messages."""
        return f"{self.store.where}/{self.case}"

    def resume(self, state: State, etags_digest: str) -> None:
        """Begin with what was read before, where all places are as they were then."""
        etags = {n: etag for n, etag in self._all_etags().items() if n <= state.number}
        if digest_of(etags) == etags_digest:
            self._state, self._etags = state, etags

    def state(self) -> State:
        """Give what stands: every entry is judged, and what was judged before is not read again.

        Raises
        ------
        TaglineError
            It can not be read.
        """
        etags = self._all_etags()
        if any(etags.get(number) != etag for number, etag in self._etags.items()):
            self._state = State(self.case)
        state = self._state.copy()
        for _ in self._taken(state, etags):
            pass
        self._remember(state, etags)
        return state.copy()

    def etags_digest(self) -> str:
        """Give a digest of the etags of all places that `state` has read."""
        return digest_of(self._etags)

    def strays(self) -> list[Fault]:
        """Name what is numbered as an entry and is none; other files beside them are nothing.

        Returns
        -------
        list of Fault
            One for each number beyond the end, and one of number 0 for all that lies in no place.
        """
        beyond = sorted(n for n in self._all_etags() if n > self._state.number)
        found = [Fault(n, "stray", "It does not follow, and is passed over.") for n in beyond]
        misplaced = sorted(chain.from_iterable(self._misplaced.values()))
        if misplaced:
            more = f" and {len(misplaced) - NAMED:,} more" if len(misplaced) > NAMED else ""
            what = f"{', '.join(misplaced[:NAMED])}{more}, in no entry's place."
            found.insert(0, Fault(0, "stray", what))
        return found

    def places(self) -> Iterator[Place]:
        """Read and judge every place anew, the first one first."""
        state, etags = State(self.case), self._all_etags()
        yield from self._taken(state, etags)
        self._remember(state, etags)

    def glance(self) -> str:
        """Give what is another whenever the next entry was written; one folder is listed.

        Not the greatest number of a file: a stray one would hide every entry before it.
        """
        number = self._state.number
        return f"{number} {digest_of(self._listed((number + 1) // FULL))}"

    def entry(self, number: int) -> Entry:
        """Give one entry; it is as whoever signed it wrote it, and not judged.

        Raises
        ------
        TaglineError
            It is missing, or can not be read.
        Unsound
            It is none.
        """
        try:
            return genuine(self.content(number), number=number, case=self.case)
        except Unsound as wrong:
            raise Unsound(wrong.fault, where=f"{self.store.where}/{self.name(number)}") from None

    def content(self, number: int) -> bytes | None:
        """Give the bytes of one place as they are, None where nothing is there."""
        return self.store.read(self.name(number))

    def append(
        self,
        draft: Draft,
        *,
        after: State,
        key: Ed25519PrivateKey,
        now: datetime | None = None,
    ) -> Entry:
        """Write the entry that follows.

        Parameters
        ----------
        draft : Draft
            What it says.
        after : State
            What stands, as the writer knows it.
        key : Ed25519PrivateKey
            The writer's.
        now : datetime, optional
            The clock's where None.

        Raises
        ------
        Lost
            Something is in its place already.
        Unsound
            Every reader would pass over it.
        TaglineError
            It can not be written, or it is not known whether it was.
        """
        if draft.case != self.case:
            raise TaglineError(f"This is of the case {draft.case!r}.", where=self.where)
        entry = sign(draft, number=after.number + 1, previous=after.digest, key=key, now=now)
        fault = after.objection(entry)
        if fault is not None:
            raise Unsound(fault, where=self.where, todo="Nothing was written.")
        # A store that ignores the condition of a write would let two win.
        if not self.store.probed:
            probe(self.store)
        # The number is the lock: of all who write it at once, one succeeds.
        if not self.store.create(self.name(entry.number), entry.to_bytes()):
            raise Lost(entry.number, self._winner(entry.number), where=self.where)
        self._pages.write(entry.number, self._full)
        return entry

    def name(self, number: int) -> str:
        """Give an entry's name in the store."""
        return f"{self.case}/{number // FULL:03d}/{number:06d}.json"

    def _remember(self, state: State, etags: Mapping[int, str]) -> None:
        self._state = state
        self._etags = {number: etag for number, etag in etags.items() if number <= state.number}

    def _taken(self, state: State, etags: Mapping[int, str]) -> Iterator[Place]:
        """Take every place after those that a state has; what lies beyond the end is left."""
        ahead = sorted(number for number in etags if number > state.number)
        waiting: dict[int, Read] = {}
        for number, found in zip(ahead, self._read(ahead, etags), strict=True):
            waiting[number] = found
            if number != state.number + 1 and not self._goes_on(state, found):
                continue
            for place in range(state.number + 1, number + 1):
                yield self._place(state, place, *waiting.pop(place, (None, None)))

    def _read(self, numbers: Sequence[int], etags: Mapping[int, str]) -> Iterator[Read]:
        """Give what is in each place and what that is, several read and verified side by side."""

        def read(batch: list[tuple[int, bytes | None]]) -> list[Read]:
            return [(each, read_place(n, each, case=self.case)) for n, each in batch]

        places = zip(numbers, self._contents(numbers, etags), strict=True)
        with ThreadPoolExecutor(VERIFIERS) as pool:
            for found in pool.map(read, batched(places, BATCH)):
                yield from found

    def _place(
        self, state: State, number: int, content: bytes | None, read: Entry | Unsound | None
    ) -> Place:
        known = len(state.void)
        first = self.first if number == 1 else b""
        if first and content != first:
            # This machine knows the entry in which trust begins, whatever became of the file.
            state.void.append(Fault(1, "changed", "This machine has seen another in its place."))
            content, read = first, None
        entry = state.take(number, content, read=read)
        fault = state.void[-1] if len(state.void) > known else None
        return Place(number, content, state.digest, entry, fault)

    def _goes_on(self, state: State, found: Read) -> bool:
        """Tell whether a place beyond a gap is an entry by someone known, else it is a stray."""
        _, entry = found
        # Without the first entry nobody is known, and nobody may begin anew in its place.
        return isinstance(entry, Entry) and (state.policy is None or state.knows_writer(entry))

    def _contents(self, numbers: Sequence[int], etags: Mapping[int, str]) -> Iterator[bytes | None]:
        paged = self._pages.read(numbers, etags)
        left = [number for number in numbers if number not in paged]
        read = self.store.read_all([self.name(number) for number in left])
        rest = iter(read)
        for number in numbers:
            yield paged[number] if number in paged else next(rest)

    def _full(self, numbers: Sequence[int]) -> list[bytes] | None:
        found = list(self.store.read_all([self.name(number) for number in numbers]))
        whole = [each for each in found if each is not None]
        return whole if len(whole) == len(found) else None

    def _winner(self, number: int) -> Entry | None:
        try:
            return self.entry(number)
        except Unsound:
            return None

    def _all_etags(self) -> Etags:
        found: Etags = {}
        for folder in self._folders():
            found |= self._full_folder(folder) or self._listed(folder)
        return found

    def _full_folder(self, folder: int) -> Etags:
        """Give what was listed a moment ago of a folder that is full, nothing of others."""
        at, etags = self._lists.get(folder, (0.0, {}))
        return etags if time.monotonic() - at < LISTED_FOR else {}

    def _folders(self) -> list[int]:
        return sorted(
            int(name) for name in self.store.children(self.case) if FOLDER.fullmatch(name)
        )

    def _listed(self, folder: int) -> Etags:
        etags = self.store.etags(f"{self.case}/{folder:03d}")
        own: Etags = {}
        misplaced = []
        for match in filter(None, map(FILE.fullmatch, etags)):
            number, inside = int(match[1]), f"{folder:03d}/{match[0]}"
            if number and f"{self.case}/{inside}" == self.name(number):
                own[number] = etags[match[0]]
            else:
                misplaced.append(inside)
        self._misplaced[folder] = misplaced
        if len(own) == len(range(max(folder * FULL, 1), (folder + 1) * FULL)):
            self._lists[folder] = time.monotonic(), own
        return own


def batched(each: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Give lists of so many; `itertools.batched` of Python 3.12."""
    left = iter(each)
    while batch := list(islice(left, size)):
        yield batch


def digest_of(etags: Mapping[int, str]) -> str:
    """Give a digest of the etags of places."""
    lines = (f"{number} {etags[number]}\n" for number in sorted(etags))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
