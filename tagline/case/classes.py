"""How classes are written in answers, outcomes and configs, whatever their type in the table."""

from collections.abc import Sequence
from typing import Any

Value = str | bool | int | float


def class_texts(classes: Sequence[Value]) -> list[str]:
    """Give how classes are written: 1, 1.0 and "1" alike."""
    return [_text(each) for each in classes]


def class_of(said: Any, classes: Sequence[Value]) -> int | None:
    """Give the place of the class that somebody means; None where it is none of them."""
    texts = class_texts(classes)
    if not isinstance(said, str | bool | int | float) or _text(said) not in texts:
        return None
    return texts.index(_text(said))


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
