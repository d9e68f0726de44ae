"""Verify a whole ledger, and name each entry that is at fault; not those that follow it."""

import hashlib
from dataclasses import dataclass
from itertools import pairwise

from tagline.ledger.chain import Ledger
from tagline.ledger.entry import NO_ENTRY, Entry, Standing, StandingName
from tagline.ledger.fault import Fault, Unsound
from tagline.ledger.follow import inconsistency, roles
from tagline.ledger.last_seen import LastSeen

Faults = dict[int, Fault]


@dataclass(frozen=True)
class Place:
    """What is in one place of a ledger; no entry where that is at fault by itself."""

    number: int
    digest: str
    entry: Entry | None


def audit(ledger: Ledger, *, last_seen: LastSeen | None = None) -> list[Fault]:
    """Verify every entry, and each against the one after it.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    last_seen : LastSeen, optional
        What this machine has seen of it; without one, nobody can notice that the end is gone.

    Returns
    -------
    list of Fault
        By number, at most one an entry; empty where all is as it was written.

    Raises
    ------
    TaglineError
        The ledger can not be read.
    """
    faults: Faults = {}
    places = _places(ledger, faults)
    seen = last_seen.fault(None) if last_seen else None
    if seen is not None:
        faults.setdefault(seen.number, seen)
    _expect_chained(places, faults)
    _expect_consistent(places, faults)
    return [faults[number] for number in sorted(faults)]


def _places(ledger: Ledger, faults: Faults) -> list[Place]:
    numbers = range(1, max(ledger.numbers(), default=0) + 1)
    found = []
    for number, content in zip(numbers, ledger.contents(numbers), strict=True):
        digest = hashlib.sha256(content or b"").hexdigest()
        try:
            # The gates are most of an entry, and nothing more is asked of them.
            entry = ledger.verified(number, content).model_copy(update={"gates": ()})
        except Unsound as wrong:
            faults[number] = wrong.fault
            entry = None
        found.append(Place(number, digest, entry))
    return found


def _expect_chained(places: list[Place], faults: Faults) -> None:
    """Ask each sound entry about the one before it, the newest first."""
    for after, before in pairwise(reversed(places)):
        witness = after.entry if after.number not in faults else None
        if witness is not None and witness.previous != before.digest:
            what = f"Entry {after.number} was written after another one in its place."
            faults.setdefault(before.number, Fault(before.number, "changed", what))
    first = places[0].entry if places else None
    if first is not None and first.previous != NO_ENTRY:
        faults.setdefault(1, Fault(1, "inconsistent", "It names one before the first."))


def _expect_consistent(places: list[Place], faults: Faults) -> None:
    """Fold the standings, and begin anew after each entry that is at fault."""
    before: Standing | None = Standing()
    known: dict[str, StandingName] = {}
    for place in places:
        entry = None if place.number in faults else place.entry
        if entry is None:
            before = None
            continue
        wrong = before and inconsistency(entry, before=before, known=known)
        if wrong:
            faults[entry.number] = Fault(entry.number, "inconsistent", wrong)
        anew = before is None or bool(wrong)
        known = roles(entry.standing) if anew else known | _given(entry)
        before = entry.standing


def _given(entry: Entry) -> dict[str, StandingName]:
    return {change.run: change.after for change in entry.changes}
