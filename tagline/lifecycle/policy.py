"""Whether a policy allows an entry: judged by every reader, whoever wrote it."""

from collections.abc import Mapping, Sequence

from tagline.lifecycle.entry import Approval, Entry, Policy, StandingName

ROLES: Mapping[str, str] = {"approve": "approve", "refuse": ""}
FROM: Mapping[str, frozenset[StandingName]] = {
    "promote": frozenset({"candidate", "challenger"}),
    "challenge": frozenset({"candidate", "challenger"}),
    "retire": frozenset({"candidate", "challenger"}),
    "approve": frozenset({"candidate", "challenger"}),
    "restore": frozenset({"retired"}),
}


def role_of(act: str) -> str:
    """Give the role that an act asks for: ``promote`` or ``approve``; none for a refusal."""
    return ROLES.get(act, "promote")


def is_known(policy: Policy, *, name: str, key: str) -> bool:
    """Tell whether someone is entered by this name with this key, or may enter with them."""
    if name in policy.people or key in policy.people.values():
        return policy.people.get(name) == key
    return policy.open


def may(policy: Policy, role: str, *, name: str, key: str) -> bool:
    """Tell whether someone, by a name and a public key, may ``promote`` or ``approve``."""
    named = policy.promoters if role == "promote" else policy.approvers
    return is_known(policy, name=name, key=key) and (not named or name in named)


def counting(
    policy: Policy, approvals: Sequence[Approval], *, author: str, author_key: str
) -> tuple[Approval, ...]:
    """Give the approvals that count: by who may now, one a person and key, none by the author."""
    names, keys = {author}, {author_key}
    found: list[Approval] = []
    for each in approvals:
        allowed = may(policy, "approve", name=each.who, key=each.key)
        if allowed and each.who not in names and each.key not in keys:
            found.append(each)
            names.add(each.who)
            keys.add(each.key)
    return tuple(found)


def with_person(policy: Policy, name: str, key: str) -> Policy:
    """Enter someone who came, where the policy is open and nobody has the name or the key."""
    taken = not name or not key or name in policy.people or key in policy.people.values()
    if taken or not policy.open:
        return policy
    return policy.model_copy(update={"people": {**policy.people, name: key}})


def objection(
    policy: Policy,
    entry: Entry,
    *,
    standing: StandingName | None,
    approvals: Sequence[Approval],
    author: tuple[str, str],
) -> str:
    """Say why a policy does not allow an entry.

    Parameters
    ----------
    policy : Policy
        The one that stood before it.
    entry : Entry
        The entry; its signature holds.
    standing : str or None
        What its run was before, None where the ledger does not know the run.
    approvals : sequence of Approval
        Those that stood for its run.
    author : tuple of str
        Name and key of who made what it is about.

    Returns
    -------
    str
        One sentence; empty where it is allowed.
    """
    who = {"name": entry.who, "key": entry.signed_by}
    role = role_of(entry.act)
    if not role:
        # Whoever is refused may say so, but not by another's name.
        borrowed = policy.people.get(entry.who, entry.signed_by) != entry.signed_by
        return f"It is not signed with the key of {entry.who}." if borrowed else ""
    if not is_known(policy, **who):
        return f"{entry.who} with the key {entry.signed_by[:16]}… is nobody whom the policy names."
    if not may(policy, role, **who):
        return f"{entry.who} may not {entry.act}."
    if policy.reason and not entry.why.strip():
        return f"The policy asks for a reason, and this {entry.act} has none."
    if standing is not None and entry.act in FROM and standing not in FROM[entry.act]:
        return f"{entry.run} was {standing}: {entry.act} is for another standing."
    if entry.act == "approve":
        own = not counting(policy, [_approval(entry)], author=author[0], author_key=author[1])
        return "Whoever made a run can not approve it." if own else ""
    if asks_as_a_promotion(policy, entry):
        return _lacking(policy, entry, approvals, author)
    return ""


def asks_as_a_promotion(policy: Policy, entry: Entry) -> bool:
    """Tell whether an entry asks for what a promotion asks for."""
    if entry.act == "challenge":
        shares = (each.share for each in entry.standing.challengers if each.run == entry.run)
        return max(shares, default=0) > policy.free_share
    return entry.act in ("promote", "policy")


def _lacking(
    policy: Policy, entry: Entry, approvals: Sequence[Approval], author: tuple[str, str]
) -> str:
    counted = counting(policy, approvals, author=author[0], author_key=author[1])
    if len(counted) < policy.approvals:
        return f"{policy.approvals} approvals are asked for, and {len(counted)} stood."
    failed = [str(gate.get("name")) for gate in entry.gates if gate.get("passed") is not True]
    if failed:
        return f"A gate failed: {failed[0]}."
    if policy.open and not is_known(policy, name=author[0], key=author[1]) and author[1]:
        return f"Its author {author[0]} is known with another key."
    return ""


def _approval(entry: Entry) -> Approval:
    return Approval(who=entry.who, key=entry.signed_by, number=entry.number)
