"""Who wants what of a ledger, and what every change of it asks first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagline.errors import TaglineError
from tagline.lifecycle import rules
from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.entry import (
    Act,
    Approval,
    Change,
    Deployment,
    Draft,
    Entry,
    Policy,
    Standing,
    StandingName,
)
from tagline.lifecycle.people import Actor
from tagline.lifecycle.policy import of_author, of_gates, of_person, of_reason, of_stage
from tagline.lifecycle.rules import Candidate, Refused
from tagline.lifecycle.state import State

Gates = Callable[[], Sequence[Mapping[str, Any]]]


class Conflict(TaglineError):
    """Another change of the champion came first."""

    exit_code = 4

    def __init__(self, winner: Entry, *, where: str) -> None:
        super().__init__(
            f"Lost to {winner.run}: {winner.who} made another change of the champion first "
            f"(entry {winner.number}, {winner.act}, {winner.at}).",
            where=where,
            todo="Look at `tagline status`, and do it again if it still should be.",
        )
        self.winner = winner


@dataclass(frozen=True)
class Request:
    """Who wants a change in which case, and why.

    Attributes
    ----------
    ledger : Ledger
        The case's.
    proposed : Policy
        The rules that the case's config proposes: they stand where no entry has said others yet.
    who : Actor
        Who wants it.
    why : str
        The reason; may be empty where the rules ask for none.
    """

    ledger: Ledger
    proposed: Policy
    who: Actor
    why: str

    def policy(self, state: State) -> Policy:
        """Give the rules that stand."""
        return self.proposed if state.policy is None else state.policy


def expect(request: Request, state: State, candidate: Candidate, *, act: Act) -> StandingName:
    """Refuse what role, case, standing or a missing reason forbid; give the run's standing."""
    policy = request.policy(state)
    expect_may(request, policy, act)
    rules.expect_case(candidate, request.ledger.case)
    if act in ("promote", "challenge", "approve") and candidate.bundle:
        author = of_author(policy, name=candidate.author, key=candidate.author_key)
        rules.refuse(author, where=candidate.run)
    now = state.standing_of(candidate.run) or candidate.initial_standing
    rules.refuse(of_stage(act, candidate.run, now), where=candidate.run)
    rules.refuse(of_reason(policy, act, request.why))
    return now


def expect_may(request: Request, policy: Policy, act: str) -> None:
    """Refuse someone without the role that an act asks for."""
    rules.refuse(of_person(policy, act, name=request.who.name, key=request.who.public))


def expect_asked(
    request: Request,
    state: State,
    candidate: Candidate,
    *,
    live: Deployment,
    verify: Callable[[Deployment], None],
    gates: Gates,
) -> tuple[dict[str, Any], ...]:
    """Refuse a run without what a promotion asks for; give its gates as they are now."""
    given = state.approvals_of(candidate.run, candidate.bundle)
    rules.expect_approvals(request.policy(state), candidate, given)
    # Cheap refusals come first: gates take seconds, and others may write meanwhile.
    verify(live)
    figures = tuple(dict(gate) for gate in gates())
    rules.refuse(of_gates(figures), where=candidate.run, gates=figures)
    return figures


def expect_champion(
    ledger: Ledger, now: Standing, against: Deployment | None, *, where: str
) -> None:
    """Raise `Conflict` where the champion is no longer the one that a change rests on."""
    if now.champion == against:
        return
    if now.champion is None:
        raise Refused("There is no champion any more.", where=where)
    raise Conflict(ledger.entry(now.champion.since), where=where)


def deployed(candidate: Candidate, state: State, act: Act) -> Deployment:
    """Give a run as it stands from the next entry on."""
    at = state.number + 1
    return Deployment(run=candidate.run, bundle=candidate.bundle, number=at, since=at, act=act)


def approvals_of(request: Request, state: State, candidate: Candidate) -> tuple[Approval, ...]:
    """Give the approvals of a run that count."""
    given = state.approvals_of(candidate.run, candidate.bundle)
    return rules.counted(request.policy(state), candidate, given)


def made_by(candidate: Candidate) -> dict[str, str]:
    """Say who made a run, as its entry does."""
    return {"author": candidate.author, "author_key": candidate.author_key}


def change(live: Deployment | Candidate, before: StandingName, after: StandingName) -> Change:
    """Give the change of one run."""
    return Change(run=live.run, bundle=live.bundle, before=before, after=after)


def draft(
    request: Request, state: State, act: Act, live: Deployment | Candidate, **own: Any
) -> Draft:
    """Make the draft of an entry; the first one of a ledger brings the policy."""
    first = {"policy": request.proposed} if state.policy is None else {}
    return Draft(
        act=act,
        case=request.ledger.case,
        run=live.run,
        bundle=live.bundle,
        who=request.who.name,
        why=request.why,
        **{**first, **own},
    )
