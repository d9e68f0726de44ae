"""Read values as one kind: what fits, in the kind's own type; what does not, row by row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.reading.held import without_arrow
from tagline.reading.kinds import EXACT, MISSING, NOTHING, Kind
from tagline.reading.times import ISO, UNITS, UTC_TIME, in_utc, parse

Mask = npt.NDArray[np.bool_]
Source = Literal["text", "integer", "number", "flag", "time", "length", "clock", "other"]

NUMBER = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"
ENDLESS = r"\s*[+-]?(?i:inf|infinity)\s*"
WHOLE = r"\s*[+-]?\d+\s*"
FLAGS = {"true": True, "false": False, "1": True, "0": False}
SHOWN_LETTERS = 24
LOWEST, HIGHEST = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class How:
    """What has to be known to read times.

    Attributes
    ----------
    format : str or None
        ISO 8601 where None; else a format of `datetime.strptime`, or ``s``, ``ms``, ``us`` or
        ``ns`` since 1970 UTC for times that are numbers.
    timezone : str or None
        The zone of times that bear none; they can not be read where it is None.
    later : bool
        Whether a time that the clocks show twice is the later of the two.
    """

    format: str | None = None
    timezone: str | None = None
    later: bool = False


@dataclass(frozen=True)
class Read:
    """Values as they were read.

    Attributes
    ----------
    series : Series of shape (n,)
        string: str; integer: int64, or Int64 where some are missing; number: float64; timestamp:
        datetime64[us, UTC]; boolean: bool, or boolean where some are missing.
    unread : ndarray of shape (n,), bool
        Where there was a value that is none of this kind.
    notes : dict
        What else happened, to the number of values.
    """

    series: pd.Series
    unread: Mask
    notes: Mapping[str, int] = field(default_factory=dict)


def read(values: pd.Series, kind: Kind, how: How | None = None) -> Read:
    """Read values as one kind.

    A value is read by what it is, not by the column's type: text, whole number, number, flag or
    time. What the kind can not hold without a change of its meaning is unread: 7 is no flag, a
    flag is no number, a number is no time unless `how` names its unit.

    Parameters
    ----------
    values : Series of shape (n,)
        Of any type.
    kind : {"string", "integer", "number", "timestamp", "boolean"}
        What they are to be.
    how : How, optional
        Of times: format and zone.
    """
    plain = without_arrow(values).reset_index(drop=True)
    found, notes = _read(plain, kind, how or How())
    unread = (found.isna() & ~missing(plain, kind)).to_numpy(dtype=bool)
    return Read(_narrowed(found.set_axis(values.index)), unread, notes)


def as_ids(values: pd.Series) -> pd.Series:
    """Give what names rows as text, the same however a table, a frame or a request holds it.

    Returns
    -------
    Series of shape (n,), str
        7, 7.0 and "7" are "7"; missing where there is none, or it is no name.
    """
    return read(values, "string").series


def missing(values: pd.Series, kind: Kind) -> pd.Series:
    """Tell which values are missing: none at all, or text that means none for the kind."""
    absent = values.isna()
    if values.dtype == object or _source(values) == "text":
        words = {NOTHING} if kind == "string" else MISSING
        absent |= values.isin(words)
    return absent


def shown(value: object) -> str:
    """Write a value for a message, cut where it is long."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"


def _read(values: pd.Series, kind: Kind, how: How) -> tuple[pd.Series, dict[str, int]]:
    known = values[values.notna()]
    if values.dtype == object or isinstance(values.dtype, pd.CategoricalDtype):
        return _each_source(values, known.astype(object), kind, how)
    found, notes = READERS.get((kind, _source(values)), _nothing)(known, how)
    return _filled(values, kind, [found]), notes


