"""What is refused, each with a clear sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagline.errors import TaglineError
from tagline.lifecycle.entry import Approval, Policy, StandingName
from tagline.lifecycle.policy import OWN, Objection, counting, of_approvals

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


def refuse(found: Objection | None, *, where: str = "", gates: Sequence[Any] = ()) -> None:
    """Raise what a policy objects; see `tagline.lifecycle.policy`."""
    if found is not None:
        refused = Refused(found.what, where=where, todo=found.hint)
        refused.gates = gates
        raise refused


def expect_case(candidate: Candidate, case: str) -> None:
    """Refuse a run of another case."""
    if candidate.case != case:
        raise Refused(
            f"It is a run of the case {candidate.case!r}, not of {case!r}.", where=candidate.run
        )


def counted(
    policy: Policy, candidate: Candidate, approvals: Sequence[Approval]
) -> tuple[Approval, ...]:
    """Give the approvals that count for a run; see `tagline.lifecycle.policy.counting`."""
    found = counting(policy, approvals, author=candidate.author, author_key=candidate.author_key)
    return tuple(each for each in found if each.key not in candidate.authors)


def expect_approvals(policy: Policy, candidate: Candidate, approvals: Sequence[Approval]) -> None:
    """Refuse a run that too few different people have approved, its author not counted."""
    given = counted(policy, candidate, approvals)
    found = of_approvals(policy, given, run=candidate.run, author=candidate.author)
    refuse(found, where=candidate.run)


def expect_new_approval(
    candidate: Candidate, given: Sequence[Approval], *, who: str, key: str
) -> None:
    """Refuse an approval by the run's author, or a second one by the same person or key."""
    if who == candidate.author or key in {candidate.author_key, *candidate.authors}:
        raise Refused(OWN, where=candidate.run, todo="Ask someone else.")
    if any(who == each.who or key == each.key for each in given):
        raise Refused(f"{who} has approved it already.", where=candidate.run)


def expect_share(share: int, others: int) -> None:
    """Refuse a share that leaves nothing to the champion; a shadow has 0."""
    if not 0 <= share <= LARGEST_SHARE - others:
        raise Refused(
            f"A share of {share}% beside {others}% of other challengers is not possible.",
            todo=f"All challengers together take from 1% to {LARGEST_SHARE}%.",
        )
