"""What a change of standing writes into the ledger, if the rules allow it.

Each function looks at the ledger's head and gives the entry to write after it, or raises.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagline.case.standing import StandingSection
from tagline.errors import TaglineError
from tagline.ledger.chain import Ledger
from tagline.ledger.entry import (
    Act,
    Approval,
    Challenger,
    Change,
    Deployed,
    Draft,
    Entry,
    Standing,
    StandingName,
)
from tagline.standing import rules
from tagline.standing.people import Actor
from tagline.standing.rules import Candidate, Refused

NOTHING = Standing(champion=None, challengers=(), approvals={})


class Overtaken(TaglineError):
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
    section : StandingSection
        Its rules.
    who : Actor
        Who wants it.
    why : str
        The reason; may be empty where the rules ask for none.
    """

    ledger: Ledger
    section: StandingSection
    who: Actor
    why: str


def promotion(
    request: Request,
    head: Entry | None,
    *,
    candidate: Candidate,
    against: Deployed | None,
    verify: Callable[[Deployed], None],
    gates: Callable[[], Sequence[Mapping[str, Any]]],
) -> Draft:
    """Make a run the champion.

    Parameters
    ----------
    request : Request
        Who wants it.
    head : Entry or None
        The ledger's last entry.
    candidate : Candidate
        The run.
    against : Live or None
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
    Overtaken
        The champion is no longer the one that the gates compare with.
    """
    before = expect(request, head, candidate, act="promote")
    now = standing(head)
    expect_champion(request.ledger, now, against, where=candidate.run)
    given = now.approvals.get(candidate.run, ())
    rules.expect_approvals(request.section, candidate, given)
    live = Deployed(
        run=candidate.run,
        bundle=candidate.bundle,
        number=_next(head),
        since=_next(head),
        act="promote",
    )
    # Cheap refusals come first: gates take seconds, and others may write meanwhile.
    verify(live)
    figures = gates()
    rules.expect_gates(candidate, figures)
    return _draft(
        request,
        "promote",
        live.run,
        live.bundle,
        changes=_crowned(live, before, now.champion),
        gates=tuple(dict(gate) for gate in figures),
        approvals=rules.counting(request.section, candidate, given),
        replaced=now.champion,
        standing=_with_champion(now, live),
    )


def rollback(
    request: Request,
    head: Entry | None,
    *,
    to: str | None,
    against: Deployed | None,
    verify: Callable[[Deployed], None],
) -> Draft:
    """Make an earlier champion the champion again.

    Without `to` it is the one before, and not a second time: who presses twice in the night
    does not want to go back twice.

    Parameters
    ----------
    request, head
        As for `promotion`.
    to : str or None
        Pathspec of an earlier champion.
    against : Live or None
        The champion that whoever asks for this has seen.
    verify : callable
        Raises where the bundle of an earlier champion can not be used.

    Raises
    ------
    Refused, Overtaken
        As for `promotion`.
    TaglineError
        What `verify` raises.
    """
    rules.expect_role(request.section, request.who, "rollback")
    rules.expect_reason(request.section, request.why, "roll back")
    # Who looked at another champion decided on something that no longer stands.
    now = standing(head)
    expect_champion(request.ledger, now, against, where="rollback")
    if now.champion is None:
        raise Refused("There is no champion to roll back.")
    target = (
        _named(request.ledger, now.champion, to) if to else _before(request.ledger, now.champion)
    )
    verify(target)
    # It keeps its first number, so that the champion before it can still be found.
    live = target.model_copy(update={"act": "rollback", "since": _next(head)})
    before = _live_standing(now, live.run) or "retired"
    return _draft(
        request,
        "rollback",
        live.run,
        live.bundle,
        changes=_crowned(live, before, now.champion),
        replaced=now.champion,
        standing=_with_champion(now, live),
    )


def challenge(request: Request, head: Entry | None, *, candidate: Candidate, share: int) -> Draft:
    """Give a run a share of the traffic, in percent, or change its share."""
    before = expect(request, head, candidate, act="challenge")
    now = standing(head)
    others = tuple(each for each in now.challengers if each.run != candidate.run)
    rules.expect_share(share, sum(each.share for each in others))
    own = Challenger(
        run=candidate.run,
        bundle=candidate.bundle,
        number=_next(head),
        since=_next(head),
        act="challenge",
        share=share,
    )
    return _draft(
        request,
        "challenge",
        own.run,
        own.bundle,
        changes=(_change(own, before, "challenger"),),
        standing=now.model_copy(update={"challengers": (*others, own)}),
    )


