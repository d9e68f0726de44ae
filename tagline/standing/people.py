"""Who acts: a person is known by a key, not by the name that a machine gives."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.case.standing import StandingSection
from tagline.keys import public_hex


@dataclass(frozen=True)
class Actor:
    """Someone who changes a standing.

    Attributes
    ----------
    name : str
        As the case's config names the owner of the key; the login where it does not.
    key : Ed25519PrivateKey
        Signs what is done.
    """

    name: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public half of the key, in hexadecimal."""
        return public_hex(self.key)


def actor(section: StandingSection, *, login: str, key: Ed25519PrivateKey) -> Actor:
    """Find out who acts.

    Parameters
    ----------
    section : StandingSection
        Whose key is whose.
    login : str
        The name that the machine gives.
    key : Ed25519PrivateKey
        The key that is at hand.
    """
    public = public_hex(key)
    named = (name for name, known in section.keys.items() if known == public)
    return Actor(next(named, login), key)


def may(section: StandingSection, role: str, *, name: str, public: str) -> bool:
    """Tell whether someone, known by a name and a public key, may ``promote`` or ``approve``."""
    named = section.promoters if role == "promote" else section.approvers
    return not named or (name in named and section.keys.get(name) == public)
