"""What a column of a file holds: found over all of its values, and told."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tagline.columns.cleaning import alike
from tagline.columns.held import without_arrow
from tagline.columns.kind import Counts, Mask, shown
from tagline.columns.kinds import MISSING, Kind
from tagline.columns.number import written
from tagline.columns.styles import STYLES
from tagline.columns.times import find_number_format
from tagline.columns.types import KINDS
from tagline.columns.values import Read

WORTH_TELLING = 0.5
WITH_A_COMMA = r"[+-]?\d+(?:\.\d{3})*,\d+|[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"

BUT_FOR = "but for spaces or capitals"
TIMES = KINDS["timestamp"]


@dataclass(frozen=True)
class Recognised:
    """What a column holds.

    Attributes
    ----------
    name : str
        The column.
    kind : str
        Its kind.
    format : str or None
        How its times are written; None where it holds none, or as times already.
    hint : str
        Why it was taken for this, where a person should know.
    """

    name: str
    kind: Kind
    format: str | None = None
    hint: str = ""


@dataclass(frozen=True)
class Taken:
    """What a column was taken for.

    Attributes
    ----------
    name : str
        The column.
    kind : str
        Its kind.
    format : str
        How its times are written; empty where it holds none, or as times already.
    rows, missing, unread : int
        Its rows, those without a value, and those whose value is none of its kind.
    note : str
        What a person should know.
    """

    name: str
    kind: Kind
    format: str = ""
    rows: int = 0
    missing: int = 0
    unread: int = 0
    note: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        parts = [f"{self.kind} {self.format}".strip()]
        parts += [f"{self.missing:,} missing"] if self.missing else []
        parts += [f"{self.unread:,} not read"] if self.unread else []
        parts += [self.note] if self.note else []
        return f"{self.name}: " + ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


def recognise(
    values: pd.Series,
    *,
    kind: Kind | None = None,
    format: str | None = None,  # noqa: A002 - as pandas calls it
) -> Recognised:
    """Say what a column holds, by its type and, where that is text, by all of its values.

    Text is taken for flags where each value is true or false; for numbers where each, or nearly
    each of many, is one; for times where nearly each is written in one format; else for text.
    Numbers that begin with a zero, such as 007, are codes, and codes are text.

    Parameters
    ----------
    values : Series of shape (n,)
        The column, named.
    kind : str, optional
        Its kind, where a person has said so.
    format : str, optional
        How its times are written, where a person has said so.

    Raises
    ------
    TaglineError
        It holds times that fit two formats, or are written in two.
    """
    name, values = str(values.name), without_arrow(values)
    if format and kind is None:
        kind = "number" if format in STYLES else "timestamp"
    if pd.api.types.is_string_dtype(values.dtype) or values.dtype == object:
        return _of_text(values, name, kind, format)
    if kind == "timestamp" and format is None and pd.api.types.is_numeric_dtype(values.dtype):
        distinct = pd.Series(values.dropna().unique()).astype("str")
        format = find_number_format(distinct)  # noqa: A001 - as pandas calls it
    return Recognised(name, kind or _of_type(values), format)


def counted(values: pd.Series, found: Read, column: Recognised) -> Taken:
    """Count what was read of a column, and what was not."""
    unread = int(found.unread.sum())
    notes = [column.hint] if column.hint else []
    if unread:
        common = values[found.unread].astype(object).map(shown).value_counts()
        notes.append(f"such as {common.index[0]} in {common.iloc[0]:,} rows")
    return Taken(
        name=column.name,
        kind=column.kind,
        format=column.format or "",
        rows=len(values),
        missing=int(found.series.isna().sum()) - unread,
        unread=unread,
        note=", ".join([*notes, *(f"{count:,} {what}" for what, count in found.notes.items())]),
    )


def _of_type(values: pd.Series) -> Kind:
    return next((kind.name for kind in KINDS.values() if kind.has(values.dtype)), "number")


def _of_text(values: pd.Series, name: str, kind: Kind | None, format: str | None) -> Recognised:  # noqa: A002
    texts = values[values.notna()].astype("str")
    # Each distinct value is looked at once, however many rows hold it.
    counts = texts[~texts.isin(MISSING)].value_counts(sort=False)
    distinct, rows = pd.Series(counts.index, dtype="str"), np.asarray(counts, dtype=np.int64)
    if kind == "number" and format is None and len(distinct):
        fit = KINDS[kind].fits(distinct, rows, name=name)
        return Recognised(name, kind, fit.format if fit else None, fit.hint if fit else "")
    if not len(distinct) or kind not in (None, "timestamp"):
        return Recognised(name, kind or "string", format)
    if kind == "timestamp" or format:
        fit = None if format else TIMES.fits(distinct, rows, name=name)
        written = format or (fit.format if fit else find_number_format(distinct))
        return Recognised(name, "timestamp", written)
    found = _by_values(name, distinct, rows)
    if found.kind != "string":
        return found
    count, example = alike(distinct.tolist())
    other = f"{count:,} of them another one {BUT_FOR}: {example}" if count else ""
    hint = found.hint or f"{texts.nunique():,} different"
    return replace(found, hint=f"{hint}, {other}" if other else hint)


def _by_values(name: str, distinct: pd.Series, counts: Counts) -> Recognised:
    for kind in KINDS.values():
        fit = kind.fits(distinct, counts, name=name)
        if fit is not None:
            return Recognised(name, kind.name, fit.format, fit.hint)
    return Recognised(name, "string", hint=_why_text(distinct, counts))


def _why_text(distinct: pd.Series, counts: Counts) -> str:
    message: list[tuple[Mask, str]] = [
        (written(distinct), "{share:.0%} of its values are numbers"),
        (
            distinct.str.fullmatch(WITH_A_COMMA).to_numpy(dtype=bool),
            "{share:.0%} of its values look like numbers with a comma",
        ),
    ]
    for mask, sentence in message:
        share = counts[mask].sum() / counts.sum()
        if share >= WORTH_TELLING:
            return sentence.format(share=share)
    return ""