def retirement(request: Request, head: Entry | None, *, candidate: Candidate) -> Draft:
    """Say that a candidate or challenger is no longer wanted."""
    before = expect(request, head, candidate, act="retire")
    return _draft(
        request,
        "retire",
        candidate.run,
        candidate.bundle,
        changes=(_change(candidate, before, "retired"),),
        standing=_without(standing(head), candidate.run),
    )


def approval(request: Request, head: Entry | None, *, candidate: Candidate) -> Draft:
    """Say that someone has looked at a run and would have it promoted."""
    expect(request, head, candidate, act="approve")
    now = standing(head)
    given = now.approvals.get(candidate.run, ())
    rules.expect_new_approval(candidate, given, who=request.who.name, key=request.who.public)
    new = Approval(who=request.who.name, key=request.who.public, number=_next(head))
    approvals = {**now.approvals, candidate.run: (*given, new)}
    return _draft(
        request,
        "approve",
        candidate.run,
        candidate.bundle,
        standing=now.model_copy(update={"approvals": approvals}),
    )


def refusal(
    request: Request, head: Entry | None, *, act: str, run: str, bundle: str, why: str
) -> Draft:
    """Record that a change was refused, and why; nothing else changes."""
    return _draft(request, "refuse", run, bundle, refused=f"{act}: {why}", standing=standing(head))


def standing(head: Entry | None) -> Standing:
    """Give what stands after the ledger's last entry."""
    return NOTHING if head is None else head.standing


def expect(request: Request, head: Entry | None, candidate: Candidate, *, act: Act) -> StandingName:
    """Refuse what role, case, standing or a missing reason forbid; give the run's standing."""
    rules.expect_role(request.section, request.who, act)
    rules.expect_case(candidate, request.ledger.case)
    now = _live_standing(standing(head), candidate.run)
    # The last entry knows who answers; what became of others is further back, and rarely asked.
    if now is None:
        now = request.ledger.standings().get(candidate.run, candidate.initial_standing)
    rules.expect_standing(candidate, now, act)
    rules.expect_reason(request.section, request.why, act)
    return now


def expect_champion(ledger: Ledger, now: Standing, against: Deployed | None, *, where: str) -> None:
    """Raise `Overtaken` where the champion is no longer the one that a change rests on."""
    if now.champion == against:
        return
    raise Overtaken(_crowning(ledger), where=where)


def _crowning(ledger: Ledger) -> Entry:
    return next(
        entry
        for entry in ledger.entries(newest_first=True)
        if any("champion" in (change.before, change.after) for change in entry.changes)
    )


def _live_standing(now: Standing, run: str) -> StandingName | None:
    if now.champion is not None and now.champion.run == run:
        return "champion"
    return "challenger" if any(each.run == run for each in now.challengers) else None


def _before(ledger: Ledger, champion: Deployed) -> Deployed:
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


def _named(ledger: Ledger, champion: Deployed, run: str) -> Deployed:
    if run == champion.run:
        raise Refused("It is the champion already.", where=run)
    for entry in ledger.entries(newest_first=True):
        found = entry.standing.champion
        if found is not None and found.run == run:
            return found
    raise Refused(
        "It has never been the champion.", where=run, todo=f"Use `tagline promote {run}`."
    )


def _crowned(live: Deployed, before: StandingName, champion: Deployed | None) -> tuple[Change, ...]:
    own = _change(live, before, "champion")
    return (own,) if champion is None else (own, _change(champion, "champion", "retired"))


def _change(live: Deployed | Candidate, before: StandingName, after: StandingName) -> Change:
    return Change(run=live.run, bundle=live.bundle, before=before, after=after)


def _with_champion(now: Standing, live: Deployed) -> Standing:
    return _without(now, live.run).model_copy(update={"champion": live})


def _without(now: Standing, run: str) -> Standing:
    # Approvals were for one act; who comes back asks for them again.
    return Standing(
        champion=now.champion,
        challengers=tuple(each for each in now.challengers if each.run != run),
        approvals={name: given for name, given in now.approvals.items() if name != run},
    )


def _draft(request: Request, act: Act, run: str, bundle: str, **own: Any) -> Draft:
    return Draft(
        act=act,
        case=request.ledger.case,
        run=run,
        bundle=bundle,
        who=request.who.name,
        why=request.why,
        **own,
    )


def _next(head: Entry | None) -> int:
    return 1 if head is None else head.number + 1
