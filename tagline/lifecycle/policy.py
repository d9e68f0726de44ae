"""What a policy allows: asked before an entry is written, and of every entry that is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagline.lifecycle.entry import Approval, Entry, Policy, StandingName

OWN = "Whoever made a run can not approve it."
ROLES: Mapping[str, str] = {"approve": "approve", "refuse": ""}
FROM: Mapping[str, frozenset[StandingName]] = {
    "promote": frozenset({"candidate", "challenger"}),
    "challenge": frozenset({"candidate", "challenger"}),
    "retire": frozenset({"candidate", "challenger"}),
    "approve": frozenset({"candidate", "challenger"}),
    "restore": frozenset({"retired"}),
}

MESSAGE: Mapping[StandingName, str] = {
    "champion": "It is the champion already.",
    "rejected": "Its gates rejected it.",
    "retired": "It is retired.",
    "candidate": "It is a candidate already.",
    "challenger": "It is a challenger, and no candidate to be made of it.",
}
HINT: Mapping[StandingName, str] = {
    "champion": "To take it back, use `tagline rollback`.",
    "rejected": "`tagline show {run}` says which gates failed.",
    "retired": "`tagline restore {run}` makes it a candidate again; if it was champion once, "
    "`tagline rollback --to {run}` restores it at once.",
    "candidate": "`tagline promote {run}` makes it the champion.",
    "challenger": "`tagline retire {run}` takes its traffic away.",
}


@dataclass(frozen=True)
class Objection:
    """Why something is not allowed.

    Attributes
    ----------
    code : str
        ``person``, ``role``, ``reason``, ``stage``, ``approvals``, ``gate`` or ``author``.
    what : str
        The objection, in one sentence.
    hint : str
        What to do about it, for who asks; may be empty.
    """

    code: str
    what: str
    hint: str = ""


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


def of_person(policy: Policy, act: str, *, name: str, key: str) -> Objection | None:
    """Object to someone who may not do an act."""
    role = role_of(act)
    what = f"{name} may not {act}: the key {key[:16]}… belongs to nobody who may."
    if not is_known(policy, name=name, key=key):
        hint = "The policy of the case names who: `tagline policy show`."
        return Objection("person", what, hint)
    if not may(policy, role, name=name, key=key):
        named = policy.promoters if role == "promote" else policy.approvers
        return Objection(
            "role", what, f"It is for {', '.join(named)}; `tagline policy show` says so."
        )
    return None


def of_reason(policy: Policy, act: str, why: str) -> Objection | None:
    """Object to an act without a reason, where the policy asks for one."""
    if not policy.reason or why.strip():
        return None
    what = f"To {act}, this case asks for a reason."
    return Objection("reason", what, "Give it with --why 'the reason'.")


def of_stage(act: str, run: str, standing: StandingName) -> Objection | None:
    """Object to an act that what a run is for does not allow."""
    if act not in FROM or standing in FROM[act]:
        return None
    return Objection("stage", MESSAGE[standing], HINT[standing].format(run=run))


def of_approvals(
    policy: Policy, given: Sequence[Approval], *, run: str, author: str
) -> Objection | None:
    """Object to too few approvals that count; see `counting`."""
    if len(given) >= policy.approvals:
        return None
    found = ", ".join(each.who for each in given) or "nobody"
    what = f"Approvals asked for, by others than its author {author}: {policy.approvals}"
    hint = f"Each runs `tagline approve {run}`."
    return Objection("approvals", f"{what}; given so far by: {found}.", hint)


def of_gates(gates: Sequence[Mapping[str, Any]]) -> Objection | None:
    """Object to gates that do not pass."""
    failed = [gate for gate in gates if gate.get("passed") is not True]
    if not failed:
        return None
    first = failed[0]
    named = ": ".join(str(first[part]) for part in ("name", "detail") if first.get(part))
    return Objection("gate", f"{len(failed)} of its gates fail now, the first: {named}")


def of_author(policy: Policy, *, name: str, key: str) -> Objection | None:
    """Object to a run whose record is signed by a key that is nobody's whom the policy names."""
    if policy.open or key in policy.people.values():
        return None
    what = f"Its record is signed by {name} with the key {key[:16]}…, which is nobody's whom the "
    hint = "`tagline policy show` says who is; a new person or machine is entered by a new policy."
    return Objection("author", f"{what}policy names.", hint)


def objection(
    policy: Policy,
    entry: Entry,
    *,
    standing: StandingName | None,
    approvals: Sequence[Approval],
    author: tuple[str, str],
) -> Objection | None:
    """Say why a policy does not allow an entry; None where it does.

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
    """
    return next(_objections(policy, entry, standing, approvals, author), None)


def _objections(
    policy: Policy,
    entry: Entry,
    standing: StandingName | None,
    approvals: Sequence[Approval],
    author: tuple[str, str],
) -> Iterator[Objection]:
    if not role_of(entry.act):
        # Whoever is refused may say so, but not by another's name.
        if policy.people.get(entry.who, entry.signed_by) != entry.signed_by:
            yield Objection("person", f"It is not signed with the key of {entry.who}.")
        return
    asked = [
        of_person(policy, entry.act, name=entry.who, key=entry.signed_by),
        of_reason(policy, entry.act, entry.why),
        of_stage(entry.act, entry.run, standing) if standing is not None else None,
    ]
    if entry.act == "approve":
        own = Approval(who=entry.who, key=entry.signed_by, number=entry.number)
        if not counting(policy, [own], author=author[0], author_key=author[1]):
            asked.append(Objection("author", OWN))
    if asks_as_a_promotion(policy, entry):
        counted = counting(policy, approvals, author=author[0], author_key=author[1])
        asked.append(of_approvals(policy, counted, run=entry.run, author=author[0]))
        asked.append(of_gates(entry.gates))
        if policy.open and author[1] and not is_known(policy, name=author[0], key=author[1]):
            what = f"Its author {author[0]} is known with another key."
            asked.append(Objection("author", what))
    yield from filter(None, asked)


def asks_as_a_promotion(policy: Policy, entry: Entry) -> bool:
    """Tell whether an entry asks for what a promotion asks for."""
    if entry.act == "challenge":
        shares = (each.share for each in entry.standing.challengers if each.run == entry.run)
        return max(shares, default=0) > policy.free_share
    return entry.act in ("promote", "policy")
