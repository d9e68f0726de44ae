"""The data contract: which rows may be used, and the reason for each that may not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.classes import Value
from tagline.case.config import ContractSection, TableSection
from tagline.columns.field import Field
from tagline.columns.infer import Recognised, Taken, counted, recognise
from tagline.columns.kinds import NOTHING
from tagline.columns.rows import Rows, faults, read_rows
from tagline.columns.values import as_ids
from tagline.data.accounting import with_reasons
from tagline.data.tables import require_columns
from tagline.errors import TaglineError
from tagline.names import free, near
from tagline.tasks.label import Label
from tagline.tasks.task import Task
from tagline.tasks.tasks import TASKS

Mask = npt.NDArray[np.bool_]
REASON = "reason"


@dataclass(frozen=True)
class ValidationResult:
    """What the contract made of a decision table.

    Attributes
    ----------
    rows : DataFrame
        The rows that keep the contract, columns in the types of their fields.
    raw : DataFrame
        The same rows as they came in, for whoever reads them by other fields.
    quarantine : DataFrame
        The rows that break it as they came in; the last column has the reasons, and is called
        ``reason`` where the table has no column of that name.
    rows_in : int
        Rows that came in.
    reasons : dict
        Reason to the number of rows that it holds for; a row may have several.
    fields : tuple of Field
        The fields, with the formats and zones by which their times were read.
    taken : tuple of Taken
        What each column was taken for.
    meaning : dict
        ``1`` and ``0`` to the value of the target that stands for each.
    """

    rows: pd.DataFrame
    raw: pd.DataFrame
    quarantine: pd.DataFrame
    rows_in: int
    reasons: dict[str, int]
    fields: tuple[Field, ...]
    taken: tuple[Taken, ...]
    meaning: Mapping[str, Value]

    @property
    def quarantined(self) -> str:
        """How many rows break it, and why, for a line of a log."""
        return with_reasons(len(self.quarantine), self.reasons)

    def in_time_order(self, time: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Give `rows` and `raw` in the order of a time column, numbered from 0."""
        # Without a zone, since pandas gives zoned times as objects.
        moments = self.rows[time].dt.tz_convert("UTC").dt.tz_localize(None)
        order = np.argsort(moments.to_numpy(), kind="stable")
        rows, raw = (each.iloc[order].reset_index(drop=True) for each in (self.rows, self.raw))
        return rows, raw


