"""Change standings: the rules, then one entry of the ledger, then the tags."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

from tagline.errors import TaglineError
from tagline.ledger.anchor import Anchor
from tagline.ledger.chain import Ledger, Lost
from tagline.ledger.entry import Act, Draft, Entry, Live
from tagline.standing import drafts
from tagline.standing.drafts import Wish
from tagline.standing.rules import Candidate, Refused

ATTEMPTS = 1000
Drafting = Callable[[Wish, Entry | None], Draft]


class View(Protocol):
    """Where what stands is shown."""

    def show(self, ledger: Ledger) -> Sequence[str]:
        """Make what is shown agree with the ledger; give what had to be repaired."""


@dataclass(frozen=True)
class Done:
    """What came of a change.

    Attributes
    ----------
    entry : Entry
        What was written, or, where an earlier command was cut short, what that one wrote.
    repaired : tuple of str
        What an earlier command had left undone.
    """

    entry: Entry
    repaired: tuple[str, ...]


@dataclass(frozen=True)
class Desk:
    """Where someone changes the standings of one case.

    Attributes
    ----------
    wish : Wish
        Who wants it, of which case, and why.
    view : View
        Shows what stands.
    anchor : Anchor
        Remembers how far this machine has seen the ledger.
    """

    wish: Wish
    view: View
    anchor: Anchor

    def promote(
        self,
        candidate: Candidate,
        *,
        against: Live | None,
        verify: Callable[[Live], None],
        gates: Callable[[], Sequence[Mapping[str, Any]]],
    ) -> Done:
        """Make a run the champion; see `tagline.standing.drafts.promotion`."""
        make = partial(
            drafts.promotion,
            candidate=candidate,
            against=against,
            verify=verify,
            gates=cache(gates),
        )
        return self._change("promote", candidate.run, candidate.bundle, make)

    def rollback(
        self, *, to: str | None, against: Live | None, verify: Callable[[Live], None]
    ) -> Done:
        """Make an earlier champion champion again; see `tagline.standing.drafts.rollback`."""
        make = partial(drafts.rollback, to=to, against=against, verify=verify)
        run, bundle = (against.run, against.bundle) if against else ("", "")
        return self._change("rollback", to or run, "" if to else bundle, make)

    def challenge(self, candidate: Candidate, *, share: int) -> Done:
        """Give a run a share of the traffic; see `tagline.standing.drafts.challenge`."""
        make = partial(drafts.challenge, candidate=candidate, share=share)
        return self._change("challenge", candidate.run, candidate.bundle, make)

    def retire(self, candidate: Candidate) -> Done:
        """Say that a run is no longer wanted; see `tagline.standing.drafts.retirement`."""
        make = partial(drafts.retirement, candidate=candidate)
        return self._change("retire", candidate.run, candidate.bundle, make)

    def approve(self, candidate: Candidate) -> Done:
        """Approve a run; see `tagline.standing.drafts.approval`."""
        make = partial(drafts.approval, candidate=candidate)
        return self._change("approve", candidate.run, candidate.bundle, make)

    def expect(self, act: Act, candidate: Candidate) -> None:
        """Refuse what the rules do not allow, whatever its gates and approvals say."""
        with self.recording(act, candidate.run, candidate.bundle):
            drafts.expect(self.wish, self.wish.ledger.head(), candidate, act=act)

    @contextmanager
    def recording(self, act: Act, run: str, bundle: str) -> Iterator[None]:
        """Record a refusal that is raised inside, and raise it again."""
        try:
            yield
        except Refused as refused:
            self._record(refused, act=act, run=run, bundle=bundle)
            raise

    def _change(self, act: Act, run: str, bundle: str, make: Drafting) -> Done:
        repaired = tuple(self.view.show(self.wish.ledger))
        with self.recording(act, run, bundle):
            try:
                entry = self._append(make)
            except Refused:
                finished = self._finished(act, run) if repaired else None
                if finished is None:
                    raise
                return Done(finished, repaired)
        self.view.show(self.wish.ledger)
        return Done(entry, repaired)

    def _finished(self, act: Act, run: str) -> Entry | None:
        """Give the entry of the same command, where that was cut short before its tags."""
        head = self.wish.ledger.head()
        if head is None or (head.act, head.signed_by) != (act, self.wish.who.public):
            return None
        return head if act == "rollback" or head.run == run else None

    def _record(self, refused: Refused, *, act: Act, run: str, bundle: str) -> None:
        record = partial(drafts.refusal, act=act, run=run, bundle=bundle, why=refused.what)
        try:
            self._append(record)
        except TaglineError as unrecorded:
            raise Refused(f"{refused} And that could not be recorded: {unrecorded}") from refused

    def _append(self, make: Drafting) -> Entry:
        ledger = self.wish.ledger
        for _ in range(ATTEMPTS):
            head = ledger.head()
            self.anchor.check(head)
            try:
                entry = ledger.append(make(self.wish, head), after=head, key=self.wish.who.key)
            except Lost:
                continue
            self.anchor.note(entry)
            return entry
        raise TaglineError(
            f"Others wrote {ATTEMPTS} entries while this one waited for its turn.",
            where=f"ledger of {ledger.case}",
            todo="Run the command again.",
        )