def _each_source(
    values: pd.Series, known: pd.Series, kind: Kind, how: How
) -> tuple[pd.Series, dict[str, int]]:
    sources = known.map(_source_of).to_numpy(dtype=object)
    parts: list[pd.Series] = []
    notes: dict[str, int] = {}
    for source in sorted(set(sources)):
        found, said = READERS.get((kind, source), _nothing)(known[sources == source], how)
        parts.append(found)
        notes |= said
    return _filled(values, kind, parts), notes


def _filled(values: pd.Series, kind: Kind, parts: list[pd.Series]) -> pd.Series:
    if len(parts) == 1:
        return _as_kind(parts[0], kind).reindex(values.index)
    whole = pd.Series(pd.NA, index=values.index, dtype=object)
    for part in parts:
        whole[part.index] = part.astype(object)
    return _as_kind(whole.where(whole.notna(), None), kind)


def _as_kind(values: pd.Series, kind: Kind) -> pd.Series:
    match kind:
        case "string":
            return values.astype("str")
        case "integer":
            return values.astype("Int64")
        case "number":
            return values.astype("float64")
        case "timestamp":
            return values.astype(UTC_TIME)
        case "boolean":
            return values.astype("boolean")


def _narrowed(found: pd.Series) -> pd.Series:
    if found.dtype == "Int64" and not found.isna().any():
        return found.astype("int64")
    if found.dtype == "boolean" and not found.isna().any():
        return found.astype("bool")
    return found


def _source(values: pd.Series) -> Source:
    kind = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return "flag"
    if pd.api.types.is_integer_dtype(kind):
        return "integer"
    if pd.api.types.is_float_dtype(kind):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(kind):
        return "time"
    if pd.api.types.is_timedelta64_dtype(kind):
        return "length"
    return "text" if pd.api.types.is_string_dtype(kind) else "other"


def _source_of(value: Any) -> Source:
    match value:
        case bool() | np.bool_():
            return "flag"
        case int() | np.integer():
            return "integer"
        case float() | np.floating() | Decimal():
            return "number"
        case str():
            return "text"
        case datetime() | np.datetime64() | date():
            return "time"
        case timedelta() | np.timedelta64():
            return "length"
        case time():
            return "clock"
        case _:
            return "other"


Found = tuple[pd.Series, dict[str, int]]


def _nothing(values: pd.Series, _: How) -> Found:
    return values[:0].astype(object), {}


def _same(values: pd.Series, _: How) -> Found:
    return values, {}


def _number_of_text(values: pd.Series, _: How) -> Found:
    texts = _texts(values)
    kept = texts[texts.str.fullmatch(f"(?:{NUMBER}|{ENDLESS})")]
    # Python's numbers know fewer spaces than its texts do.
    stripped = [text.strip() for text in kept]
    numbers = np.array(stripped, dtype=np.dtypes.StringDType()).astype(np.float64)
    return pd.Series(numbers, index=kept.index), {}


def _seconds(values: pd.Series, _: How) -> Found:
    return pd.to_timedelta(values).dt.total_seconds(), {}


def _clock(values: pd.Series, _: How) -> Found:
    return values.map(time.isoformat).astype("str"), {}


def _number(values: pd.Series, _: How) -> Found:
    return values.astype("float64"), {}


def _integer_of_text(values: pd.Series, _: How) -> Found:
    texts = _texts(values)
    kept = texts[texts.str.fullmatch(WHOLE)]
    return _fitting(kept.map(lambda text: int(text.strip())).astype(object))


def _integer(values: pd.Series, _: How) -> Found:
    if values.dtype in ("int64", "Int64"):
        return values, {}
    return _fitting(values.astype(object).map(int))


def _fitting(whole: pd.Series) -> Found:
    fits = [LOWEST <= number <= HIGHEST for number in whole]
    return whole[np.asarray(fits, dtype=bool)], {}


