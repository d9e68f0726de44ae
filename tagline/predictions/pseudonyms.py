"""Keyed pseudonyms: the same person is recognised, and nobody without the key can say who it is."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from pathlib import Path

from tagline.keys import made_once

LENGTH = 32


class Pseudonyms:
    """Replaces what names a person.

    Parameters
    ----------
    key : bytes
        Secret; whoever has it can try names.
    personal : iterable of str
        The names of fields that name a person.
    """

    def __init__(self, key: bytes, personal: Iterable[str]) -> None:
        self._key, self.personal = key, frozenset(personal)

    def of(self, field: str, value: object) -> str:
        """Give the pseudonym of a value: HMAC-SHA256 of field and value, 128 bits of it."""
        said = f"{field}\0{value}".encode()
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()[:LENGTH]

    def kept(self, field: str, value: object) -> object:
        """Give what may be kept of a value: itself, or its pseudonym; nothing stays nothing."""
        if field not in self.personal or value is None or value != value or value == "":
            return value
        return self.of(field, value)


def pseudonym_key(path: Path) -> bytes:
    """Read the key, or make one that only its owner can read."""
    if path.exists():
        return bytes.fromhex(path.read_text().strip())
    return bytes.fromhex(made_once(path, secrets.token_hex(32).encode()).decode())
