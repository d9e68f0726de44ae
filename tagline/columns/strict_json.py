"""JSON as its parsers read it: of a key that comes twice, the last one counts."""

import json
from typing import Any

import msgspec


class Malformed(ValueError):
    """It is no JSON."""


def parsed(body: bytes) -> Any:
    """Parse JSON, of which `msgspec` is stricter than `json`: no NaN, no stray bytes.

    Raises
    ------
    Malformed
        It is none.
    """
    try:
        msgspec.json.decode(body)
        return json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise Malformed(said(wrong)) from wrong


def said(wrong: Exception) -> str:
    """Say why it could not be read."""
    return "it is nested too deeply" if isinstance(wrong, RecursionError) else str(wrong)
