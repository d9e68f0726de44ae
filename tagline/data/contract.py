"""The data contract: which rows may be used, and the reason for each that may not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import ContractSection, TableSection
from tagline.data.tables import near, require_columns
from tagline.errors import TaglineError
from tagline.inputs.field import Field

Mask = npt.NDArray[np.bool_]
REASON = "reason"


class Accounting(TypedDict):
    """Where every row went: ``rows_in == used + quarantined + unlabelled``."""

    rows_in: int
    used: int
    quarantined: int
    unlabelled: int
    outside_split: int
    reasons: dict[str, int]


@dataclass(frozen=True)
class Checked:
    """What the contract made of a decision table.

    Attributes
    ----------
    rows : DataFrame
        The rows that keep the contract, columns in the types of their fields.
    quarantine : DataFrame
        The rows that break it as they came in, with the column ``reason``.
    reasons : dict
        Reason to the number of rows that it holds for; a row may have several.
    """

    rows: pd.DataFrame
    quarantine: pd.DataFrame
    reasons: dict[str, int]


def check(
    decisions: pd.DataFrame,
    *,
    fields: Sequence[Field],
    table: TableSection,
    contract: ContractSection,
    now: pd.Timestamp,
    where: str,
    rows_before: int | None = None,
) -> Checked:
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
    rows_before : int, optional
        Rows that the last run was given.

    Raises
    ------
    TaglineError
        The table as a whole can not be used: a missing or empty column, too few rows, stale or
        changed in unit, or more rows in quarantine than the contract allows.
    """
    _whole_table(decisions, fields=fields, table=table, contract=contract, where=where)
    _row_count(len(decisions), contract=contract, before=rows_before, where=where)
    fields = [_with_limits(field, contract) for field in fields]
    typed, mistyped = _typed(decisions, fields=fields, table=table)
    faults = {
        **mistyped,
        **dict(_row_faults(typed, fields=fields, table=table, now=now)),
    }
    faults = {reason: mask for reason, mask in faults.items() if mask.any()}
    broken = np.logical_or.reduce(list(faults.values()), initial=False)
    broken = np.broadcast_to(broken, len(typed))
    counts = {reason: int(mask.sum()) for reason, mask in faults.items()}
    _quarantined_share(broken, counts, contract=contract, where=where)
    rows = typed[~broken].reset_index(drop=True)
    _freshness(rows[table.time], contract=contract, now=now, where=where)
    _typical(rows, contract=contract, where=where)
    return Checked(rows, _quarantine(decisions, broken, faults), counts)


def _whole_table(
    decisions: pd.DataFrame,
    *,
    fields: Sequence[Field],
    table: TableSection,
    contract: ContractSection,
    where: str,
) -> None:
    known = [table.id, table.time, table.target, *(field.name for field in fields)]
    require_columns(decisions, tuple(known), where=where)
    limited = {**contract.typical, **contract.ranges, **contract.allowed}
    strangers = [name for name in limited if name not in known]
    if strangers:
        raise TaglineError(
            f"The contract speaks of {strangers[0]!r}{near(strangers[0], known)}, "
            "which is no field of the table.",
            where=f"{where}: contract",
        )
    required = {table.id, table.time, table.target, *(f.name for f in fields if f.required)}
    for name in known:
        if len(decisions) and name in required and decisions[name].isna().all():
            raise TaglineError(f"Column {name!r} has no value in any row.", where=where)


def _row_count(rows: int, *, contract: ContractSection, before: int | None, where: str) -> None:
    if rows < contract.least_rows:
        raise TaglineError(
            f"{rows} rows, and the contract wants {contract.least_rows} at least.",
            where=f"{where}: contract.least_rows",
        )
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


def _typed(
    decisions: pd.DataFrame, *, fields: Sequence[Field], table: TableSection
) -> tuple[pd.DataFrame, dict[str, Mask]]:
    kinds = {field.name: field.kind for field in fields}
    kinds |= {table.time: "timestamp"}
    columns, faults = {}, {}
    for name in decisions.columns:
        given = decisions[name]
        columns[name] = CONVERTERS[kinds[name]](given) if name in kinds else given
        lost = (columns[name].isna() & given.notna()).to_numpy()
        faults[f"{name} is no {kinds.get(name, 'value')}"] = lost
    label, strange = _label(decisions[table.target], table)
    columns[table.target] = label
    faults[f"{table.target} is neither 0 nor 1"] = strange
    return pd.DataFrame(columns, index=decisions.index), faults


