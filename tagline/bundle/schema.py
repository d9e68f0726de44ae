"""The schema of a request, for callers and for the server."""

from collections.abc import Sequence
from typing import Any

from tagline.columns.field import Field


def request_schema(
    fields: Sequence[Field], *, title: str, example: dict[str, Any]
) -> dict[str, Any]:
    """Describe one request as JSON Schema (draft 2020-12).

    Parameters
    ----------
    fields : sequence of Field
        The raw fields.
    title : str
        What is asked.
    example : dict
        One valid request.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": {field.name: _property(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
        "examples": [example],
    }


def _property(field: Field) -> dict[str, Any]:
    described = {"description": field.description} if field.description else {}
    limits: dict[str, Any] = {
        "minimum": field.minimum,
        "maximum": field.maximum,
        "enum": None if field.allowed is None else list(field.allowed),
        "x-unit": field.unit or None,
    }
    given = dict(field.type.json) | {
        name: limit for name, limit in limits.items() if limit is not None
    }
    return described | (given if field.required else _or_null(given))


def _or_null(given: dict[str, Any]) -> dict[str, Any]:
    own = given["type"]
    or_null = given | {"type": [*([own] if isinstance(own, str) else own), "null"]}
    return or_null | ({"enum": [*given["enum"], None]} if "enum" in given else {})
