"""The ledger of a case: numbered entries, each naming the hash of the one before."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.errors import TaglineError
from tagline.ledger.entry import NO_ENTRY, Draft, Entry, Standing, StandingName, sign
from tagline.ledger.fault import Fault, Kind, Unsound
from tagline.ledger.follow import inconsistency
from tagline.ledger.store import Store, check_name, probe

# Entries in a folder: a listing, on S3 a request for a thousand keys, stays one page.
FULL = 1000
FOLDER = re.compile("[0-9]{3,}")
FILE = re.compile(r"([0-9]{6,})\.json")


class Lost(TaglineError):
    """Another entry was there first.

    Parameters
    ----------
    winner : Entry
        That entry.
    where : str
        The ledger.
    """

    def __init__(self, winner: Entry, *, where: str) -> None:
        super().__init__(
            f"{winner.who} was first: entry {winner.number} is their {winner.act} of "
            f"{winner.run}, at {winner.at}.",
            where=where,
        )
        self.winner = winner


@dataclass(frozen=True)
class LastChange:
    """A run's standing, and the number of the entry that gave it."""

    standing: StandingName
    number: int


class Ledger:
    """The entries of one case.

    Parameters
    ----------
    store : Store
        Where it is kept.
    case : str
        The case's name.
    trusted : iterable of str
        The public keys whose entries count, in hexadecimal.
    """

    def __init__(self, store: Store, case: str, *, trusted: Iterable[str]) -> None:
        self.store = store
        self.case = check_name(case)
        self.trusted = frozenset(trusted)

    @property
    def where(self) -> str:
        """Names the ledger in messages."""
        return f"{self.store.where}/{self.case}"

    def head(self) -> Entry | None:
        """Give the last entry, None where there is none; only that one is read and verified.

        Raises
        ------
        TaglineError
            It is not what was written, or can not be read.
        """
        last = self.last()
        return self.entry(last) if last else None

    def last(self) -> int:
        """Give the number of the last entry, 0 where there is none."""
        # Only the last folder is listed, however long the ledger is.
        listed = (self._listed(folder) for folder in reversed(self._folders()))
        return next((numbers[-1] for numbers in listed if numbers), 0)

    def numbers(self) -> list[int]:
        """Give the number of every entry that is there."""
        return [number for folder in self._folders() for number in self._listed(folder)]

    def entry(self, number: int) -> Entry:
        """Give one entry, verified.

        Raises
        ------
        TaglineError
            It is missing, not what was written, or can not be read.
        """
        found = self.verified(number, self.content(number))
        self._expect_grounded(found)
        return found

    def content(self, number: int) -> bytes | None:
        """Give the bytes of one entry as they are, None where it is missing."""
        return self.store.read(self.name(number))

    def contents(self, numbers: Iterable[int]) -> Iterator[bytes | None]:
        """Give the bytes of many entries as they are, in the order asked for."""
        return self.store.read_all([self.name(number) for number in numbers])

    def entries(self, *, newest_first: bool = False) -> Iterator[Entry]:
        """Give all entries.

        Parameters
        ----------
        newest_first : bool
            Verify the last one, which proves the one before it by its hash, and so on: several
            times faster than to verify the signature of each, as the other order does.

        Raises
        ------
        TaglineError
            One is missing, not what was written, or can not be read.
        """
        return self._newest_first() if newest_first else self._oldest_first()

    def append(
        self,
        draft: Draft,
        *,
        after: Entry | None,
        key: Ed25519PrivateKey,
        now: datetime | None = None,
    ) -> Entry:
        """Write the entry that follows another one.

        Parameters
        ----------
        draft : Draft
            What it says.
        after : Entry or None
            The last entry, as the writer knows it; None where there is none.
        key : Ed25519PrivateKey
            The writer's.
        now : datetime, optional
            The clock's where None.

        Raises
        ------
        Lost
            Another entry follows that one already.
        TaglineError
            It does not follow, or can not be written, or it is not known whether it was.
        """
        entry = self._signed(draft, after, key, now)
        # A store that ignores the condition of a write would let two win.
        if not self.store.probed:
            probe(self.store)
        # The number is the lock: of all who write it at once, one succeeds.
        if not self.store.create(self.name(entry.number), entry.to_bytes()):
            raise Lost(self.entry(entry.number), where=self.where)
        return entry

    def last_changes(self) -> dict[str, LastChange]:
        """Give the standing of every run that the ledger names, and since which entry."""
        found: dict[str, LastChange] = {}
        for entry in self.entries(newest_first=True):
            for change in entry.changes:
                found.setdefault(change.run, LastChange(change.after, entry.number))
        return found

    def standings(self) -> dict[str, StandingName]:
        """Give the standing of every run that the ledger names."""
        return {run: last.standing for run, last in self.last_changes().items()}

    def name(self, number: int) -> str:
        """Give an entry's name in the store."""
        return f"{self.case}/{number // FULL:03d}/{number:06d}.json"

    def verified(self, number: int, content: bytes | None, *, newer: Entry | None = None) -> Entry:
        """Make an entry of the bytes in its place.

        Parameters
        ----------
        number : int
            The place.
        content : bytes or None
            What is there.
        newer : Entry, optional
            The entry after it, verified: the word of a trusted key proves this one, and no
            signature is needed.

        Raises
        ------
        Unsound
            They are not what was written there.
        """
        if content is None:
            raise self._unsound(number, "missing", "It is not there.")
        # What a trusted entry names by its hash needs no look at its own signature.
        if newer is not None and newer.previous != hashlib.sha256(content).hexdigest():
            raise self._unsound(number, "changed", "The entry after it names another.")
        proven = newer is not None and newer.signed_by in self.trusted
        try:
            entry = Entry.parse(content, where="", proven=proven)
        except TaglineError as wrong:
            raise self._unsound(number, "changed", str(wrong)) from wrong
        if not proven:
            self._expect_genuine(number, entry)
        # A genuine entry, copied from elsewhere or to another place, is none here.
        if entry.case != self.case:
            raise self._unsound(number, "foreign", f"It belongs to the case {entry.case!r}.")
        if entry.number != number:
            raise self._unsound(number, "reordered", f"It was written as entry {entry.number}.")
        return entry

    def _newest_first(self) -> Iterator[Entry]:
        # The newest is proved by its signature; it proves those before it by their hashes.
        newer = self.head()
        if newer is None:
            return
        yield newer
        numbers = range(newer.number - 1, 0, -1)
        for number, content in zip(numbers, self.contents(numbers), strict=True):
            newer = self.verified(number, content, newer=newer)
            yield newer

    def _oldest_first(self) -> Iterator[Entry]:
        numbers, digest = range(1, self.last() + 1), NO_ENTRY
        for number, content in zip(numbers, self.contents(numbers), strict=True):
            entry = self.verified(number, content)
            if entry.previous != digest:
                older = max(number - 1, 1)
                raise self._unsound(older, "changed", "The entry after it names another.")
            digest = hashlib.sha256(content or b"").hexdigest()
            yield entry

    def _expect_genuine(self, number: int, entry: Entry) -> None:
        if not entry.is_signed():
            raise self._unsound(
                number, "forged", "Its signature does not hold: it was changed, or is not theirs."
            )
        if not self._may_write(entry):
            raise self._unsound(
                number, "forged", f"It is signed with {entry.signed_by}, which is not trusted."
            )

    def _may_write(self, entry: Entry) -> bool:
        """Tell whether an entry counts: a stranger may be refused, and no more."""
        return entry.signed_by in self.trusted or (entry.act == "refuse" and not entry.changes)

    def _expect_grounded(self, entry: Entry) -> None:
        """Follow strangers' refusals back to what a trusted key says; it must still stand."""
        stands: Entry | None = entry
        while stands is not None and stands.signed_by not in self.trusted:
            newer, number = stands, stands.number - 1
            stands = self.verified(number, self.content(number), newer=newer) if number else None
            if (stands.standing if stands else Standing()) != entry.standing:
                raise self._unsound(
                    newer.number, "forged", "It is a stranger's refusal, and changes what stands."
                )

    def _folders(self) -> list[int]:
        return sorted(
            int(name) for name in self.store.children(self.case) if FOLDER.fullmatch(name)
        )

    def _listed(self, folder: int) -> list[int]:
        names = self.store.children(f"{self.case}/{folder:03d}")
        found = (int(match[1]) for match in map(FILE.fullmatch, names) if match)
        return sorted(number for number in found if number and number // FULL == folder)

    def _signed(
        self, draft: Draft, after: Entry | None, key: Ed25519PrivateKey, now: datetime | None
    ) -> Entry:
        if draft.case != self.case:
            raise TaglineError(f"This is of the case {draft.case!r}.", where=self.where)
        number, previous = (after.number + 1, after.digest) if after else (1, NO_ENTRY)
        entry = sign(draft, number=number, previous=previous, key=key, now=now)
        if not self._may_write(entry):
            raise TaglineError(
                "Your key is not trusted in this ledger.",
                where=self.where,
                todo=f"Add {entry.signed_by} to [standing] keys in the case's config, or to "
                "$TAGLINE_TRUSTED_KEYS.",
            )
        wrong = inconsistency(entry, before=after.standing if after else Standing())
        if wrong:
            raise TaglineError(f"This does not follow from the ledger: {wrong}", where=self.where)
        return entry

    def _unsound(self, number: int, kind: Kind, what: str) -> Unsound:
        return Unsound(Fault(number, kind, what), where=f"{self.store.where}/{self.name(number)}")
