"""What is refused, each with a clear sentence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagline.case.standing import StandingSection
from tagline.errors import TaglineError
from tagline.ledger.entry import Approval, StandingName
from tagline.standing.people import Actor, may

ROLES = {"approve": "approve"}
FROM: Mapping[str, frozenset[StandingName]] = {
    "promote": frozenset({"candidate", "challenger"}),
    "challenge": frozenset({"candidate", "challenger"}),
    "retire": frozenset({"candidate", "challenger"}),
    "approve": frozenset({"candidate", "challenger"}),
}
LARGEST_SHARE = 99


class Refused(TaglineError):
    """A change that the rules do not allow."""

    exit_code = 3


@dataclass(frozen=True)
class Candidate:
    """A finished run, as someone sees it who may promote it.

    Attributes
    ----------
    run : str
        Its pathspec.
    case : str
        The case's name.
    bundle : str
        Its bundle's digest.
    author, author_key : str
        Who ran it, and the public key that sealed its bundle, in hexadecimal.
    initial_standing : {"candidate", "rejected"}
        What its own gates decided.
    """

    run: str
    case: str
    bundle: str
    author: str
    author_key: str
    initial_standing: StandingName


def expect_role(section: StandingSection, who: Actor, act: str) -> None:
    """Refuse someone without the role that an act asks for."""
    role = ROLES.get(act, "promote")
    if not may(section, role, name=who.name, public=who.public):
        named = section.promoters if role == "promote" else section.approvers
        raise Refused(
            f"{who.name} may not {act}: with the key {who.public[:16]}… that is no one's who may.",
            todo=f"It is for {', '.join(named)}; the case's config says so in [standing].",
        )


def expect_reason(section: StandingSection, why: str, act: str) -> None:
    """Refuse an act without a reason, where the case asks for one."""
    if section.reason and not why.strip():
        raise Refused(
            f"To {act}, this case asks for a reason.", todo="Give it with --why 'the reason'."
        )


def expect_case(candidate: Candidate, case: str) -> None:
    """Refuse a run of another case."""
    if candidate.case != case:
        raise Refused(
            f"It is a run of the case {candidate.case!r}, not of {case!r}.", where=candidate.run
        )


def expect_standing(candidate: Candidate, now: StandingName, act: str) -> None:
    """Refuse an act that a run's standing does not allow."""
    if now in FROM[act]:
        return
    message = {
        "champion": "It is the champion already.",
        "rejected": "Its gates rejected it.",
        "retired": "It is retired.",
    }
    todo = {
        "champion": "To take it back, use `tagline rollback`.",
        "rejected": f"`tagline show {candidate.run}` says which gates failed.",
        "retired": f"If it was champion once, `tagline rollback --to {candidate.run}` restores it.",
    }
    raise Refused(message[now], where=candidate.run, todo=todo[now])


def expect_gates(candidate: Candidate, gates: Iterable[Mapping[str, Any]]) -> None:
    """Refuse a run that fails a gate now."""
    failed = [gate for gate in gates if not gate["passed"]]
    if failed:
        first = failed[0]
        raise Refused(
            f"{len(failed)} of its gates fail now, the first: {first['name']}: {first['detail']}",
            where=candidate.run,
        )


def expect_approvals(
    section: StandingSection, candidate: Candidate, approvals: Sequence[Approval]
) -> None:
    """Refuse a run that too few different people have approved, its author not counted."""
    counted = counting(section, candidate, approvals)
    if len(counted) < section.approvals:
        found = ", ".join(approval.who for approval in counted) or "nobody"
        raise Refused(
            f"Approvals asked for, by others than its author {candidate.author}: "
            f"{section.approvals}; given so far by: {found}.",
            where=candidate.run,
            todo=f"Each runs `tagline approve {candidate.run}`.",
        )


def expect_new_approval(
    candidate: Candidate, given: Sequence[Approval], *, who: str, key: str
) -> None:
    """Refuse an approval by the run's author, or a second one by the same person or key."""
    if who == candidate.author or key == candidate.author_key:
        raise Refused(
            "Whoever made a run can not approve it.",
            where=candidate.run,
            todo="Ask someone else.",
        )
    if any(who == each.who or key == each.key for each in given):
        raise Refused(f"{who} has approved it already.", where=candidate.run)


def counting(
    section: StandingSection, candidate: Candidate, approvals: Sequence[Approval]
) -> tuple[Approval, ...]:
    """Give the approvals that count: by who may now, one a person and key, none by the author."""
    names, keys = {candidate.author}, {candidate.author_key}
    found: list[Approval] = []
    for approval in approvals:
        allowed = may(section, "approve", name=approval.who, public=approval.key)
        if allowed and approval.who not in names and approval.key not in keys:
            found.append(approval)
            names.add(approval.who)
            keys.add(approval.key)
    return tuple(found)


def expect_share(share: int, others: int) -> None:
    """Refuse a share that leaves nothing to the champion."""
    if not 1 <= share <= LARGEST_SHARE - others:
        raise Refused(
            f"A share of {share}% beside {others}% of other challengers is not possible.",
            todo=f"All challengers together take from 1% to {LARGEST_SHARE}%.",
        )
