"""Declarations and the schemas of their streams as plain data, so that a bundle can keep them."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import pandas as pd

from tagline.errors import TaglineError
from tagline.history.declare import Count, Declaration, Events

DECLARATIONS: dict[str, type[Declaration]] = {each.__name__: each for each in get_args(Declaration)}
USUAL = (("value", None), ("strictly_before", False))
Schemas = dict[str, dict[str, str]]


def to_dict(declared: Declaration) -> dict[str, Any]:
    """Give a declaration as plain JSON data.

    Examples
    --------
    >>> from tagline.history.declare import Mean
    >>> late = Mean("late", Events("gone"), "delay", by=("origin",), window="2h")
    >>> from_dict(to_dict(late)) == late
    True
    """
    said = {"kind": type(declared).__name__, **dataclasses.asdict(declared)}
    # What bundles were sealed with before is called as it was.
    return {name: each for name, each in said.items() if (name, each) not in USUAL}


def from_dict(values: Mapping[str, Any]) -> Declaration:
    """Make a declaration of what `to_dict` gave.

    Raises
    ------
    TaglineError
        It is no declaration.
    """
    rest = {name: value for name, value in values.items() if name != "kind"}
    try:
        kind = DECLARATIONS[values["kind"]]
        rest |= {"events": Events(**rest["events"]), "by": tuple(rest["by"])}
        return kind(**rest)
    except (KeyError, TypeError) as wrong:
        raise TaglineError(f"This is no declaration of history: {wrong}.") from wrong


def columns(declared: Declaration) -> tuple[str, ...]:
    """Name the columns of its stream that a declaration reads."""
    value = () if isinstance(declared, Count) or declared.value is None else (declared.value,)
    where = () if declared.where is None else (declared.where,)
    return (declared.events.occurred_at, declared.events.known_at, *declared.by, *value, *where)


def schemas(declarations: Sequence[Declaration], events: Mapping[str, pd.DataFrame]) -> Schemas:
    """Say what the streams hold: stream to column to its kind.

    Parameters
    ----------
    declarations : sequence of declarations
        Only the columns that they read are described.
    events : mapping of str to DataFrame
        The streams.

    Returns
    -------
    dict
        ``timestamp``, ``number`` (flags among them) or ``string`` for each column that is there.
    """
    found: Schemas = {}
    for declared in declarations:
        stream = events.get(declared.events.name, pd.DataFrame())
        described = found.setdefault(declared.events.name, {})
        described |= {name: _kind(stream[name]) for name in columns(declared) if name in stream}
    return found


def expect_schemas(wanted: Mapping[str, Mapping[str, str]], found: Schemas) -> None:
    """Refuse streams that hold something else than what history was declared on.

    Raises
    ------
    TaglineError
        A column is of another kind than it was; names every such column.
    """
    changed = list(_changed(wanted, found))
    if changed:
        raise TaglineError(f"{'; '.join(changed)}.", where="history")


def _changed(wanted: Mapping[str, Mapping[str, str]], found: Schemas) -> Iterator[str]:
    for stream, described in wanted.items():
        for name, kind in described.items():
            now = found.get(stream, {}).get(name, "not there")
            if now != kind:
                yield f"column {name!r} of the events {stream!r} was {kind} and is {now} now"


def _kind(values: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return "timestamp"
    return "number" if pd.api.types.is_numeric_dtype(values.dtype) else "string"
