"""What is refused, each with a clear sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagline.errors import TaglineError
from tagline.lifecycle.entry import Approval, Policy, StandingName
from tagline.lifecycle.people import Actor
from tagline.lifecycle.policy import FROM, counting, is_known, may, role_of

LARGEST_SHARE = 99
NOTHING_ASKED = (
    "No gate is asked again at a promotion of this case: what its training was asked, it passed"
)


class Refused(TaglineError):
    """A change that the rules do not allow.

    Attributes
    ----------
    gates : sequence of dict
        The gates as they were found, where one of them failed.
    """

    exit_code = 3
    gates: Sequence[Mapping[str, Any]] = ()


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
        Who made it, a label, and the public key that signed its record, in hexadecimal.
    initial_standing : {"candidate", "rejected"}
        What its own gates decided.
    authors : frozenset of str
        The keys of all who have made the same bundle.
    """

    run: str
    case: str
    bundle: str
    author: str
    author_key: str
    initial_standing: StandingName
    authors: frozenset[str] = frozenset()


def expect_role(policy: Policy, who: Actor, act: str) -> None:
    """Refuse someone without the role that an act asks for."""
    role = role_of(act)
    if not is_known(policy, name=who.name, key=who.public):
        raise Refused(
            f"{who.name} may not {act}: with the key {who.public[:16]}… that is no one's who may.",
            todo="The policy of the case names who: `tagline policy show`.",
        )
    if not may(policy, role, name=who.name, key=who.public):
        named = policy.promoters if role == "promote" else policy.approvers
        raise Refused(
            f"{who.name} may not {act}: with the key {who.public[:16]}… that is no one's who may.",
            todo=f"It is for {', '.join(named)}; `tagline policy show` says so.",
        )


def expect_reason(policy: Policy, why: str, act: str) -> None:
    """Refuse an act without a reason, where the policy asks for one."""
    if policy.reason and not why.strip():
        raise Refused(
            f"To {act}, this case asks for a reason.", todo="Give it with --why 'the reason'."
        )


def expect_author(policy: Policy, candidate: Candidate) -> None:
    """Refuse a run whose record is signed by a key that is nobody's whom the policy names."""
    key = candidate.author_key
    if not policy.open and key not in policy.people.values():
        raise Refused(
            f"Its record is signed by {candidate.author} with the key {key[:16]}…, which is "
            "nobody's whom the policy names.",
            where=candidate.run,
            todo="`tagline policy show` says who is; a new person or machine is entered by a new "
            "policy.",
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
        "candidate": "It is a candidate already.",
        "challenger": "It is a challenger, and no candidate to be made of it.",
    }
    todo = {
        "champion": "To take it back, use `tagline rollback`.",
        "rejected": f"`tagline show {candidate.run}` says which gates failed.",
        "retired": f"`tagline restore {candidate.run}` makes it a candidate again; if it was "
        f"champion once, `tagline rollback --to {candidate.run}` restores it at once.",
        "candidate": f"`tagline promote {candidate.run}` makes it the champion.",
        "challenger": f"`tagline retire {candidate.run}` takes its traffic away.",
    }
    raise Refused(message[now], where=candidate.run, todo=todo[now])


def expect_gates(candidate: Candidate, gates: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a run that fails a gate now."""
    failed = [gate for gate in gates if not gate["passed"]]
    if failed:
        first = failed[0]
        refused = Refused(
            f"{len(failed)} of its gates fail now, the first: {first['name']}: {first['detail']}",
            where=candidate.run,
        )
        refused.gates = gates
        raise refused


def counted(
    policy: Policy, candidate: Candidate, approvals: Sequence[Approval]
) -> tuple[Approval, ...]:
    """Give the approvals that count for a run; see `tagline.lifecycle.policy.counting`."""
    found = counting(policy, approvals, author=candidate.author, author_key=candidate.author_key)
    return tuple(each for each in found if each.key not in candidate.authors)


def expect_approvals(policy: Policy, candidate: Candidate, approvals: Sequence[Approval]) -> None:
    """Refuse a run that too few different people have approved, its author not counted."""
    given = counted(policy, candidate, approvals)
    if len(given) < policy.approvals:
        found = ", ".join(approval.who for approval in given) or "nobody"
        raise Refused(
            f"Approvals asked for, by others than its author {candidate.author}: "
            f"{policy.approvals}; given so far by: {found}.",
            where=candidate.run,
            todo=f"Each runs `tagline approve {candidate.run}`.",
        )


def expect_new_approval(
    candidate: Candidate, given: Sequence[Approval], *, who: str, key: str
) -> None:
    """Refuse an approval by the run's author, or a second one by the same person or key."""
    if who == candidate.author or key in {candidate.author_key, *candidate.authors}:
        raise Refused(
            "Whoever made a run can not approve it.",
            where=candidate.run,
            todo="Ask someone else.",
        )
    if any(who == each.who or key == each.key for each in given):
        raise Refused(f"{who} has approved it already.", where=candidate.run)


def expect_share(share: int, others: int) -> None:
    """Refuse a share that leaves nothing to the champion."""
    if not 1 <= share <= LARGEST_SHARE - others:
        raise Refused(
            f"A share of {share}% beside {others}% of other challengers is not possible.",
            todo=f"All challengers together take from 1% to {LARGEST_SHARE}%.",
        )
