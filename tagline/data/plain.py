"""A case without a feature module: the table's own columns are the inputs."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.config import NO_TIME, ROW_ID, Case
from tagline.columns.cleaning import Cleaning
from tagline.columns.field import Field
from tagline.columns.infer import Recognised, recognise
from tagline.data.features import Features, Tables
from tagline.data.files import File
from tagline.data.origins import never_read
from tagline.data.streams import declared_history, declared_streams, read_streams, streams_of
from tagline.data.tables import read_raw, require_columns
from tagline.errors import TaglineError
from tagline.history.declare import Declaration
from tagline.names import free, near

TABLE = "rows"


def plain_features(case: Case, fields: Sequence[Field] | None = None) -> Features:
    """Make a feature module's like from the columns of the table that the case names.

    Parameters
    ----------
    case : Case
        The case.
    fields : sequence of Field, optional
        What the columns were taken for before; else the table is read and says it.

    Raises
    ------
    TaglineError
        The table can not be read, or lacks the id, time or target column.
    """
    file = None if fields is not None else _file(case)
    own, hints = (tuple(fields or ()), {}) if file is None else _fields(case, file.frame)
    notes = () if file is None else (*file.notes, *_new_columns(case, file.frame))
    if not own:
        raise TaglineError(
            "No column is left as an input.",
            where=f"{case.file}: table",
            todo="Leave fewer out with table.exclude, or bring what is known at the decision.",
        )
    names = _input_names(own, moment=case.table.time)

    history = _past(case, names.values())

    def load() -> Tables:
        own = (_file(case) if file is None else file).frame
        return {TABLE: own, **read_streams(case)}

    def decisions(tables: Tables) -> pd.DataFrame:
        return with_made(tables[TABLE], case)

    def events(tables: Tables) -> Tables:
        return streams_of(case, tables)

    def inputs(xp: Any, row: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for field in own:
            made |= _inputs_of(xp, field, row, names)
        return made | {each.name: row[each.name] for each in history}

    return Features(
        module=str(case.table.source),
        fields=own,
        history=history,
        load=load,
        decisions=decisions,
        events=events,
        inputs=inputs,
        notes=notes,
        hints=hints,
        not_read=0 if file is None else file.not_read,
    )


def _past(case: Case, inputs: Collection[str]) -> tuple[Declaration, ...]:
    history = declared_history(case, declared_streams(case))
    for name in (each.name for each in history if each.name in inputs):
        raise TaglineError(
            f"The history {name!r} is called like an input of the table's own.",
            where=f"{case.file}: history.{name}",
            todo="Give it a name of its own.",
        )
    return history


def _file(case: Case) -> File:
    section = case.table
    file = read_raw(case, str(section.source), exclude=never_read(case), strict=False)
    own = (section.id, section.time, section.target, section.observed, section.weight)
    named = (*own, case.split.group, *section.known, *section.kinds, *section.formats)
    for name in (str(name) for name in named if name in file.unreadable):
        raise TaglineError(
            f"Column {name!r} {file.unreadable[name]}.",
            where=str(section.source),
            todo="Write what it means as columns, or name another one.",
        )
    require_columns(file.frame, tuple(filter(None, own)), where=str(section.source))
    for name in section.made:
        if name in file.frame:
            key = "id" if name == ROW_ID else "time"
            raise TaglineError(
                f"The table has a column {name!r}, which is what a made one is called.",
                where=str(section.source),
                todo=f'Say what it is, {key} = "{name}" under [table], give it another name, or '
                f'leave it out: exclude = ["{name}"].',
            )
    return file


def with_made(rows: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Add the columns that no column of the table is named for: row numbers, and one moment."""
    made: dict[str, Any] = {
        ROW_ID: np.arange(1, len(rows) + 1),
        NO_TIME: pd.Timestamp(0, tz="UTC"),
    }
    return rows.assign(**{name: made[name] for name in case.table.made})