def _label(target: pd.Series, table: TableSection) -> tuple[pd.Series, Mask]:
    if table.positive is not None:
        _expect_positive(target, table)
        label = (target.astype("str") == str(table.positive)).astype("float64")
        return label.where(target.notna()), np.zeros(len(target), dtype=bool)
    number = _number(target)
    fits = number.isin([0.0, 1.0])
    return number.where(fits), (~fits & target.notna()).to_numpy()


def _expect_positive(target: pd.Series, table: TableSection) -> None:
    if not (target.astype("str") == str(table.positive)).any():
        found = ", ".join(map(repr, sorted(target.dropna().astype("str").unique())[:5]))
        raise TaglineError(
            f"No row has {table.target} = {table.positive!r}; it is {found}.",
            where="table.positive",
        )


def _number(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return pd.Series(np.nan, index=values.index)
    return pd.to_numeric(values, errors="coerce").astype("float64")


def _integer(values: pd.Series) -> pd.Series:
    number = _number(values)
    return number.where((number % 1 == 0) | np.isinf(number))


def _timestamp(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return pd.Series(pd.NaT, index=values.index, dtype="datetime64[us, UTC]")
    times: pd.Series = pd.to_datetime(values, errors="coerce", utc=True, format="mixed")
    return times


def _string(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return pd.Series(None, index=values.index, dtype="str")
    return values.astype("str").where(values.notna())


def _boolean(values: pd.Series) -> pd.Series:
    number = _number(values.astype("object").replace({"true": 1, "false": 0}))
    return number.where(number.isin([0.0, 1.0]))


CONVERTERS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "number": _number,
    "integer": _integer,
    "timestamp": _timestamp,
    "string": _string,
    "boolean": _boolean,
}


def _row_faults(
    rows: pd.DataFrame, *, fields: Sequence[Field], table: TableSection, now: pd.Timestamp
) -> Iterator[tuple[str, Mask]]:
    yield f"{table.id} is missing", rows[table.id].isna().to_numpy()
    yield (
        f"{table.id} repeats an earlier row's",
        (rows[table.id].duplicated() & rows[table.id].notna()).to_numpy(),
    )
    yield f"{table.time} is missing", rows[table.time].isna().to_numpy()
    yield f"{table.time} is in the future", (rows[table.time] > now).to_numpy()
    for field in fields:
        yield from _field_faults(rows[field.name], field)


def _field_faults(values: pd.Series, field: Field) -> Iterator[tuple[str, Mask]]:
    if field.required:
        yield f"{field.name} is missing", values.isna().to_numpy()
    if field.kind in {"number", "integer"}:
        endless = np.isinf(values.to_numpy(dtype=np.float64))
        yield f"{field.name} is infinite", endless
        if field.minimum is not None:
            low = (values < field.minimum).to_numpy() & ~endless
            yield f"{field.name} is below {field.minimum:g}{_unit(field)}", low
        if field.maximum is not None:
            high = (values > field.maximum).to_numpy() & ~endless
            yield f"{field.name} is above {field.maximum:g}{_unit(field)}", high
    if field.allowed is not None:
        strange = ~values.isin(list(field.allowed)) & values.notna()
        yield f"{field.name} is a value that is not allowed", strange.to_numpy()


def _unit(field: Field) -> str:
    return f" {field.unit}" if field.unit else ""


def _quarantined_share(
    broken: Mask, counts: dict[str, int], *, contract: ContractSection, where: str
) -> None:
    share = broken.mean()
    if share > contract.most_quarantined:
        worst = sorted(counts.items(), key=lambda each: -each[1])[:3]
        reasons = "; ".join(f"{reason} ({count} rows)" for reason, count in worst)
        raise TaglineError(
            f"{broken.sum()} of {len(broken)} rows ({share:.2%}) break the contract, which allows "
            f"{contract.most_quarantined:.2%}: {reasons}.",
            where=f"{where}: contract.most_quarantined",
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


def _quarantine(decisions: pd.DataFrame, broken: Mask, faults: dict[str, Mask]) -> pd.DataFrame:
    kept = decisions[broken].copy()
    reasons = np.array([""] * len(kept), dtype=object)
    for reason, mask in faults.items():
        hit = mask[broken]
        reasons[hit] = [f"{earlier}; {reason}" if earlier else reason for earlier in reasons[hit]]
    kept[REASON] = reasons
    return kept.reset_index(drop=True)
