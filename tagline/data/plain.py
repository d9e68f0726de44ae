"""A case without a feature module: the table's own columns are the inputs."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tagline.case.config import Case
from tagline.data.features import Features, Tables
from tagline.data.tables import read_table, require_columns
from tagline.errors import TaglineError
from tagline.inputs.field import Field, Kind

TABLE = "rows"
DAY, HOUR = 86_400, 3_600
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0


def plain_features(case: Case) -> Features:
    """Make a feature module's like from the columns of the table that the case names.

    Raises
    ------
    TaglineError
        The table can not be read, or lacks the id, time or target column.
    """
    table = read_table(case.beside(str(case.table.source)))
    own = (case.table.id, case.table.time, case.table.target, *case.table.exclude)
    require_columns(table, own, where=str(case.table.source))
    moment = Field(case.table.time, "timestamp", description="When the decision is made.")
    fields = (moment, *(_field(table[name]) for name in table.columns if name not in own))

    def load() -> Tables:
        return {TABLE: table}

    def decisions(tables: Tables) -> pd.DataFrame:
        return tables[TABLE].drop(columns=list(case.table.exclude))

    def events(tables: Tables) -> Tables:  # noqa: ARG001 - the shape of a feature module's own
        return {}

    def inputs(xp: Any, row: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for field in fields:
            made |= _inputs_of(xp, field, row, moment=moment.name)
        return made

    return Features(
        module=str(case.table.source),
        fields=fields,
        history=(),
        load=load,
        decisions=decisions,
        events=events,
        inputs=inputs,
    )


def _inputs_of(xp: Any, field: Field, row: Mapping[str, Any], *, moment: str) -> dict[str, Any]:
    value = row[field.name]
    if field.name == moment:
        day = value // DAY
        return {
            f"{moment}_hour": xp.astype(value % DAY, xp.float64) / HOUR,
            f"{moment}_weekday": xp.astype((day + EPOCH_WEEKDAY) % 7, xp.float64),
        }
    if field.kind == "timestamp":
        return {f"{field.name}_days_before": xp.astype(row[moment] - value, xp.float64) / DAY}
    if field.kind == "boolean":
        return {field.name: xp.astype(value, xp.float64)}
    return {field.name: value}


def _field(column: pd.Series) -> Field:
    if len(column) and column.isna().all():
        raise TaglineError(
            f"Column {str(column.name)!r} has no value in any row.",
            todo="Leave it out with table.exclude, or look where its values went.",
        )
    return Field(str(column.name), _kind(column), required=False)


def _kind(column: pd.Series) -> Kind:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "boolean"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "timestamp"
    return "string"
