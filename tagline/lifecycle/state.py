"""What a ledger says in the end: its entries taken one by one, each judged by what stood before."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tagline.errors import TaglineError
from tagline.lifecycle.entry import (
    NO_ENTRY,
    Approval,
    Deployment,
    Entry,
    Policy,
    Standing,
    StandingName,
)
from tagline.lifecycle.fault import Fault, Kind, Unsound
from tagline.lifecycle.follow import CROWNING, GIVEN, MOST, effect, inconsistency
from tagline.lifecycle.policy import is_known, objection, with_person

PROPOSED = frozenset({"propose", "policy"})
SAYS_WHO_MADE_IT = frozenset({"promote", "challenge", "approve"})
DAMAGED: frozenset[Kind] = frozenset({"missing", "changed", "reordered", "forged", "foreign"})


@dataclass(frozen=True)
class LastChange:
    """A run's standing, and the number of the entry that gave it."""

    standing: StandingName
    number: int


@dataclass(frozen=True)
class Proposal:
    """A policy that someone would have: by whom, for nobody approves what is theirs."""

    policy: Policy
    who: str
    key: str


@dataclass
class State:
    """What stands after the entries that were taken so far.

    Attributes
    ----------
    case : str
        The case.
    number : int
        The last place that was taken, 0 where none was.
    digest : str
        SHA-256 of what is in that place; the next entry names it.
    first : str
        SHA-256 of the first entry, in which trust begins; empty where there is none.
    standing : Standing
        Who answers, and who approved what.
    policy : Policy or None
        Who may do what; None before the first entry.
    known : dict of str to LastChange
        The standing of every run that the ledger names.
    champions : dict of str to Deployment
        Every run that ever was champion, as it last was.
    authors : dict of str to tuple
        Name and key of who made a run, as was said when it was first approved or promoted.
    proposals : dict of str to Proposal
        Policies that were proposed and not set.
    approved : dict of int to str
        The digest that an approval is of, by the number of its entry.
    last : Entry or None
        The last entry that counts.
    void : list of Fault
        The places that are passed over, by number.
    loose : bool
        Something before was lost or void: what an entry says of the rest is not believed until
        one agrees with what is known.
    """

    case: str
    number: int = 0
    digest: str = NO_ENTRY
    first: str = ""
    standing: Standing = field(default_factory=Standing)
    policy: Policy | None = None
    known: dict[str, LastChange] = field(default_factory=dict)
    champions: dict[str, Deployment] = field(default_factory=dict)
    authors: dict[str, tuple[str, str]] = field(default_factory=dict)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    approved: dict[int, str] = field(default_factory=dict)
    last: Entry | None = None
    void: list[Fault] = field(default_factory=list)
    loose: bool = False

    def copy(self) -> "State":
        """Give one that goes on apart."""
        return replace(
            self,
            known=dict(self.known),
            champions=dict(self.champions),
            authors=dict(self.authors),
            proposals=dict(self.proposals),
            approved=dict(self.approved),
            void=list(self.void),
        )

    def standing_of(self, run: str) -> StandingName | None:
        """Give a run's standing, None where the ledger does not know it."""
        known = self.known.get(run)
        return known.standing if known else None

    def approvals_of(self, run: str, bundle: str) -> tuple[Approval, ...]:
        """Give the approvals that stand of a run, as far as they are of a bundle's digest."""
        given = self.standing.approvals.get(run, ())
        return tuple(each for each in given if self.approved.get(each.number) == bundle)

    def take(
        self, number: int, content: bytes | None, *, read: "Entry | Unsound | None" = None
    ) -> Entry | None:
        """Take what is in the next place; give the entry if it counts.

        Parameters
        ----------
        number : int
            The place.
        content : bytes or None
            What is there, None where nothing is.
        read : Entry or Unsound, optional
            What `read_place` gave of it, where it was read already.
        """
        entry: Entry | None = None
        try:
            entry = _entry_of(read or read_place(number, content, case=self.case))
            self._expect_allowed(entry)
        except Unsound as wrong:
            self.void.append(wrong.fault)
            self.loose, entry = True, None
        if entry is not None:
            self._follow(entry)
        self.number, self.digest = number, hashlib.sha256(content or b"").hexdigest()
        if number == 1:
            self.first = self.digest if entry is not None else ""
        return entry

    def objection(self, entry: Entry) -> Fault | None:
        """Say why an entry would not count in the next place; None where it would."""
        try:
            self._expect_allowed(entry)
        except Unsound as wrong:
            return wrong.fault
        return None

    def knows_writer(self, entry: Entry) -> bool:
        """Tell whether whoever wrote an entry is one of the policy, or may become one."""
        return self.policy is not None and is_known(
            self.policy, name=entry.who, key=entry.signed_by
        )

    def _expect_allowed(self, entry: Entry) -> None:
        policy = self.policy_for(entry)
        if entry.previous != self.digest and not self._was_damaged():
            told = "It was written after another entry than the one before it."
            raise _fault(entry.number, "inconsistent", told)
        author = self._author(entry)
        forbidden = objection(
            policy,
            entry,
            standing=self.standing_of(entry.run),
            approvals=self.approvals_of(entry.run, entry.bundle),
            author=author,
        )
        if forbidden:
            raise _fault(entry.number, "forbidden", f"{entry.run}: {forbidden.what}")
        wrong = next(filter(None, self._contradictions(entry, policy, author)), "")
        if wrong:
            raise _fault(entry.number, "inconsistent", wrong)

    def policy_for(self, entry: Entry) -> Policy:
        """Give the policy by which an entry in the next place is judged.

        Raises
        ------
        Unsound
            There is none: trust begins with the first entry, and that one is lost.
        """
        if self.policy is not None:
            return self.policy
        if self.number:
            raise _fault(entry.number, "forbidden", "The first entry, where trust begins, is lost.")
        return entry.policy or Policy()

    def _was_damaged(self) -> bool:
        """Tell whether the place before holds something else than was written there."""
        return (
            bool(self.void)
            and self.void[-1].number == self.number
            and (self.void[-1].kind in DAMAGED)
        )

    def _author(self, entry: Entry) -> tuple[str, str]:
        proposal = self.proposals.get(entry.run)
        if entry.act == "policy" and proposal is None:
            return entry.who, entry.signed_by
        if proposal is not None:
            return proposal.who, proposal.key
        return entry.author, entry.author_key

    def _contradictions(
        self, entry: Entry, policy: Policy, author: tuple[str, str]
    ) -> Iterator[str]:
        if not self.loose:
            moved = {each.run: self.standing_of(each.run) for each in entry.changes}
            known = {run: each for run, each in moved.items() if each is not None}
            yield inconsistency(entry, before=self.standing, known=known)
        yield _wrong_changes(entry)
        if entry.act in CROWNING:
            yield self._wrong_champion(entry)
        if entry.act == "challenge":
            yield self._wrong_challenger(entry)
        if entry.act in SAYS_WHO_MADE_IT and policy.approvals and not all(author):
            yield "It does not say who made the run."
        if entry.act in SAYS_WHO_MADE_IT and self.authors.get(entry.run, author) != author:
            yield f"Another made {entry.run}, an entry before says."
        if (entry.act in PROPOSED) != (entry.policy is not None) and self.number:
            yield "A policy is what is proposed or set, and nothing else brings one."
        if entry.policy is not None and self.number and entry.policy.name != entry.run:
            yield "It names another policy than it brings."

    def _wrong_champion(self, entry: Entry) -> str:
        live = entry.standing.champion
        if live is None or not _came_by(live, entry):
            return "Its champion is not the run that it makes champion."
        if entry.act == "promote":
            return "" if live.number == entry.number else "It was never champion before."
        was = self.champions.get(entry.run)
        if was is None or (was.bundle, was.number) != (live.bundle, live.number):
            return f"{entry.run} has never been the champion with that bundle."
        return ""

    def _wrong_challenger(self, entry: Entry) -> str:
        own = [each for each in entry.standing.challengers if each.run == entry.run]
        if len(own) != 1 or not _came_by(own[0], entry) or own[0].number != entry.number:
            return "Its challenger is not the run that it makes challenger."
        after = effect(entry, self.standing).challengers
        return "" if sum(each.share for each in after) <= MOST else f"More than {MOST}% together."

    def _follow(self, entry: Entry) -> None:
        old = self.standing.champion
        self.standing = effect(entry, self.standing)
        if self.loose and self.standing == entry.standing:
            self.loose = False
        champion = self.standing.champion
        if entry.act in CROWNING and champion is not None:
            if old is not None and old.run != champion.run:
                self.known[old.run] = LastChange("retired", entry.number)
            self.champions[champion.run] = champion
        for change in entry.changes:
            if change.run == entry.run:
                self.known[change.run] = LastChange(change.after, entry.number)
        self._follow_policy(entry)
        self.last = entry

    def _follow_policy(self, entry: Entry) -> None:
        policy = self.policy_for(entry)
        if entry.act == "propose" and entry.policy is not None:
            self.proposals[entry.run] = Proposal(entry.policy, entry.who, entry.signed_by)
        elif entry.act == "policy" and entry.policy is not None:
            kept = policy.people if entry.policy.open and policy.open else {}
            policy = entry.policy.model_copy(update={"people": {**kept, **entry.policy.people}})
            self.proposals.pop(entry.run, None)
        if entry.act == "approve":
            self.approved[entry.number] = entry.bundle
        if entry.act != "refuse":
            policy = with_person(policy, entry.who, entry.signed_by)
        if entry.act in SAYS_WHO_MADE_IT:
            policy = with_person(policy, entry.author, entry.author_key)
            self.authors.setdefault(entry.run, (entry.author, entry.author_key))
        self.policy = policy


