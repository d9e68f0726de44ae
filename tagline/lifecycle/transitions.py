"""Change standings: the rules, then one entry of the ledger, then the tags."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

from tagline.errors import TaglineError
from tagline.lifecycle import entries
from tagline.lifecycle.chain import Ledger, Lost
from tagline.lifecycle.entry import Act, Deployed, Draft, Entry, Policy
from tagline.lifecycle.last_seen import LastSeen
from tagline.lifecycle.request import Gates, Request, expect
from tagline.lifecycle.rules import Candidate, Refused
from tagline.lifecycle.state import State

ATTEMPTS = 1000
Drafting = Callable[[Request, State], Draft]


@dataclass(frozen=True)
class Wrong:
    """A run of which something else is shown than the ledger says.

    Attributes
    ----------
    run : str
        Its pathspec.
    shown : tuple of str
        What is shown.
    stands : tuple of str
        What the ledger, and the run itself, say.
    """

    run: str
    shown: tuple[str, ...]
    stands: tuple[str, ...]

    @property
    def standings(self) -> tuple[str, ...]:
        """The standings among what is shown."""
        return tuple(each for each in self.shown if ":" not in each)

    def __str__(self) -> str:
        """Say it in one line."""
        shown, stands = (" and ".join(each) or "nothing" for each in (self.shown, self.stands))
        return f"{self.run} was tagged {shown}: {stands}"


class View(Protocol):
    """Where what stands is shown."""

    def show(self, ledger: Ledger, state: State) -> Sequence[Wrong]:
        """Make what is shown agree with the ledger; give what had to be repaired."""


@dataclass(frozen=True)
class Done:
    """What came of a change.

    Attributes
    ----------
    entry : Entry
        What was written, or, where an earlier command was cut short, what that one wrote.
    repaired : tuple of Wrong
        What an earlier command had left undone, or somebody had edited.
    unshown : str
        Why what shows the standings could not follow; the entry stands all the same.
    """

    entry: Entry
    repaired: tuple[Wrong, ...]
    unshown: str = ""


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
        gates: Gates,
    ) -> Done:
        """Make a run the champion; see `tagline.lifecycle.entries.promotion`."""
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
        """Make an earlier champion champion again; see `tagline.lifecycle.entries.rollback`."""
        make = partial(entries.rollback, to=to, against=against, verify=verify)
        run, bundle = (against.run, against.bundle) if against else ("", "")
        return self._change("rollback", to or run, "" if to else bundle, make, to=to or "")

    def challenge(
        self,
        candidate: Candidate,
        *,
        share: int,
        verify: Callable[[Deployed], None],
        gates: Gates,
    ) -> Done:
        """Give a run a share of the traffic; see `tagline.lifecycle.entries.challenge`."""
        make = partial(
            entries.challenge,
            candidate=candidate,
            share=share,
            verify=verify,
            gates=cache(gates),
        )
        return self._change("challenge", candidate.run, candidate.bundle, make)

    def retire(self, candidate: Candidate) -> Done:
        """Say that a run is no longer wanted; see `tagline.lifecycle.entries.retirement`."""
        make = partial(entries.retirement, candidate=candidate)
        return self._change("retire", candidate.run, candidate.bundle, make)

    def restore(self, candidate: Candidate) -> Done:
        """Make a retired run a candidate; see `tagline.lifecycle.entries.restoration`."""
        make = partial(entries.restoration, candidate=candidate)
        return self._change("restore", candidate.run, candidate.bundle, make)

    def approve(self, candidate: Candidate) -> Done:
        """Approve a run or a policy; see `tagline.lifecycle.entries.approval`."""
        make = partial(entries.approval, candidate=candidate)
        return self._change("approve", candidate.run, candidate.bundle, make)

    def propose(self, policy: Policy) -> Done:
        """Propose a policy; see `tagline.lifecycle.entries.proposal`."""
        make = partial(entries.proposal, policy=policy)
        return self._change("propose", policy.name, "", make)

    def set_policy(self, policy: Policy) -> Done:
        """Set a policy; see `tagline.lifecycle.entries.new_policy`."""
        make = partial(entries.new_policy, policy=policy)
        return self._change("policy", policy.name, "", make)

    def expect(self, act: Act, candidate: Candidate) -> None:
        """Refuse what the rules do not allow, whatever its gates and approvals say."""
        with self.recording(act, candidate.run, candidate.bundle):
            expect(self.request, self.last_seen.state(), candidate, act=act)

    @contextmanager
    def recording(
        self, act: Act, run: str, bundle: str, *, gates: Sequence[Mapping[str, Any]] = ()
    ) -> Iterator[None]:
        """Record a refusal that is raised inside, and raise it again."""
        try:
            yield
        except Refused as refused:
            self._record(refused, act=act, run=run, bundle=bundle, gates=refused.gates or gates)
            raise

    def _change(self, act: Act, run: str, bundle: str, make: Drafting, *, to: str = "") -> Done:
        repaired, _ = self._shown()
        with self.recording(act, run, bundle):
            try:
                entry = self._append(make)
            except Refused:
                finished = self._finished(act, to if act == "rollback" else run, repaired)
                if finished is None:
                    raise
                return Done(finished, repaired)
        _, unshown = self._shown()
        return Done(entry, repaired, unshown)

    def _shown(self) -> tuple[tuple[Wrong, ...], str]:
        """Make what is shown agree; it is only a view, and stops no change."""
        state = self.last_seen.state()
        try:
            return tuple(self.view.show(self.request.ledger, state)), ""
        except TaglineError as unshown:
            return (), str(unshown)

    def _finished(self, act: Act, run: str, repaired: Sequence[Wrong]) -> Entry | None:
        """Give the entry of the very same command, where that was cut short before its tags."""
        last = self.last_seen.state().last
        if last is None or (last.act, last.signed_by) != (act, self.request.who.public):
            return None
        before = {each.run: (each.before,) for each in last.changes}
        shown = {each.run: each.standings for each in repaired}
        if not shown or any(before.get(run) != standings for run, standings in shown.items()):
            return None
        # A rollback without a name goes to the one before: which, the entry says.
        return last if last.run == run or (act == "rollback" and not run) else None

    def _record(
        self,
        refused: Refused,
        *,
        act: Act,
        run: str,
        bundle: str,
        gates: Sequence[Mapping[str, Any]],
    ) -> None:
        if not self.last_seen.state().number:
            return  # a ledger begins with what somebody has done, and not with a refusal
        record = partial(
            entries.refusal, act=act, run=run, bundle=bundle, why=refused.what, gates=gates
        )
        try:
            self._append(record)
        except TaglineError as unrecorded:
            raise Refused(f"{refused} And that could not be recorded: {unrecorded}") from refused

    def _append(self, make: Drafting) -> Entry:
        ledger = self.request.ledger
        for _ in range(ATTEMPTS):
            state = self.last_seen.state()
            try:
                entry = ledger.append(
                    make(self.request, state), after=state, key=self.request.who.key
                )
            except Lost:
                continue
            self.last_seen.note(ledger.state())
            return entry
        raise TaglineError(
            f"Others wrote {ATTEMPTS} entries while this one waited for its turn.",
            where=f"ledger of {ledger.case}",
            todo="Run the command again.",
        )