def _whole(values: pd.Series) -> pd.Series:
    if values.dtype == object:
        held = [value == value // 1 and abs(value) <= _exact(value) for value in values]
        return values[np.asarray(held, dtype=bool)].map(int)
    kept = (values % 1 == 0) & (values.abs() <= EXACT)
    return values[kept].astype("int64")


def _exact(value: Any) -> float:
    return HIGHEST if isinstance(value, Decimal) else EXACT


def _whole_number(values: pd.Series, _: How) -> Found:
    return _whole(values[np.isfinite(values.astype("float64"))]), {}


def _text(values: pd.Series, _: How) -> Found:
    texts = _texts(values)
    return texts[texts != NOTHING], {}


def _texts(values: pd.Series) -> pd.Series:
    sound = values[[_is_text(value) for value in values]] if values.dtype == object else values
    return sound.astype("str")


def _is_text(value: str) -> bool:
    # Half a surrogate pair is no character, and no graph or file can hold it.
    return value.isprintable() or not any("\ud800" <= each <= "\udfff" for each in value)


def _text_of_integer(values: pd.Series, _: How) -> Found:
    return values.astype("int64" if values.dtype == "Int64" else values.dtype).astype("str"), {}


def _text_of_number(values: pd.Series, how: How) -> Found:
    return _whole_number(values, how)[0].astype("str"), {}


def _flag_of_text(values: pd.Series, _: How) -> Found:
    return _texts(values).str.strip().str.lower().map(FLAGS).astype("boolean").dropna(), {}


def _flag_of_number(values: pd.Series, _: How) -> Found:
    return values[values.isin([0, 1])].astype("float64").astype("boolean"), {}


def _time(values: pd.Series, how: How) -> Found:
    if values.dtype != object:
        found = in_utc(values, timezone=how.timezone, later=how.later)
        return found.utc, found.notes
    zoned = np.asarray([getattr(value, "tzinfo", None) is not None for value in values], dtype=bool)
    aware = pd.to_datetime(values[zoned], utc=True, errors="coerce")
    local = pd.to_datetime(values[~zoned], errors="coerce")
    found = in_utc(local, timezone=how.timezone, later=how.later)
    return pd.concat([aware.astype(UTC_TIME), found.utc]), found.notes


def _time_of_text(values: pd.Series, how: How) -> Found:
    texts = _texts(values)
    if how.format in UNITS:
        return _time_of_number(_number_of_text(texts, how)[0], how)
    first = parse(texts, how.format or ISO, timezone=how.timezone, later=how.later)
    # A request writes its times in ISO 8601, however the table wrote them that was learned from.
    rest = parse(texts[first.utc.isna()], ISO, timezone=how.timezone, later=how.later)
    return first.utc.fillna(rest.utc), first.notes


def _time_of_number(values: pd.Series, how: How) -> Found:
    if how.format in UNITS:
        numbers = values.astype(values.dtype if values.dtype in ("int64", "float64") else "float64")
        times = pd.to_datetime(numbers, unit=how.format, errors="coerce", utc=True)
        return times.astype(UTC_TIME), {}
    if how.format and "%" in how.format:
        return _time_of_text(_text_of_number(values.astype("float64"), how)[0], how)
    return _nothing(values, how)


READERS: Mapping[tuple[Kind, Source], Callable[[pd.Series, How], Found]] = {
    ("number", "text"): _number_of_text,
    ("number", "integer"): _number,
    ("number", "number"): _number,
    ("number", "length"): _seconds,
    ("integer", "text"): _integer_of_text,
    ("integer", "integer"): _integer,
    ("integer", "number"): _whole_number,
    ("string", "text"): _text,
    ("string", "integer"): _text_of_integer,
    ("string", "number"): _text_of_number,
    ("string", "clock"): _clock,
    ("boolean", "text"): _flag_of_text,
    ("boolean", "flag"): _same,
    ("boolean", "integer"): _flag_of_number,
    ("boolean", "number"): _flag_of_number,
    ("timestamp", "text"): _time_of_text,
    ("timestamp", "time"): _time,
    ("timestamp", "integer"): _time_of_number,
    ("timestamp", "number"): _time_of_number,
}
