"""Keyed pseudonyms: the same person is recognised, and nobody without the key can say who it is."""

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from tagline import paths
from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.keys import made_once
from tagline.storage.location import own_store

LENGTH = 32
FORMAT = 1
KEY, HEX = "TAGLINE_PSEUDONYM_KEY", re.compile("[0-9a-f]{64}")


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


def pseudonyms_of(case: str, personal: Sequence[str]) -> Pseudonyms:
    """Give what hides who is meant in the logs of a case, with the case's key.

    Parameters
    ----------
    case : str
        The case.
    personal : sequence of str
        The names of fields that name a person.

    Raises
    ------
    TaglineError
        This machine's key is not the case's: one person would have two names.
    """
    if not personal:
        return Pseudonyms(b"", ())
    store, name = own_store(), f"cases/{case}/pseudonyms.json"
    named = os.environ.get(KEY, "")
    given = bool(HEX.fullmatch(named))  # as a secret of a cluster brings it
    file = Path(f"${KEY}") if given else Path(named or paths.pseudonym_key(case)).expanduser()
    known = store.read(name)
    if known is not None and not given and not file.exists():
        raise _another(file, "This machine has no key")
    check = _check(key := bytes.fromhex(named) if given else read_key(file))
    if known is None:
        store.create(name, as_json({"format": FORMAT, "check": check}))
        known = store.read(name) or b"{}"
    if json.loads(known).get("check") != check:
        raise _another(file, "This machine's key is another one than the case's")
    return Pseudonyms(key, personal)


def read_key(path: Path) -> bytes:
    """Read the key, or make one that only its owner can read."""
    try:
        content = path.read_bytes() if path.exists() else _made(path)
        return bytes.fromhex(content.decode().strip())
    except (OSError, ValueError) as wrong:
        raise TaglineError(f"This is no key of pseudonyms: {wrong}.", where=str(path)) from wrong


def _made(path: Path) -> bytes:
    return made_once(path, secrets.token_hex(32).encode())


def _check(key: bytes) -> str:
    return hashlib.sha256(b"tagline pseudonyms\0" + key).hexdigest()


def _another(file: Path, what: str) -> TaglineError:
    return TaglineError(
        f"{what}: one person would have two names in the log.",
        where=str(file),
        todo=f"Bring the case's key here from the machine or the secret that has it, or name its "
        f"file: {KEY}=/run/secrets/pseudonyms",
    )