def read_place(number: int, content: bytes | None, *, case: str) -> Entry | Unsound:
    """Give the entry in a place, or why there is none; signatures take most of a reader's time."""
    try:
        return genuine(content, number=number, case=case)
    except Unsound as wrong:
        return wrong


def _entry_of(read: Entry | Unsound) -> Entry:
    if isinstance(read, Unsound):
        raise read
    return read


def genuine(content: bytes | None, *, number: int, case: str) -> Entry:
    """Make an entry of the bytes in a place.

    Raises
    ------
    Unsound
        They are none of this place, or not as whoever signed them wrote them.
    """
    if content is None:
        raise _fault(number, "missing", "It is not there.")
    try:
        entry = Entry.parse(content, where="")
    except TaglineError as wrong:
        raise _fault(number, "changed", str(wrong)) from wrong
    if not entry.signs(content):
        told = "Its signature does not hold: it was changed, or is not theirs."
        raise _fault(number, "forged", told)
    # A genuine entry, copied from elsewhere or to another place, is none here.
    if entry.case != case:
        raise _fault(number, "foreign", f"It belongs to the case {entry.case!r}.")
    if entry.number != number:
        raise _fault(number, "reordered", f"It was written as entry {entry.number}.")
    return entry


def _wrong_changes(entry: Entry) -> str:
    """Say whether an entry moves other runs than its own, and the champion that it replaces."""
    old = entry.replaced.run if entry.replaced else entry.run
    moved = {entry.run: GIVEN[entry.act]} if GIVEN[entry.act] else {}
    if old != entry.run:
        moved[old] = frozenset({"retired"})
    found = [each.run for each in entry.changes]
    if sorted(found) != sorted(moved) or any(e.after not in moved[e.run] for e in entry.changes):
        return "It moves other runs than its own and the champion that it replaces."
    return ""


def _came_by(live: Deployment, entry: Entry) -> bool:
    said = (live.run, live.bundle, live.act, live.since)
    return said == (entry.run, entry.bundle, entry.act, entry.number)


def _fault(number: int, kind: Kind, what: str) -> Unsound:
    return Unsound(Fault(number, kind, what), where=f"entry {number}")
