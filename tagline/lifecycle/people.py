"""Who acts: a person is known by a key, not by the name that a machine gives."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.case.standing import StandingSection
from tagline.keys import public_hex
from tagline.lifecycle.entry import Policy


@dataclass(frozen=True)
class Actor:
    """Someone who changes a standing.

    Attributes
    ----------
    name : str
        As the policy names the owner of the key; the login where it does not.
    key : Ed25519PrivateKey
        Signs what is done.
    """

    name: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public half of the key, in hexadecimal."""
        return public_hex(self.key)


def actor(policy: Policy, *, login: str, key: Ed25519PrivateKey) -> Actor:
    """Find out who acts.

    Parameters
    ----------
    policy : Policy
        Whose key is whose.
    login : str
        The name that the machine gives.
    key : Ed25519PrivateKey
        The key that is at hand.
    """
    return Actor(label(policy, login, public_hex(key)), key)


def label(policy: Policy, login: str, public: str) -> str:
    """Give the name of the owner of a key: who acts is the key, and its name a label for people.

    Parameters
    ----------
    policy : Policy
        Whose key is whose: whom it names is called so.
    login : str
        The name that a machine gives; where it is another key's, some digits follow it.
    public : str
        The public key, in hexadecimal.
    """
    named = next((name for name, known in policy.people.items() if known == public), "")
    return named or (f"{login} ({public[:8]})" if login in policy.people else login)


def proposed(section: StandingSection) -> Policy:
    """Give the policy that a case's config proposes: open to whoever comes where it names no keys.

    Parameters
    ----------
    section : StandingSection
        The part of the config.
    """
    return Policy(
        people=dict(section.keys),
        open=not section.keys,
        promoters=section.promoters,
        approvers=section.approvers,
        approvals=section.approvals,
        reason=section.reason,
        free_share=section.free_share,
    )


def differences(stands: Policy, wanted: Policy) -> list[str]:
    """Say in what a proposed policy differs from the one that stands, a line each."""
    found = []
    for name in Policy.model_fields:
        old, new = getattr(stands, name), getattr(wanted, name)
        if name == "people" and stands.open and wanted.open:
            continue
        if old != new:
            found.append(f"{name}: {_said(old)} stands, {_said(new)} is proposed")
    return found


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {key[:8]}…" for name, key in sorted(value.items())) or "nobody"
    if isinstance(value, tuple):
        return ", ".join(value) or "everyone"
    return str(value)