def check(
    decisions: pd.DataFrame,
    *,
    fields: Sequence[Field],
    table: TableSection,
    contract: ContractSection,
    now: pd.Timestamp,
    where: str,
    timezone: str = "UTC",
    hints: Mapping[str, str] = MappingProxyType({}),
    rows_before: int | None = None,
    task: Task | None = TASKS["binary"],
) -> ValidationResult:
    """Part the rows that keep the contract from those that break it.

    Parameters
    ----------
    decisions : DataFrame of shape (rows, columns)
        One row a decision, as the case made them.
    fields : sequence of Field
        The raw request fields with types, ranges and allowed values.
    table : TableSection
        Names the id, time and target columns.
    contract : ContractSection
        Limits on the table as a whole.
    now : Timestamp with time zone
        What counts as the future.
    where : str
        What to call the table in messages.
    timezone : str, optional
        The zone of times that bear none.
    hints : mapping of str to str, optional
        Column to what a person should know of how it was taken.
    rows_before : int, optional
        Rows that the last run was given.
    task : Task, optional
        How labels are read; they are not where None.

    Raises
    ------
    TaglineError
        The table as a whole can not be used: a missing or empty column, times that fit two
        formats, too few rows, stale or changed in unit, or more rows in quarantine than the
        contract allows.
    """
    # Masks are by place; an index with gaps would part them from their rows.
    decisions = decisions.reset_index(drop=True)
    # What a row weighs is of no matter to whoever only answers it.
    weighed = _weight(decisions, table) if table.weight and task else []
    asked = [*fields, *weighed]
    _whole_table(decisions, fields=asked, table=table, contract=contract, where=where)
    _row_count(len(decisions), contract=contract, before=rows_before, where=where)
    worded = [
        each.replace(missing=tuple(dict.fromkeys((*each.missing, *table.missing))))
        for each in fields
    ]
    known = [_resolved(decisions, each, table, timezone) for each in worded]
    times = [Field(table.time_column, "timestamp")]
    if table.observed:
        times.append(Field(table.observed, "timestamp", required=False))
    named = {each.name for each in known}
    own = known + [
        _resolved(decisions, each, table, timezone)
        for each in (*times, *weighed)
        if each.name not in named
    ]
    read = read_rows(decisions, own)
    label = task.read(decisions[table.target], table) if task else _no_label(decisions)
    columns = {name: read.frame.get(name, decisions[name]) for name in decisions.columns}
    typed = pd.DataFrame(columns | {table.target: label.series})
    found = {
        **label.faults,
        **_own_faults(typed, read, table=table, now=now),
        **_too_early(read, table),
        **dict(faults(read, [_with_limits(each, contract) for each in own])),
    }
    found = {reason: mask for reason, mask in found.items() if mask.any()}
    # A row may break several rules: each is counted, the row once.
    broken = np.logical_or.reduce(list(found.values()), initial=False)
    broken = np.broadcast_to(broken, len(typed))
    counts = {reason: int(mask.sum()) for reason, mask in found.items()}
    _quarantined_share(broken, counts, contract=contract, where=where)
    rows = typed[~broken].reset_index(drop=True)
    _freshness(rows[table.time_column], contract=contract, now=now, where=where)
    _typical(rows, contract=contract, where=where)
    return ValidationResult(
        rows=rows,
        raw=decisions[~broken].reset_index(drop=True),
        quarantine=_quarantine(decisions, broken, found),
        rows_in=len(decisions),
        reasons=counts,
        fields=tuple(known),
        taken=tuple(
            counted(
                decisions[each.name],
                read.read[each.name],
                Recognised(each.name, each.kind, each.format, hints.get(each.name, "")),
            )
            for each in own
            if each.name not in table.made
        ),
        meaning=label.meaning,
    )


def _weight(decisions: pd.DataFrame, table: TableSection) -> list[Field]:
    name = str(table.weight)
    require_columns(decisions, (name,), where="table.weight")
    given = table.formats.get(name)
    written = given or recognise(decisions[name], kind="number").format
    return [Field(name, "number", minimum=0.0, format=written)]


def _no_label(decisions: pd.DataFrame) -> Label:
    return Label(pd.Series(np.nan, decisions.index), {}, {})


def _resolved(decisions: pd.DataFrame, field: Field, table: TableSection, timezone: str) -> Field:
    if not field.type.moments:
        return field
    written = field.format or table.formats.get(field.name)
    if written is None:
        written = recognise(decisions[field.name], kind="timestamp").format
    return field.replace(format=written, timezone=field.timezone or timezone)


def _own_faults(
    typed: pd.DataFrame, read: Rows, *, table: TableSection, now: pd.Timestamp
) -> dict[str, Mask]:
    identity, moment = as_ids(typed[table.id_column]), typed[table.time_column]
    named = identity.notna()
    given = typed[table.id_column].notna() & ~typed[table.id_column].isin([NOTHING])
    return {
        f"{table.id_column} is missing": (~named & ~given).to_numpy(dtype=bool),
        f"{table.id_column} is no text, and no whole number": (~named & given).to_numpy(dtype=bool),
        f"{table.id_column} repeats an earlier row's": (identity.duplicated() & named).to_numpy(
            dtype=bool
        ),
        f"{table.time_column} is missing": moment.isna().to_numpy()
        & ~read.unread(table.time_column),
        f"{table.time_column} is in the future": (moment > now).to_numpy(),
    }


def _too_early(read: Rows, table: TableSection) -> dict[str, Mask]:
    if table.observed is None:
        return {}
    early = read.frame[table.observed] < read.frame[table.time_column]
    return {f"{table.observed} is before its decision": early.to_numpy(dtype=bool, na_value=False)}


