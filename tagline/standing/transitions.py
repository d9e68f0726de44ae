"""Change standings: the rules, then one entry of the ledger, then the tags."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

from tagline.errors import TaglineError
from tagline.ledger.chain import Ledger, Lost
from tagline.ledger.entry import Act, Deployed, Draft, Entry
from tagline.ledger.last_seen import LastSeen
from tagline.standing import entries
from tagline.standing.entries import Request
from tagline.standing.rules import Candidate, Refused

ATTEMPTS = 1000
Drafting = Callable[[Request, Entry | None], Draft]


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
class Transitions:
    """Where someone changes the standings of one case.

    Attributes
    ----------
    request : Request
        Who wants it, of which case, and why.
    view : View
        Shows what stands.
    last_seen : LastSeen
        Remembers how far this machine has seen the ledger.
    """

    request: Request
    view: View
    last_seen: LastSeen

    def promote(
        self,
        candidate: Candidate,
        *,
        against: Deployed | None,
        verify: Callable[[Deployed], None],
        gates: Callable[[], Sequence[Mapping[str, Any]]],
    ) -> Done:
        """Make a run the champion; see `tagline.standing.entries.promotion`."""
        make = partial(
            entries.promotion,
            candidate=candidate,
            against=against,
            verify=verify,
            gates=cache(gates),
        )
        return self._change("promote", candidate.run, candidate.bundle, make)

    def rollback(
        self, *, to: str | None, against: Deployed | None, verify: Callable[[Deployed], None]
    ) -> Done:
        """Make an earlier champion champion again; see `tagline.standing.entries.rollback`."""
        make = partial(entries.rollback, to=to, against=against, verify=verify)
        run, bundle = (against.run, against.bundle) if against else ("", "")
        return self._change("rollback", to or run, "" if to else bundle, make)

    def challenge(self, candidate: Candidate, *, share: int) -> Done:
        """Give a run a share of the traffic; see `tagline.standing.entries.challenge`."""
        make = partial(entries.challenge, candidate=candidate, share=share)
        return self._change("challenge", candidate.run, candidate.bundle, make)

    def retire(self, candidate: Candidate) -> Done:
        """Say that a run is no longer wanted; see `tagline.standing.entries.retirement`."""
        make = partial(entries.retirement, candidate=candidate)
        return self._change("retire", candidate.run, candidate.bundle, make)

    def approve(self, candidate: Candidate) -> Done:
        """Approve a run; see `tagline.standing.entries.approval`."""
        make = partial(entries.approval, candidate=candidate)
        return self._change("approve", candidate.run, candidate.bundle, make)

    def expect(self, act: Act, candidate: Candidate) -> None:
        """Refuse what the rules do not allow, whatever its gates and approvals say."""
        with self.recording(act, candidate.run, candidate.bundle):
            entries.expect(self.request, self.request.ledger.head(), candidate, act=act)

    @contextmanager
    def recording(self, act: Act, run: str, bundle: str) -> Iterator[None]:
        """Record a refusal that is raised inside, and raise it again."""
        try:
            yield
        except Refused as refused:
            self._record(refused, act=act, run=run, bundle=bundle)
            raise

    def _change(self, act: Act, run: str, bundle: str, make: Drafting) -> Done:
        repaired = tuple(self.view.show(self.request.ledger))
        with self.recording(act, run, bundle):
            try:
                entry = self._append(make)
            except Refused:
                finished = self._finished(act, run) if repaired else None
                if finished is None:
                    raise
                return Done(finished, repaired)
        self.view.show(self.request.ledger)
        return Done(entry, repaired)

    def _finished(self, act: Act, run: str) -> Entry | None:
        """Give the entry of the same command, where that was cut short before its tags."""
        head = self.request.ledger.head()
        if head is None or (head.act, head.signed_by) != (act, self.request.who.public):
            return None
        return head if act == "rollback" or head.run == run else None

    def _record(self, refused: Refused, *, act: Act, run: str, bundle: str) -> None:
        record = partial(entries.refusal, act=act, run=run, bundle=bundle, why=refused.what)
        try:
            self._append(record)
        except TaglineError as unrecorded:
            raise Refused(f"{refused} And that could not be recorded: {unrecorded}") from refused

    def _append(self, make: Drafting) -> Entry:
        ledger = self.request.ledger
        for _ in range(ATTEMPTS):
            head = ledger.head()
            self.last_seen.check(head)
            try:
                entry = ledger.append(
                    make(self.request, head), after=head, key=self.request.who.key
                )
            except Lost:
                continue
            self.last_seen.note(entry)
            return entry
        raise TaglineError(
            f"Others wrote {ATTEMPTS} entries while this one waited for its turn.",
            where=f"ledger of {ledger.case}",
            todo="Run the command again.",
        )
