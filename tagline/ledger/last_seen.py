"""How far this machine has seen a ledger: the only way to notice that its end was cut off."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.files import locked
from tagline.ledger.chain import Ledger
from tagline.ledger.entry import Entry
from tagline.ledger.fault import Fault, Unsound


@dataclass(frozen=True)
class Seen:
    """The highest entry that was seen.

    Attributes
    ----------
    number : int
        Its number.
    digest : str
        SHA-256 of its bytes.
    """

    number: int
    digest: str


@dataclass(frozen=True)
class LastSeen:
    """A note on this machine of the highest entry that it has seen of a ledger.

    Attributes
    ----------
    folder : Path
        Where notes are kept; not the ledger's own place.
    ledger : Ledger
        The ledger.
    """

    folder: Path
    ledger: Ledger

    @property
    def path(self) -> Path:
        """The note's file."""
        place = hashlib.sha256(self.ledger.where.encode()).hexdigest()[:16]
        return self.folder / f"{self.ledger.case}-{place}.json"

    def note(self, entry: Entry) -> None:
        """Keep that an entry was seen, unless a later one was.

        Raises
        ------
        TaglineError
            It can not be kept.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.path.with_suffix(".lock")):
                seen = self.seen()
                if seen is None or seen.number < entry.number:
                    self._keep(entry)
        except OSError as wrong:
            raise TaglineError(
                f"How far the ledger was seen can not be kept: {wrong.strerror or wrong}.",
                where=str(self.path),
            ) from wrong

    def seen(self) -> Seen | None:
        """Give the highest entry that was seen, None where none was.

        Raises
        ------
        TaglineError
            The note can not be read.
        """
        try:
            kept = json.loads(self.path.read_bytes())
            return Seen(int(kept["number"]), str(kept["sha256"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as wrong:
            raise TaglineError(
                f"This can not be read: {wrong}.",
                where=str(self.path),
                todo="Remove it if `tagline audit --verify` finds the ledger as it should be.",
            ) from wrong

    def check(self, head: Entry | None) -> None:
        """Make sure that the ledger still holds what this machine has seen of it.

        Parameters
        ----------
        head : Entry or None
            The ledger's last entry.

        Raises
        ------
        Unsound
            It is shorter now, or has another entry in that place.
        """
        fault = self.fault(head)
        if fault is not None:
            raise Unsound(fault, where=self.ledger.where)

    def fault(self, head: Entry | None) -> Fault | None:
        """Give what `check` raises."""
        seen = self.seen()
        if seen is None or (head and (head.number, head.digest) == (seen.number, seen.digest)):
            return None
        # Read anew: another process may have written it since the head was read.
        content = self.ledger.content(seen.number)
        if content is None:
            return self._gone(seen.number)
        if hashlib.sha256(content).hexdigest() != seen.digest:
            return Fault(seen.number, "changed", "This machine has seen another in its place.")
        return None

    def _gone(self, number: int) -> Fault:
        last = self.ledger.last()
        if last > number:
            return Fault(number, "missing", "This machine has seen it.")
        return Fault(
            last + 1, "truncated", f"The end is gone: this machine has seen entry {number}."
        )

    def _keep(self, entry: Entry) -> None:
        content = as_json(
            {"ledger": self.ledger.where, "number": entry.number, "sha256": entry.digest}
        )
        unfinished = self.path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)
