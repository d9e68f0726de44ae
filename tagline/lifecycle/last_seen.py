"""What this machine has seen of a ledger: where trust began, and how far it went."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, TypeAdapter, ValidationError

from tagline.errors import TaglineError
from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.fault import Fault, Unsound
from tagline.lifecycle.state import State, genuine
from tagline.storage.files import locked, write_whole

FIRST = "TAGLINE_FIRST_ENTRY"


@dataclass(frozen=True)
class Seen:
    """What was seen last.

    Attributes
    ----------
    ledger : str
        Where.
    number, sha256 : int, str
        The highest place, and the digest of what was there.
    first : str
        The first entry, as it was written.
    etags : str
        Digest of the etags of all places up to there.
    state : State
        What stood.
    """

    ledger: str
    number: int
    sha256: str
    first: str
    # Notes of earlier versions are what a machine trusts: they are still read.
    etags: Annotated[str, Field(validation_alias=AliasChoices("etags", "marks"))]
    state: State


NOTE = TypeAdapter(Seen)


@dataclass
class LastSeen:
    """A note on this machine of what it has seen of a ledger; only it can notice a lost end.

    Attributes
    ----------
    folder : Path
        Where notes are kept; not the ledger's own place.
    ledger : Ledger
        The ledger.
    unkept : str
        Why the note could not be kept, empty where it was.
    """

    folder: Path
    ledger: Ledger
    unkept: str = ""
    _kept: Seen | None = None
    _looked: bool = False

    @property
    def path(self) -> Path:
        """The note's file."""
        place = hashlib.sha256(self.ledger.where.encode()).hexdigest()[:16]
        return self.folder / f"{self.ledger.case}-{place}.json"

    def state(self) -> State:
        """Give what stands, held against what was seen before, and remember it.

        Raises
        ------
        Unsound
            The ledger begins with another entry, or has lost its end.
        TaglineError
            The ledger, or the note, can not be read.
        """
        state = self.read()
        fault = self.fault(state)
        if fault is not None:
            raise Unsound(
                fault,
                where=self.ledger.where,
                todo=f"If it was restored on purpose, remove {self.path}.",
            )
        self.note(state)
        return state

    def read(self) -> State:
        """Give what stands by the ledger alone; what was judged before is not read again."""
        self._known()
        return self.ledger.state()

    def note(self, state: State) -> None:
        """Remember what stands, unless more was seen; where that can not be kept, say why."""
        known = self._known()
        if not state.number or (known is not None and known.number >= state.number):
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.path.with_suffix(".lock")):
                seen = self.seen()
                if seen is None or seen.number < state.number:
                    seen = self._of(state, seen)
                    write_whole(self.path, NOTE.dump_json(seen))
                self._kept = seen
            self.unkept = ""
        except OSError as wrong:
            told = wrong.strerror or str(wrong)
            self.unkept = f"How far the ledger was seen can not be kept: {told}: {self.path}."

    def seen(self) -> Seen | None:
        """Give what was seen last, None where nothing was.

        Raises
        ------
        TaglineError
            The note can not be read.
        """
        try:
            return NOTE.validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as wrong:
            told = wrong.strerror if isinstance(wrong, OSError) else "it is no such note"
            raise TaglineError(
                f"What this machine has seen of the ledger can not be read: {told}.",
                where=str(self.path),
                todo="Remove it if `tagline audit --verify` finds no fault once it is moved.",
            ) from wrong

    def fault(self, state: State) -> Fault | None:
        """Say what is gone, or another, since it was seen."""
        wrong = self._other_first(state)
        if wrong is not None:
            return wrong
        seen = self._known()
        if seen is None or (state.number, state.digest) == (seen.number, seen.sha256):
            return None
        # Read anew: another process may have written it since the state was read.
        content = self.ledger.content(seen.number)
        if content is None:
            return self._gone(seen.number, state)
        if hashlib.sha256(content).hexdigest() == seen.sha256:
            return None
        # What is damaged is passed over and named; another entry in its place is another history.
        return self._another(seen.number, content)

    def _another(self, number: int, content: bytes) -> Fault | None:
        try:
            genuine(content, number=number, case=self.ledger.case)
        except Unsound:
            return None
        return Fault(number, "changed", "This machine has seen another in its place.")

    def _other_first(self, state: State) -> Fault | None:
        given = os.environ.get(FIRST, "")
        if given and state.number and state.first != given:
            return Fault(1, "changed", f"It is not the one that ${FIRST} names.")
        return None

    def _gone(self, number: int, state: State) -> Fault | None:
        if state.number > number:
            return None
        return Fault(
            state.number + 1,
            "truncated",
            f"The end is gone: this machine has seen entry {number}.",
        )

    def _known(self) -> Seen | None:
        """Give what was seen, as this process knows it: of a long ledger the note is long too."""
        if not self._looked:
            self._kept, self._looked = self.seen(), True
            if self._kept is not None:
                self.ledger.first = self._kept.first.encode()
                if _knows_approved(self._kept.state):
                    self.ledger.resume(self._kept.state, self._kept.etags)
        return self._kept

    def _of(self, state: State, seen: Seen | None) -> Seen:
        first = seen.first.encode() if seen else self.ledger.content(1) or b""
        if hashlib.sha256(first).hexdigest() != state.first:
            first = b""
        return Seen(
            ledger=self.ledger.where,
            number=state.number,
            sha256=state.digest,
            first=first.decode(),
            etags=self.ledger.etags_digest(),
            state=state.copy(),
        )


def _knows_approved(state: State) -> bool:
    # Notes of earlier versions do not: then every entry is judged once more.
    given = (each for all_of in state.standing.approvals.values() for each in all_of)
    return all(each.number in state.approved for each in given)