def _fields(case: Case, table: pd.DataFrame) -> tuple[tuple[Field, ...], dict[str, str]]:
    section = case.table
    # An input, or history, may be known at the decision too; a module has names of its own.
    known = [n for n in section.known if n not in case.history and not case.features]
    asked = (*section.kinds, *section.formats, *known, *section.columns, *case.fields)
    for name in asked:
        if name in section.exclude:
            raise TaglineError(
                f"The config speaks of {name!r}, which table.exclude leaves out.",
                where=f"{case.file}: table",
                todo="Take it out of one of the two.",
            )
        if name not in table:
            raise TaglineError(
                f"The config speaks of {name!r}{near(name, table.columns)}, which is no column.",
                where=f"{case.file}: table",
            )
    beside = (section.target, section.observed, section.weight)
    own = {section.id, section.time, *beside, *section.exclude}
    own |= set(_unwanted(case, table))
    empty = [n for n in table.columns if n not in own and len(table) and table[n].isna().all()]
    if empty:
        named = ", ".join(f'"{name}"' for name in empty)
        verb = "has" if len(empty) == 1 else "have"
        raise TaglineError(
            f"{', '.join(map(repr, empty))} {verb} no value in any row.",
            where=f"{case.file}: table",
            todo=f"Leave them out, exclude = [{named}] under [table], or look where their values "
            "went.",
        )
    found = [_recognised(case, table[name]) for name in table.columns if name not in own]
    moment = None
    if section.time is not None:
        written = section.formats.get(section.time)
        moment = recognise(table[section.time], kind="timestamp", format=written)
        found = [moment, *found]
    fields = tuple(
        Field(
            each.name,
            each.kind,
            description="When the decision is made." if each is moment else "",
            required=each is moment,
            format=each.format,
            **_put_right(case, each.name),
        )
        for each in found
    )
    strangers = [name for name in case.fields if name not in {each.name for each in fields}]
    if strangers:
        raise TaglineError(
            f"{strangers[0]!r} is no field of a request: it is left out, or names something else.",
            where=f"{case.file}: fields.{strangers[0]}",
        )
    return fields, {each.name: each.hint for each in found if each.hint}


def _unwanted(case: Case, table: pd.DataFrame) -> list[str]:
    section = case.table
    named = (section.id, section.time, section.target, section.observed, section.weight)
    kept = {*section.columns, *named, *section.exclude, *case.table.made, case.split.group}
    return [name for name in table.columns if section.columns and name not in kept]


def _new_columns(case: Case, table: pd.DataFrame) -> tuple[str, ...]:
    new = _unwanted(case, table)
    told = f"{len(new)} columns are left out, which table.columns does not name: {', '.join(new)}"
    return (told,) if new else ()


def _put_right(case: Case, name: str) -> dict[str, Any]:
    return case.fields[name].cleaning if name in case.fields else {}


def _recognised(case: Case, given: pd.Series) -> Recognised:
    name = str(given.name)
    # What means no value says nothing of what the others are.
    column = Cleaning(**_put_right(case, name)).column(given).rename(name)
    return recognise(column, kind=case.table.kinds.get(name), format=case.table.formats.get(name))


def _input_names(fields: Sequence[Field], *, moment: str | None) -> dict[tuple[str, str], str]:
    # A column may be called as an input made of another one would be.
    made = {each.name: each.type.parts(is_moment=each.name == moment) for each in fields}
    names = {(name, ""): name for name, parts in made.items() if "" in parts}
    for name, parts in made.items():
        for part in filter(None, parts):
            names[name, part] = free(f"{name}_{part}", names.values())
    return names


def parts_of_fields(fields: Sequence[Field], *, moment: str | None) -> dict[str, tuple[str, ...]]:
    """Give the inputs that each column is made into."""
    names = _input_names(fields, moment=moment)
    return {
        field.name: tuple(made for (name, _), made in names.items() if name == field.name)
        for field in fields
    }


def _inputs_of(
    xp: Any, field: Field, row: Mapping[str, Any], names: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    moment = next((name for name, part in names if part == "hour"), None)
    # Without a time of the decision, others are told apart by how far they are from 1970.
    asked = 0 if moment is None else None if field.name == moment else row[moment]
    made = field.type.inputs(xp, row[field.name], asked)
    return {names[field.name, part]: value for part, value in made.items()}
