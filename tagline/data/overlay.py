"""A feature module that adds to a table's own columns, and says nothing of the rest."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tagline.case.config import Case
from tagline.case.history import FieldSection
from tagline.columns.field import Field
from tagline.data.features import Features, InputFunction, Tables
from tagline.data.own_code import OwnModule
from tagline.data.plain import parts_of_fields
from tagline.errors import TaglineError
from tagline.history.declare import Declaration
from tagline.names import near

OF_A_WHOLE = "decisions"
CALLED = {"FIELDS": "Field", "HISTORY": "declaration of history, such as Count(...)"}


def laid_over(case: Case, base: Features, module: OwnModule, *, as_read: bool) -> Features:
    """Lay what a module offers over the features of a table's own columns.

    Fields are as the table was read, but for those that ``FIELDS`` names; all columns and history
    pass through as inputs, but for those that ``inputs`` names: another value takes the place of
    one, and None leaves it out.

    Parameters
    ----------
    case : Case
        Its ``table.source`` has the rows.
    base : Features
        The table's own, with the module's optional parts.
    module : OwnModule
        What offers any of ``FIELDS``, ``HISTORY``, ``load``, ``events`` and ``inputs``.
    as_read : bool
        Whether the fields of `base` are those of a training, and so have the module's already.

    Raises
    ------
    TaglineError
        The module makes the rows itself, or names a field that the table does not have.
    """
    named = str(case.features)
    if hasattr(module, OF_A_WHOLE):
        raise TaglineError(
            f"{named} makes the rows itself, with decisions(), and table.source names others.",
            where=f"{case.file}: table.source",
            todo="Leave out one of them.",
        )
    own = () if as_read else _several(module, "FIELDS", Field)
    past = _several(module, "HISTORY", Declaration)
    history = (*base.history, *past)
    parts = parts_of_fields(base.fields, moment=case.table.time)
    inputs = _beside(base, past, getattr(module, "inputs", None), parts)
    return replace(
        base,
        module=named,
        fields=_named_fields(base.fields, own, case.fields, where=f"{named}: FIELDS"),
        history=history,
        load=_with_more(base, getattr(module, "load", None)),
        events=_with_streams(base, getattr(module, "events", None)),
        inputs=inputs,
    )


def _several(module: OwnModule, name: str, of: Any) -> tuple[Any, ...]:
    given = getattr(module, name, ())
    found = given if isinstance(given, list | tuple) else (given,)
    for each in found:
        if not isinstance(each, of):
            raise TaglineError(
                f"{name} holds {each!r}, which is no {CALLED[name]}.",
                where=f"{module.name}: {name}",
                todo="docs/case.md shows what a feature module offers.",
            )
    return tuple(found)


def _named_fields(
    read: tuple[Field, ...],
    own: tuple[Field, ...],
    put_right: Mapping[str, FieldSection],
    *,
    where: str,
) -> tuple[Field, ...]:
    names = [field.name for field in read]
    for field in own:
        if field.name not in names:
            raise TaglineError(
                f"The table has no column {field.name!r}{near(field.name, names)}.", where=where
            )
    said = {field.name: field for field in own}
    for name in (name for name in said if name in put_right):
        if said[name].cleaning.changes or said[name].missing:
            raise TaglineError(
                f"{name!r} is put right by the module and by [fields.{name}] of the config.",
                where=where,
                todo="Leave out one of them.",
            )
        said[name] = said[name].replace(**put_right[name].cleaning)
    return tuple(said.get(field.name, field) for field in read)


def _beside(
    base: Features,
    history: tuple[Any, ...],
    own: InputFunction | None,
    parts: Mapping[str, tuple[str, ...]],
) -> InputFunction:
    def inputs(xp: Any, row: Mapping[str, Any]) -> dict[str, Any]:
        made = base.inputs(xp, row) | {each.name: row[each.name] for each in history}
        given = {} if own is None else own(xp, row)
        if not isinstance(given, Mapping):
            raise TaglineError(
                f"inputs gives {type(given).__name__}, and names to values are wanted.",
                todo='return {"price_each": row["amount"] / row["items"]}',
            )
        for name in (name for name, value in given.items() if value is None):
            # A column may be several inputs: a time is an hour and a weekday.
            gone = (name,) if name in made else parts.get(name, ())
            if not gone:
                raise TaglineError(
                    f"inputs leaves {name!r} out{near(name, made)}, and there is no such input.",
                    todo=f"Inputs are {', '.join(made)}.",
                )
            for each in gone:
                made.pop(each, None)
        return made | {name: value for name, value in given.items() if value is not None}

    return inputs


def _with_more(base: Features, own: Any) -> Any:
    if own is None:
        return base.load

    def load() -> Tables:
        return {**own(), **base.load()}

    return load


def _with_streams(base: Features, own: Any) -> Any:
    if own is None:
        return base.events

    def events(tables: Tables) -> Tables:
        return {**base.events(tables), **own(tables)}

    return events
