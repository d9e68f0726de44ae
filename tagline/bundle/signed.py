"""Plain data that its author signed, with a number that says how it is read."""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.keys import is_signed_by

FORMAT = 1
SIGNATURE = "signature"


def signed(said: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Write plain data with a signature, in one way only."""
    return as_json({**said, SIGNATURE: key.sign(as_json(said)).hex()})


def verified(content: bytes, *, where: str) -> dict[str, Any]:
    """Read what `signed` wrote, whoever wrote it, if it is as its author signed it.

    Parameters
    ----------
    content : bytes
        JSON with ``format``, ``author_key`` and ``signature`` beside all else.
    where : str
        Its name, for messages.

    Returns
    -------
    dict
        All but the signature.

    Raises
    ------
    TaglineError
        It is none, is of a newer format, or was changed.
    """
    try:
        said = dict(json.loads(content))
        version, key = int(said["format"]), str(said["author_key"])
        signature = str(said.pop(SIGNATURE))
        whole, own = as_json({**said, SIGNATURE: signature}), as_json(said)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as wrong:
        raise TaglineError(
            f"This is no record of a run: {type(wrong).__name__}: {wrong}.", where=where
        ) from wrong
    if version > FORMAT:
        raise TaglineError(
            f"This record is of format {version}, and this Tagline reads up to {FORMAT}.",
            where=where,
            todo="Use the Tagline that wrote it, or a newer one.",
        )
    # What is signed is the file as it is: no other way to write the same is accepted.
    if whole != content or not is_signed_by(key, signature, own):
        raise TaglineError(
            "This record is not as its author signed it: somebody has changed it.", where=where
        )
    return said
