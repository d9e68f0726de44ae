"""Plain data as JSON in one way only, so that the same data has the same digest."""

import json
from typing import Any


def as_json(value: Any) -> bytes:
    r"""Write plain data as JSON in one way only, readable by people.

    Examples
    --------
    >>> as_json({"b": 1, "a": None})
    b'{\n  "a": null,\n  "b": 1\n}\n'
    """
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
