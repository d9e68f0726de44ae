"""The keys that sign bundles and entries of a ledger: made on first use, kept out of git."""

import os
import re
from collections.abc import Container
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tagline.errors import TaglineError
from tagline.storage.files import create_whole

KEY, TRUSTED = "TAGLINE_SIGNING_KEY", "TAGLINE_TRUSTED_KEYS"
PEM, DEPLOYED = "-----BEGIN", "ARGO_WORKFLOW_TEMPLATE"
PRIVATE = 0o600
PUBLIC = re.compile("[0-9a-f]{64}")


def key_path() -> Path:
    """Say where the signing key is: ``$TAGLINE_SIGNING_KEY``, else the user's config folder."""
    named = os.environ.get(KEY)
    if named:
        return Path(named).expanduser()
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "tagline" / "signing.key"


def signing_key() -> Ed25519PrivateKey:
    """Read the signing key, or make one that only its owner can read.

    ``$TAGLINE_SIGNING_KEY`` names its file, or is the key itself, as secrets of a cluster are.

    Raises
    ------
    TaglineError
        The file holds no Ed25519 key, or can not be read or made; or this is a task of a cluster,
        which would sign with a key that nobody has afterwards.
    """
    named = os.environ.get(KEY, "")
    path = Path("$" + KEY) if PEM in named else key_path()
    expect_key()
    try:
        content = named.encode() if PEM in named else _made(path)
        key = serialization.load_pem_private_key(content, password=None)
    except (OSError, ValueError, TypeError) as wrong:
        raise TaglineError(f"The signing key can not be used: {wrong}.", where=str(path)) from wrong
    if not isinstance(key, Ed25519PrivateKey):
        raise TaglineError("The signing key is no Ed25519 key.", where=str(path))
    return key


def trusted_keys() -> frozenset[str]:
    """Give the public keys whose signatures count, in hexadecimal.

    Returns
    -------
    frozenset of str
        One's own, and those that ``$TAGLINE_TRUSTED_KEYS`` names: a file with one key a line,
        or a folder of such files.

    Raises
    ------
    TaglineError
        They can not be read, or a line is no key.
    """
    named = os.environ.get(TRUSTED)
    listed = _listed(Path(named).expanduser()) if named else []
    has_own = PEM in os.environ.get(KEY, "") or key_path().exists()
    own = [public_hex(signing_key())] if has_own else []
    return frozenset([*listed, *own])


class Anyone(Container[str]):
    """Trusts every key: where whoever comes is entered, or only the content counts."""

    def __contains__(self, key: object) -> bool:
        return True


def public_hex(key: Ed25519PrivateKey) -> str:
    """Give the public half of a key in hexadecimal."""
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    return key.public_key().public_bytes(*raw).hex()


def is_signed_by(public: str, signature: str, content: bytes) -> bool:
    """Tell whether a signature of the content is by the public key, both in hexadecimal."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _listed(path: Path) -> list[str]:
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        keys = [word for file in files for word in file.read_text().split()]
    except (OSError, UnicodeDecodeError) as wrong:
        raise TaglineError(
            f"The trusted keys can not be read: {wrong}.", where=str(path)
        ) from wrong
    strange = [key for key in keys if not PUBLIC.fullmatch(key)]
    if strange:
        raise TaglineError(
            f"{strange[0][:20]!r} is no public key.",
            where=str(path),
            todo="Write one key a line, 64 hexadecimal digits in lower case.",
        )
    return keys


def made_once(path: Path, content: bytes) -> bytes:
    """Write a secret that only its owner can read, unless it is there; give what is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return content if create_whole(path, content, mode=PRIVATE) else path.read_bytes()


def expect_key() -> None:
    """Refuse to go on where a key that is made now would end with its machine.

    Raises
    ------
    TaglineError
        This is a task of a cluster, and no secret brings a key.
    """
    if os.environ.get(DEPLOYED) and not os.environ.get(KEY):
        raise TaglineError(
            "This task of a cluster has no signing key, and one that is made now ends with it.",
            todo=f"Bring one as a secret: METAFLOW_KUBERNETES_SECRETS=NAME, with {KEY} in it.",
        )


def _made(path: Path) -> bytes:
    if path.exists():
        return path.read_bytes()
    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made_once(path, content)
