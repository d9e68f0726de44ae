"""Who may do what in a case: what stands, what the config proposes, and what is waiting."""

from typing import Any

from tagline.lifecycle.entries import proposal_of
from tagline.lifecycle.entry import Policy
from tagline.lifecycle.people import differences, proposed
from tagline.lifecycle.rules import Candidate, Refused, counted
from tagline.workflows.standings import ModelRegistry


def shown(standings: ModelRegistry) -> dict[str, Any]:
    """Say who may do what.

    Returns
    -------
    dict
        ``case``; ``stands``, the policy, and whether it ``is_set`` in the ledger yet; what the
        case's config ``proposes``, a difference each; and the ``waiting`` proposals: ``name``,
        ``by``, ``approved_by``.
    """
    state, policy = standings.state(), standings.policy()
    waiting = []
    for name, each in state.proposals.items():
        own = proposal_of(name, each, case=standings.case.name)
        given = counted(policy, own, state.approvals_of(name, ""))
        waiting.append(
            {
                "name": name,
                "by": each.who,
                "approved_by": [one.who for one in given],
                "changes": differences(policy, each.policy),
            }
        )
    wanted = proposed(standings.case.standing)
    return {
        "case": standings.case.name,
        "is_set": state.policy is not None,
        "stands": policy.model_dump(mode="json"),
        "proposes": differences(policy, wanted) if state.policy is not None else [],
        "waiting": waiting,
    }


def proposal(standings: ModelRegistry, name: str) -> Candidate:
    """Find a proposed policy, to approve it.

    Raises
    ------
    Refused
        There is none of that name.
    """
    found = standings.state().proposals.get(name)
    if found is None:
        raise Refused(
            "There is no such proposal.", where=name, todo="`tagline policy show` lists them."
        )
    return proposal_of(name, found, case=standings.case.name)


def wanted(standings: ModelRegistry, name: str) -> Policy:
    """Give the policy to set: a proposal by its name, else what the case's config proposes."""
    if not name:
        return proposed(standings.case.standing)
    proposal(standings, name)
    return standings.state().proposals[name].policy
