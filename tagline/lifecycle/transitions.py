"""Change standings: the rules, then one entry of the ledger, then the tags."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Concatenate, ParamSpec, Protocol

from tagline.errors import TaglineError
from tagline.lifecycle import entries
from tagline.lifecycle.chain import Ledger, Lost
from tagline.lifecycle.entry import Act, Draft, Entry
from tagline.lifecycle.last_seen import LastSeen
from tagline.lifecycle.request import Request, expect
from tagline.lifecycle.rules import Candidate, Refused
from tagline.lifecycle.state import State

P = ParamSpec("P")
ATTEMPTS = 1000
ACTS: Mapping[Callable[..., Draft], Act] = {
    entries.promotion: "promote",
    entries.rollback: "rollback",
    entries.challenge: "challenge",
    entries.retirement: "retire",
    entries.restoration: "restore",
    entries.approval: "approve",
    entries.proposal: "propose",
    entries.new_policy: "policy",
}
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

    def apply(
        self,
        make: Callable[Concatenate[Request, State, P], Draft],
        *_: P.args,
        **named: P.kwargs,
    ) -> Done:
        """Write an entry, and show what stands then.

        Parameters
        ----------
        make : callable
            One of `tagline.lifecycle.entries`, such as `entries.promotion`.
        named
            What it takes, by name. Gates are asked once, however often others write meanwhile.
        """
        wish: dict[str, Any] = dict(named)
        if "gates" in wish:
            wish["gates"] = cache(wish["gates"])
        about = wish.get("candidate") or wish.get("against")
        policy, to = wish.get("policy"), wish.get("to") or ""
        run = to or (about.run if about else policy.name if policy else "")
        bundle = about.bundle if about and not to else ""
        return self._change(ACTS[make], run, bundle, partial(make, **wish), to=to)

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
