"""JSON that can be read in one way only."""

import json
from typing import Any

import msgspec


class Malformed(ValueError):
    """It is no JSON, or JSON that can be read in two ways."""


def parsed(body: bytes) -> Any:
    """Parse JSON that names no key twice.

    Raises
    ------
    Malformed
        It does, or is no JSON.
    """
    try:
        msgspec.json.decode(body)  # stricter than json: no NaN, no stray bytes
        return json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError) as wrong:
        raise Malformed(said(wrong)) from wrong


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("it names the same key twice")
    return found


def said(wrong: Exception) -> str:
    """Say why it could not be read."""
    return "it is nested too deeply" if isinstance(wrong, RecursionError) else str(wrong)
