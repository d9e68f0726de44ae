"""A feature module that adds to a table's own columns, and says nothing of the rest."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tagline.case.config import Case
from tagline.case.history import FieldSection
from tagline.columns.field import Field
from tagline.data.features import Features, InputFunction, Tables
from tagline.data.own_code import OwnModule
from tagline.errors import TaglineError
from tagline.names import near

OF_A_WHOLE = "decisions"


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
    own = () if as_read else tuple(getattr(module, "FIELDS", ()))
    history = (*base.history, *getattr(module, "HISTORY", ()))
    inputs = _beside(base, tuple(getattr(module, "HISTORY", ())), getattr(module, "inputs", None))
    return replace(
        base,
        module=named,
        fields=_named_fields(base.fields, own, case.fields, where=f"{named}: FIELDS"),
        history=history,
        load=_with_more(base, getattr(module, "load", None)),
        events=_with_streams(base, getattr(module, "events", None)),
        inputs=inputs,
    )


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
        said[name] = said[name].replace(**put_right[name].model_dump())
    return tuple(said.get(field.name, field) for field in read)


def _beside(base: Features, history: tuple[Any, ...], own: InputFunction | None) -> InputFunction:
    def inputs(xp: Any, row: Mapping[str, Any]) -> dict[str, Any]:
        made = base.inputs(xp, row) | {each.name: row[each.name] for each in history}
        made |= {} if own is None else own(xp, row)
        return {name: value for name, value in made.items() if value is not None}

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
