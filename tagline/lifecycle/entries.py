"""What a change of standing writes into the ledger, if the rules allow it.

Each function looks at the ledger's head and gives the entry to write after it, or raises.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tagline.lifecycle import rules
from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.entry import (
    Act,
    Approval,
    Challenger,
    Change,
    Deployment,
    Draft,
    Policy,
    Standing,
    StandingName,
)
from tagline.lifecycle.follow import without
from tagline.lifecycle.policy import of_reason
from tagline.lifecycle.request import (
    Gates,
    Request,
    approvals_of,
    change,
    deployed,
    draft,
    expect,
    expect_asked,
    expect_champion,
    expect_may,
    made_by,
)
from tagline.lifecycle.rules import Candidate, Refused
from tagline.lifecycle.state import Proposal, State


def promotion(
    request: Request,
    state: State,
    *,
    candidate: Candidate,
    against: Deployment | None,
    verify: Callable[[Deployment], None],
    gates: Gates,
) -> Draft:
    """Make a run the champion.

    Parameters
    ----------
    request : Request
        Who wants it.
    state : State
        What stands.
    candidate : Candidate
        The run.
    against : Deployment or None
        The champion that the gates compare with.
    verify : callable
        Raises where the run's bundle can not be used.
    gates : callable
        Gives its gates as they are now: ``name``, ``passed``, ``figure``, ``limit``, ``detail``;
        called last, since it takes longest.

    Raises
    ------
    Refused
        The rules do not allow it.
    Conflict
        The champion is no longer the one that the gates compare with.
    """
    before = expect(request, state, candidate, act="promote")
    now = state.standing
    expect_champion(request.ledger, now, against, where=candidate.run)
    live = deployed(candidate, state, "promote")
    figures = expect_asked(request, state, candidate, live=live, verify=verify, gates=gates)
    return draft(
        request,
        state,
        "promote",
        live,
        **made_by(candidate),
        changes=_crowned(live, before, now.champion),
        gates=figures,
        approvals=approvals_of(request, state, candidate),
        replaced=now.champion,
        standing=_with_champion(now, live),
    )


def rollback(
    request: Request,
    state: State,
    *,
    to: str | None,
    against: Deployment | None,
    verify: Callable[[Deployment], None],
) -> Draft:
    """Make an earlier champion the champion again.

    Without `to` it is the one before, and not a second time: who presses twice in the night
    does not want to go back twice.

    Parameters
    ----------
    request, state
        As for `promotion`.
    to : str or None
        Pathspec of an earlier champion.
    against : Deployment or None
        The champion that whoever asks for this has seen.
    verify : callable
        Raises where the bundle of an earlier champion can not be used.

    Raises
    ------
    Refused, Conflict
        As for `promotion`.
    TaglineError
        What `verify` raises.
    """
    policy, now = request.policy(state), state.standing
    expect_may(request, policy, "rollback")
    rules.refuse(of_reason(policy, "roll back", request.why))
    # Who looked at another champion decided on something that no longer stands.
    expect_champion(request.ledger, now, against, where="rollback")
    if now.champion is None:
        raise Refused("There is no champion to roll back.")
    target = _named(state, now.champion, to) if to else _before(request.ledger, now.champion)
    verify(target)
    # It keeps its first number, so that the champion before it can still be found.
    live = target.model_copy(update={"act": "rollback", "since": state.number + 1})
    before = state.standing_of(live.run) or "retired"
    return draft(
        request,
        state,
        "rollback",
        live,
        changes=_crowned(live, before, now.champion),
        replaced=now.champion,
        standing=_with_champion(now, live),
    )


def challenge(
    request: Request,
    state: State,
    *,
    candidate: Candidate,
    share: int,
    verify: Callable[[Deployment], None],
    gates: Gates,
) -> Draft:
    """Give a run a share of the traffic, in percent, or change its share.

    A share above the policy's `free_share` asks for what a promotion asks for.
    """
    before, policy = expect(request, state, candidate, act="challenge"), request.policy(state)
    now = state.standing
    others = tuple(each for each in now.challengers if each.run != candidate.run)
    rules.expect_share(share, sum(each.share for each in others))
    live = deployed(candidate, state, "challenge")
    own = Challenger(**dict(live), share=share)
    asked: dict[str, Any] = {}
    if share > policy.free_share:
        figures = expect_asked(request, state, candidate, live=live, verify=verify, gates=gates)
        asked = {"gates": figures, "approvals": approvals_of(request, state, candidate)}
    else:
        verify(live)
    return draft(
        request,
        state,
        "challenge",
        own,
        **made_by(candidate),
        **asked,
        changes=(change(own, before, "challenger"),),
        standing=now.model_copy(update={"challengers": (*others, own)}),
    )


def retirement(request: Request, state: State, *, candidate: Candidate) -> Draft:
    """Say that a candidate or challenger is no longer wanted."""
    return _without_traffic(request, state, candidate, act="retire", after="retired")


def restoration(request: Request, state: State, *, candidate: Candidate) -> Draft:
    """Make a retired run a candidate again."""
    return _without_traffic(request, state, candidate, act="restore", after="candidate")


def approval(request: Request, state: State, *, candidate: Candidate) -> Draft:
    """Say that someone has looked at a run, or a proposed policy, and would have it."""
    expect(request, state, candidate, act="approve")
    now = state.standing
    given = now.approvals.get(candidate.run, ())
    own = state.approvals_of(candidate.run, candidate.bundle)
    rules.expect_new_approval(candidate, own, who=request.who.name, key=request.who.public)
    new = Approval(who=request.who.name, key=request.who.public, number=state.number + 1)
    approvals = {**now.approvals, candidate.run: (*given, new)}
    return draft(
        request,
        state,
        "approve",
        candidate,
        **made_by(candidate),
        standing=now.model_copy(update={"approvals": approvals}),
    )


def proposal(request: Request, state: State, *, policy: Policy) -> Draft:
    """Propose who may do what, so that others can approve it."""
    _expect_changer(request, state, policy, act="propose")
    own = _of_policy(policy, request, state)
    return draft(request, state, "propose", own, policy=policy, standing=state.standing)


def new_policy(request: Request, state: State, *, policy: Policy) -> Draft:
    """Set who may do what, where the policy that stands allows it."""
    _expect_changer(request, state, policy, act="policy")
    own = _of_policy(policy, request, state)
    rules.expect_approvals(request.policy(state), own, state.approvals_of(policy.name, ""))
    return draft(
        request,
        state,
        "policy",
        own,
        policy=policy,
        approvals=approvals_of(request, state, own),
        standing=without(state.standing, policy.name),
    )


def refusal(
    request: Request,
    state: State,
    *,
    act: str,
    run: str,
    bundle: str,
    why: str,
    gates: Sequence[Mapping[str, Any]] = (),
) -> Draft:
    """Record that a change was refused, and why; nothing else changes."""
    who, known = request.who, request.policy(state).people
    # Nobody signs with another's name, not even to say that it was refused.
    stranger = known.get(who.name, who.public) != who.public
    return Draft(
        act="refuse",
        case=request.ledger.case,
        run=run,
        bundle=bundle,
        who=f"{who.name} ({who.public[:8]})" if stranger else who.name,
        why=request.why,
        refused=f"{act}: {why}",
        gates=tuple(dict(gate) for gate in gates),
        standing=state.standing,
        policy=request.proposed if state.policy is None else None,
    )


def proposal_of(name: str, proposed: Proposal, *, case: str) -> Candidate:
    """Give a proposed policy as what can be approved."""
    return Candidate(name, case, "", proposed.who, proposed.key, "candidate")


def _without_traffic(
    request: Request, state: State, candidate: Candidate, *, act: Act, after: StandingName
) -> Draft:
    before = expect(request, state, candidate, act=act)
    return draft(
        request,
        state,
        act,
        candidate,
        changes=(change(candidate, before, after),),
        standing=without(state.standing, candidate.run),
    )


def _expect_changer(request: Request, state: State, policy: Policy, *, act: Act) -> None:
    stands = request.policy(state)
    expect_may(request, stands, act)
    rules.refuse(of_reason(stands, "change the policy", request.why))
    if state.policy == policy:
        raise Refused("This policy stands already.")


def _of_policy(policy: Policy, request: Request, state: State) -> Candidate:
    own = Proposal(policy, request.who.name, request.who.public)
    return proposal_of(policy.name, state.proposals.get(policy.name, own), case=request.ledger.case)


def _before(ledger: Ledger, champion: Deployment) -> Deployment:
    # Not the entry before by number: that may be a refusal, or an approval of another run.
    before = ledger.entry(champion.number).replaced
    # Twice "the one before" would swing back to what was just taken away.
    if champion.act == "rollback":
        further = f"`tagline rollback --to {before.run}`" if before else "not possible"
        raise Refused(
            f"It was rolled back already: {champion.run} is the champion.",
            todo=f"To go further back: {further}.",
        )
    if before is None:
        raise Refused(f"There was no champion before {champion.run}.")
    return before


def _named(state: State, champion: Deployment, run: str) -> Deployment:
    if run == champion.run:
        raise Refused("It is the champion already.", where=run)
    found = state.champions.get(run)
    if found is None:
        raise Refused(
            "It has never been the champion.", where=run, todo=f"Use `tagline promote {run}`."
        )
    return found


def _crowned(
    live: Deployment, before: StandingName, champion: Deployment | None
) -> tuple[Change, ...]:
    own = change(live, before, "champion")
    return (own,) if champion is None else (own, change(champion, "champion", "retired"))


def _with_champion(now: Standing, live: Deployment) -> Standing:
    return without(now, live.run).model_copy(update={"champion": live})
