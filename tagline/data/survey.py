"""What a table holds, looked at before anything is asked of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tagline.columns.infer import recognise
from tagline.columns.kind import How
from tagline.columns.kinds import MISSING, Kind
from tagline.columns.times import UTC_TIME, find_number_format
from tagline.columns.values import read
from tagline.data.origins import Origin, look_again
from tagline.errors import TaglineError

ROWS_SHOWN = 10_000  # a look, not a count, where there are more
LIKE_AN_ID = re.compile(r"(^|[_. -])(id|uuid|guid|key|rowid|rownames|index)$|^unnamed: 0$|Id$|ID$")
LIKE_A_TIME = re.compile(r"time|date|created|_at$|_on$|^at$|day", re.IGNORECASE)
PERSONAL_NAMES = re.compile(
    r"e-?mail|phone|mobile|first_?name|last_?name|surname|full_?name|address|birth|passport|ssn|"
    r"\biban\b|ip_?addr",
    re.IGNORECASE,
)
PERSONAL_VALUES = {
    "e-mail addresses": re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"),
    "phone numbers": re.compile(r"\+\d[\d ()/-]{7,16}\d"),
}
MOSTLY = 0.8
YES = ("yes", "y", "true", "t", "1", "positive", "pos", "bad", "churned", "spam", "default")
WORDS = ("string", "text")
FEWEST_DAYS = 3
RARE = 0.05
FLAG = 2  # different values
LONGEST_ID = 40


@dataclass(frozen=True)
class ColumnSummary:
    """What a column was taken for.

    Attributes
    ----------
    name : str
        The column.
    kind : str
        Its kind; empty where that can not be told.
    missing, distinct : int
        Rows without a value, and different values.
    notes : tuple of str
        What a person should know.
    format : str or None
        How its times are written.
    """

    name: str
    kind: Kind | None
    missing: int
    distinct: int
    notes: tuple[str, ...] = ()
    format: str | None = None

    def noted(self, *more: str) -> "ColumnSummary":
        """Add what a person should know."""
        return replace(self, notes=(*self.notes, *filter(None, more)))


@dataclass(frozen=True)
class Survey:
    """What a table holds.

    Attributes
    ----------
    path : Path
        The file.
    frame : DataFrame of shape (rows, columns)
        As it is written.
    columns : tuple of ColumnSummary
        In their order.
    repeated : int
        Rows that are the same as an earlier one.
    notes : tuple of str
        What a person should know of how it was read.
    most : int or None
        How many rows there is memory for, where that is not all.
    """

    path: Path | str
    frame: pd.DataFrame
    columns: tuple[ColumnSummary, ...]
    repeated: int
    notes: tuple[str, ...] = ()
    most: int | None = None

    def of(self, name: str) -> ColumnSummary:
        """Give a column."""
        return next(each for each in self.columns if each.name == name)

    def ids(self) -> list[str]:
        """Name columns that seem to name a row, the likeliest first."""
        rows = len(self.frame)
        unique = [c for c in self.columns if c.distinct == rows and c.kind in ("string", "integer")]
        # A number that is different in each row may be anything; a name, or a count, says more.
        named = [each.name for each in unique if LIKE_AN_ID.search(each.name)]
        counted = [c.name for c in unique if c.kind == "integer" and _counts(self.frame[c.name])]
        words = [c.name for c in unique if c.kind == "string" and _are_words(self.frame[c.name])]
        return list(dict.fromkeys([*named, *words, *counted]))

    def texts(self) -> list[str]:
        """Name columns of text that is different in each row: nothing is learned of it."""
        rows = len(self.frame)
        return [c.name for c in self.columns if c.kind == "string" and c.distinct == rows]

    def times(self) -> list[str]:
        """Name columns that may say when a decision is made, the likeliest first."""
        found = [each for each in self.columns if each.kind == "timestamp" and not each.missing]
        days = {each.name: days_of(self.frame[each.name], each.format) for each in found}
        able = [
            name
            for name, count in days.items()
            if count >= FEWEST_DAYS and not PERSONAL_NAMES.search(name)
        ]
        return sorted(able, key=lambda name: not LIKE_A_TIME.search(name))

    def personal(self) -> list[str]:
        """Name columns that seem to hold what is of a person."""
        return [c.name for c in self.columns if any("personal" in note for note in c.notes)]

    def counts(self, name: str) -> "pd.Series[int]":
        """Count the values of a column, the most frequent first."""
        return _texts(self.frame[name], self.of(name).kind).value_counts()


def survey(path: Path | str, *, encoding: str = "utf-8", database: str | None = None) -> Survey:
    """Look at a table.

    Parameters
    ----------
    path : Path or str
        CSV or Parquet; see `tagline.data.origins`.
    encoding : str, optional
        How the bytes of a CSV are letters.
    database : str, optional
        Whom a query asks.

    Raises
    ------
    TaglineError
        The file can not be read, or has no rows.
    """
    look_again()
    origin = Origin(str(path), Path(), database)
    most = origin.most(encoding=encoding)
    file = origin.read(encoding=encoding, strict=False, most=most)
    frame = file.frame
    if frame.empty:
        raise TaglineError("The table has no rows.", where=str(path))
    columns = tuple(_looked(frame[name]) for name in frame.columns)
    return Survey(path, frame, columns, int(frame.duplicated().sum()), file.notes, most)


def positive_of(values: Sequence[str]) -> str:
    """Choose which of two values counts as 1: what says yes, else the rarer, which comes last."""
    said = [each for each in values if each.strip().lower() in YES]
    return said[0] if len(said) == 1 else values[-1]


def _looked(values: pd.Series) -> ColumnSummary:
    texts = _texts(values)
    missing, distinct = len(values) - len(texts), int(texts.nunique())
    name = str(values.name)
    if not len(texts):
        return ColumnSummary(name, None, missing, 0, ("no value in any row",))
    try:
        found = recognise(values)
    except TaglineError as unsure:
        return ColumnSummary(name, None, missing, distinct, (str(unsure),))
    if found.kind in WORDS:
        texts = _texts(values, found.kind)
        missing, distinct = len(values) - len(texts), int(texts.nunique())
    column = ColumnSummary(name, _kind(values, found.kind), missing, distinct, format=found.format)
    one = "one value only: nothing is learned of it" if distinct == 1 else ""
    hint = found.hint if found.hint != f"{distinct:,} different" else ""
    if column.kind == "integer" and (written := find_number_format(_whole(texts))):
        hint = f"may be times, written as {written}: --time {name}"
    return column.noted(one, hint, _personal(name, texts))


def _kind(values: pd.Series, kind: Kind) -> Kind:
    if kind != "number":
        return kind
    return "number" if read(values, "integer").unread.any() else "integer"


def _whole(texts: pd.Series) -> pd.Series:
    return pd.Series(texts.unique()).str.removesuffix(".0")


def _counts(values: pd.Series) -> bool:
    numbers = values.astype("int64").to_numpy()
    return len(numbers) > 1 and bool((np.diff(numbers) == 1).all())


def _are_words(values: pd.Series) -> bool:
    texts = values.astype("str")
    return bool((texts.str.len() <= LONGEST_ID).all() and not texts.str.contains(r"\s").any())


def _texts(values: pd.Series, kind: Kind | None = None) -> pd.Series:
    texts = values[values.notna()].astype("str")
    # Beside words "NA" is one of them, as a training reads it; beside numbers it means none.
    return texts[~texts.isin([""] if kind in WORDS else MISSING)]


def _personal(name: str, texts: pd.Series) -> str:
    if texts.nunique() <= FLAG:
        return ""  # such as whether somebody has an e-mail address
    sample = texts.head(ROWS_SHOWN)
    for what, pattern in PERSONAL_VALUES.items():
        if sample.str.fullmatch(pattern).mean() >= MOSTLY:
            return f"holds {what}: personal"
    return "its name says that it is personal" if PERSONAL_NAMES.search(name) else ""


def days_of(values: pd.Series, written: str | None) -> int:
    """Count the days on which a column has times; 0 where it has none."""
    found: Any = read(values, "timestamp", How(written, "UTC")).series.astype(UTC_TIME)
    days = found.dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    return len(np.unique(days[~np.isnat(days)]))
