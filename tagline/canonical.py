"""Plain data: as JSON in one way only, so that the same data has the same digest."""

import json
from dataclasses import fields
from typing import Any


def as_json(value: Any) -> bytes:
    r"""Write plain data as JSON in one way only, readable by people.

    Examples
    --------
    >>> as_json({"b": 1, "a": None})
    b'{\n  "a": null,\n  "b": 1\n}\n'
    """
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def fields_of(value: Any) -> dict[str, Any]:
    """Give a dataclass as a dict of its fields, as they are: who reads it needs no class of ours.

    Examples
    --------
    >>> from dataclasses import make_dataclass
    >>> fields_of(make_dataclass("Point", ["x", "y"])(1, 2))
    {'x': 1, 'y': 2}
    """
    return {each.name: getattr(value, each.name) for each in fields(value)}