def _whole_table(
    decisions: pd.DataFrame,
    *,
    fields: Sequence[Field],
    table: TableSection,
    contract: ContractSection,
    where: str,
) -> None:
    known = [table.id_column, table.time_column, table.target, *(field.name for field in fields)]
    known += [table.observed] if table.observed else []
    if not decisions.columns.is_unique:
        twice = decisions.columns[decisions.columns.duplicated()][0]
        raise TaglineError(f"More than one column is called {twice!r}.", where=where)
    require_columns(decisions, tuple(known), where=where)
    limited = {**contract.typical, **contract.ranges, **contract.allowed}
    strangers = [name for name in limited if name not in known]
    if strangers:
        raise TaglineError(
            f"The contract speaks of {strangers[0]!r}{near(strangers[0], known)}, "
            "which is no field of the table.",
            where=f"{where}: contract",
        )
    measured = {each.name for each in fields if each.type.measured} | {table.target}
    for name in (name for name in (*contract.typical, *contract.ranges) if name not in measured):
        raise TaglineError(
            f"{name!r} is no number, so it has no range.", where=f"{where}: contract"
        )
    required = {
        table.id_column,
        table.time_column,
        table.target,
        *(f.name for f in fields if f.required),
    }
    for name in known:
        if len(decisions) and name in required and decisions[name].isna().all():
            raise TaglineError(f"Column {name!r} has no value in any row.", where=where)


def _row_count(rows: int, *, contract: ContractSection, before: int | None, where: str) -> None:
    if rows < contract.min_rows:
        raise TaglineError(
            f"{rows} rows, and the contract wants {contract.min_rows} at least.",
            where=f"{where}: contract.min_rows",
        )
    # Half the rows gone is an upstream failure more often than a quiet month.
    if before and contract.row_change is not None:
        change = abs(rows - before) / before
        if change > contract.row_change:
            raise TaglineError(
                f"{rows} rows where the last run had {before}, a change of {change:.0%}; "
                f"the contract allows {contract.row_change:.0%}.",
                where=f"{where}: contract.row_change",
            )


def _with_limits(field: Field, contract: ContractSection) -> Field:
    low, high = contract.ranges.get(field.name, (field.minimum, field.maximum))
    return field.replace(
        minimum=low, maximum=high, allowed=contract.allowed.get(field.name, field.allowed)
    )


def _quarantined_share(
    broken: Mask, counts: dict[str, int], *, contract: ContractSection, where: str
) -> None:
    share = broken.mean()
    if share > contract.max_quarantined:
        worst = sorted(counts.items(), key=lambda each: -each[1])[:3]
        reasons = "; ".join(f"{reason} ({count} rows)" for reason, count in worst)
        raise TaglineError(
            f"{broken.sum()} of {len(broken)} rows ({share:.2%}) break the contract, which allows "
            f"{contract.max_quarantined:.2%}: {reasons}.",
            where=f"{where}: contract.max_quarantined",
            todo="docs/reading.md says how a column is read, and how to say it otherwise.",
        )


def _freshness(
    times: pd.Series, *, contract: ContractSection, now: pd.Timestamp, where: str
) -> None:
    if contract.fresh_within is None:
        return
    age = now - times.max()
    if age > pd.Timedelta(contract.fresh_within):
        raise TaglineError(
            f"The newest row is of {times.max():%Y-%m-%d %H:%M}, {age.days} days old; the contract "
            f"allows {contract.fresh_within}.",
            where=f"{where}: contract.fresh_within",
        )


def _typical(rows: pd.DataFrame, *, contract: ContractSection, where: str) -> None:
    for name, (low, high) in contract.typical.items():
        median = rows[name].median()
        if not low <= median <= high:
            raise TaglineError(
                f"The median of {name!r} is {median:g}, outside {low:g} to {high:g}: "
                "has its unit changed?",
                where=f"{where}: contract.typical",
            )


def _quarantine(decisions: pd.DataFrame, broken: Mask, found: dict[str, Mask]) -> pd.DataFrame:
    kept = decisions[broken].copy()
    reasons = np.array([""] * len(kept), dtype=object)
    for reason, mask in found.items():
        hit = mask[broken]
        reasons[hit] = [f"{earlier}; {reason}" if earlier else reason for earlier in reasons[hit]]
    kept[free(REASON, decisions.columns)] = reasons
    return kept.reset_index(drop=True)
