"""The label: a value that the case names, or a number; or missing, or a fault with its count."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.columns.kind import How
from tagline.columns.kinds import Kind
from tagline.columns.values import read
from tagline.errors import TaglineError

if TYPE_CHECKING:
    from tagline.case.classes import Value
    from tagline.case.config import TableSection

Mask = npt.NDArray[np.bool_]
SHOWN, SEVERAL, MOST_CLASSES = 5, 10, 100


@dataclass(frozen=True)
class Label:
    """The target as a number: 1 or 0, the place of a class, or the number that it is.

    Attributes
    ----------
    series : Series of shape (n,), float64
        NaN where there is no label.
    faults : dict of str to ndarray of shape (n,), bool
        Reason to the rows whose target is no label.
    meaning : dict
        Labels as text to the value that stands for each; empty where they are numbers.
    """

    series: pd.Series
    faults: Mapping[str, Mask]
    meaning: Mapping[str, "Value"]


def read_label(target: pd.Series, table: "TableSection") -> Label:
    """Read the target.

    Without `positive` it is 1 or 0, as number or flag. With it, `negative` is the other value;
    where that is not named, the only other value that the target has.

    Parameters
    ----------
    target : Series of shape (n,)
        Of any type.
    table : TableSection
        Names the two values.

    Raises
    ------
    TaglineError
        No row has a value that is named, or there are several others and none is named.
    """
    if table.positive is None:
        return _as_flags(target, table.target)
    positive = _equal(target, table.positive)
    negative_value = table.negative
    if negative_value is None:
        negative_value = _other(target, positive, table)
    negative = _equal(target, negative_value)
    for value, found in ((table.positive, positive), (table.negative, negative)):
        if value is not None and not found.any():
            raise _absent(target, value, table)
    values = pd.Series(np.where(positive, 1.0, np.where(negative, 0.0, np.nan)), target.index)
    strange = ~positive & ~negative & ~_missing(target)
    reason = f"{table.target} is neither {table.positive!r} nor {negative_value!r}"
    return Label(values, {reason: strange}, {"1": table.positive, "0": negative_value})


def read_classes(target: pd.Series, table: "TableSection") -> Label:
    """Read the target as the place of its class among ``table.classes``.

    Raises
    ------
    TaglineError
        No row has a class that is named.
    """
    values = pd.Series(np.full(len(target), np.nan), target.index)
    known = np.zeros(len(target), dtype=bool)
    for place, value in enumerate(table.classes):
        own = _equal(target, value) & ~known
        if not own.any():
            raise _absent(target, value, table, where="table.classes")
        values[own] = float(place)
        known |= own
    strange = ~known & ~_missing(target)
    named = {str(place): value for place, value in enumerate(table.classes)}
    return Label(values, {f"{table.target} is none of table.classes": strange}, named)


def read_number(target: pd.Series, table: "TableSection") -> Label:
    """Read the target as numbers, written as ``table.formats`` says of it.

    What is infinite, or too great for single precision, is a fault.
    """
    found = read(target, "number", How(table.formats.get(table.target)))
    with np.errstate(over="ignore"):
        endless = np.isinf(found.series.to_numpy(dtype=np.float32, na_value=np.nan))
    values = found.series.astype("float64").where(~endless)
    _expect_fitting(target, found.unread, table.target, what="no numbers")
    faults = {
        f"{table.target} is no number": found.unread,
        f"{table.target} is too great for single precision": endless,
    }
    return Label(values, faults, {})


def _as_flags(target: pd.Series, name: str) -> Label:
    found = read(target, "boolean")
    flags = found.series.astype("Float64").astype("float64")
    # Where some are missing, a CSV has 1.0 and 0.0.
    numbers = read(target, "number").series
    values = flags.where(flags.notna(), numbers.where(numbers.isin([0.0, 1.0])))
    unread = found.unread & values.isna().to_numpy()
    _expect_fitting(target, unread, name, what="neither 0 nor 1")
    return Label(values, {f"{name} is neither 0 nor 1": unread}, {"1": 1, "0": 0})


def _expect_fitting(target: pd.Series, unread: Mask, name: str, *, what: str) -> None:
    """Refuse a target of which most values are no labels, and say which question fits."""
    known = ~_missing(target)
    if unread.sum() * 2 <= known.sum():
        return
    counts = target[known].astype(object).value_counts()
    raise TaglineError(
        f"{name} has {len(counts):,} values, most of them {what}: {_told(counts)}.",
        where=f"column {name!r}",
        todo=_which(target[known], counts),
    )


def _which(known: pd.Series, counts: "pd.Series[int]") -> str:
    if len(counts) == 2:
        one, other = counts.index
        return f"Which of them counts as 1? positive = {other!r} under [table], or {one!r}."
    numbers = not read(known, "number").unread.any()
    if numbers and len(counts) > SEVERAL:
        return 'task = "number"?'
    if len(counts) > MOST_CLASSES:
        return "Name another column, or put rare values together."
    listed = ", ".join(repr(each) for each in counts.index[:SHOWN])
    more = ", ..." if len(counts) > SHOWN else ""
    asked = f'task = "classes", with classes = [{listed}{more}] under [table]?'
    return asked + (' Or task = "number"?' if numbers else "")


def _missing(target: pd.Series) -> Mask:
    return (target.isna() | target.isin([""])).to_numpy(dtype=bool)


def _equal(target: pd.Series, value: "Value") -> Mask:
    wanted = read(pd.Series([value]), _kind(value)).series.iloc[0]
    own = read(target, _kind(value))
    equal: Mask = own.series.eq(wanted).fillna(False).to_numpy(dtype=bool)
    return equal & ~_missing(target)


def _kind(value: "Value") -> Kind:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case _:
            return "string"


def _other(target: pd.Series, positive: Mask, table: "TableSection") -> "Value":
    rest = target[~positive & ~_missing(target)].astype(object)
    counts = rest.value_counts()
    if len(counts) == 1 and str(counts.index[0]).casefold() != str(table.positive).casefold():
        value: Any = counts.index[0]
        plain: Value = value.item() if isinstance(value, np.generic) else value
        return plain
    if not len(counts):
        raise TaglineError(
            f"Every label is {table.positive!r}: there is one class only.",
            where=f"column {table.target!r}",
        )
    raise TaglineError(
        f"Beside {table.positive!r} it holds {_told(counts)}: which of them counts as 0?",
        where=f"column {table.target!r}",
        todo="Name it with table.negative; what is neither is then counted and left out.",
    )


def _absent(
    target: pd.Series, value: "Value", table: "TableSection", *, where: str = ""
) -> TaglineError:
    counts = target[~_missing(target)].astype(object).value_counts()
    return TaglineError(
        f"No row has {table.target} = {value!r}; it holds {_told(counts)}.",
        where=where or ("table.positive" if value == table.positive else "table.negative"),
    )


def _told(counts: "pd.Series[int]") -> str:
    shown = [f"{value!r} ({count:,} rows)" for value, count in counts.head(SHOWN).items()]
    more = f" and {len(counts) - SHOWN:,} more" if len(counts) > SHOWN else ""
    return ", ".join(shown) + more
