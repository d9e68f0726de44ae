"""Moments: seconds since 1970 UTC."""

import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.columns import number, string
from tagline.columns.kind import (
    Array,
    ColumnKind,
    Counts,
    Declared,
    Fit,
    Found,
    How,
    InvalidValue,
    Mask,
    Readers,
    Schema,
    all_hold,
    called,
    nothing,
    shown,
    texts_of,
)
from tagline.columns.times import (
    AFTER_SECONDS,
    FIRST_SECOND,
    ISO,
    NUMBERS,
    OUTSIDE,
    UNITS,
    UTC_TIME,
    find_format,
    in_utc,
    parse,
)

# What RFC 3339 writes; everything else is read as a table's cell is, which takes longer.
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
EXAMPLE = "2024-05-01T12:00:00Z"
EPOCH, SECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(seconds=1)
REMEMBERED, LONGEST = 65_536, 40  # texts, and letters of one
HOUR, DAY = 3_600, 86_400
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0


def _of_time(values: pd.Series, how: How) -> Found:
    if values.dtype != object:
        found = in_utc(values, timezone=how.timezone, later=how.later)
        return found.utc, found.notes
    zoned = np.asarray([getattr(value, "tzinfo", None) is not None for value in values], dtype=bool)
    aware = pd.to_datetime(values[zoned], utc=True, errors="coerce")
    local = pd.to_datetime(values[~zoned], errors="coerce")
    found = in_utc(local, timezone=how.timezone, later=how.later)
    return pd.concat([aware.astype(UTC_TIME), found.utc]), found.notes


def _of_text(values: pd.Series, how: How) -> Found:
    texts = texts_of(values)
    if how.format in UNITS:
        counted, _ = _of_number(number.of_text(texts, how)[0], how)
        written = parse(texts.drop(counted.index), ISO, timezone=how.timezone, later=how.later)
        return pd.concat([counted, written.utc]), written.notes
    if how.format in NUMBERS:
        texts = texts.str.removesuffix(".0")  # whole numbers of a column with gaps
    first = parse(texts, how.format or ISO, timezone=how.timezone, later=how.later)
    # A request writes its times in ISO 8601, however the table wrote them that was learned from.
    rest = parse(texts[first.utc.isna()], ISO, timezone=how.timezone, later=how.later)
    return first.utc.fillna(rest.utc), first.notes


def _of_number(values: pd.Series, how: How) -> Found:
    if how.format in UNITS:
        numbers = values.astype(values.dtype if values.dtype in ("int64", "float64") else "float64")
        times = pd.to_datetime(numbers, unit=how.format, errors="coerce", utc=True)
        return times.astype(UTC_TIME), {}
    if how.format and "%" in how.format:
        return _of_text(string.of_number(values.astype("float64"), how)[0], how)
    return nothing(values, how)


class Timestamp(ColumnKind):
    """Moments, to the second; doubles where one may be missing."""

    name = "timestamp"
    pandas, dtype = UTC_TIME, "int64"
    json: ClassVar[Schema] = {"type": "string", "format": "date-time"}
    converted = True
    moments = True
    hint = "a timestamp is a time with its zone"
    readers: ClassVar[Readers] = {
        "text": _of_text,
        "time": _of_time,
        "integer": _of_number,
        "number": _of_number,
    }

    def has(self, dtype: Any) -> bool:
        """Take times."""
        return pd.api.types.is_datetime64_any_dtype(dtype)

    def fits(self, distinct: pd.Series, counts: Counts, *, name: str) -> Fit | None:
        """Take columns where nearly each value is written in one format."""
        found = find_format(distinct, counts.tolist(), name=name)
        return None if found is None else Fit(found.format)

    def impossible(self, values: pd.Series) -> Iterator[tuple[str, str, Mask]]:
        """Refuse years that no table of decisions has: milliseconds taken for seconds."""
        seconds = values.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
        count = seconds.astype(np.int64)
        outside = (count < FIRST_SECOND) | (count >= AFTER_SECONDS)
        yield OUTSIDE, "lie outside the years 1800 to 2299", ~np.isnat(seconds) & outside

    def array(self, values: pd.Series, field: Declared) -> Array:
        """Give whole seconds."""
        seconds: npt.NDArray[np.datetime64] = values.dt.tz_localize(None).to_numpy()
        whole = seconds.astype("datetime64[s]")
        held = np.where(np.isnat(whole), np.nan, whole.astype(np.int64).astype(np.float64))
        return held.astype(self.held(required=field.required))

    def wrong(self, array: Array, *, required: bool) -> Iterator[str]:
        """Refuse what is no time in seconds."""
        if array.dtype.kind not in ("iu" if required else "fiu"):
            yield f"it is {array.dtype}, no seconds since 1970 UTC"
        elif not all_hold((array >= FIRST_SECOND) & (array < AFTER_SECONDS), array):
            yield "it holds seconds outside the years 1800 to 2299: are they of another unit?"

    def json_type(self, field: Declared) -> tuple[Any, dict[str, Any]]:
        """Take text: JSON has no times."""
        return str, {"min_length": 1} if field.required else {}

    def from_json(self, field: Declared) -> Callable[[Any], int | float]:
        """Read a time that is text."""
        of = int if field.required else float

        def reader(given: Any) -> int | float:
            if type(given) is not str:
                raise InvalidValue(f"is {called(given)}, and must be a time, as text")
            return of(seconds_of(given, field.how))

        return reader

    def converter(self, field: Declared) -> Callable[[Any], int | float]:
        """Do as `from_json`, and remember: requests of one moment name it again."""
        how = field.how
        remembered = lru_cache(REMEMBERED)(lambda text: seconds_of(text, how))

        def seconds(text: str) -> int:
            # Whoever sends long texts fills no memory with them.
            return remembered(text) if len(text) <= LONGEST else seconds_of(text, how)

        return seconds if field.required else lambda v: math.nan if v is None else float(seconds(v))

    def plain(self, value: Any) -> str:
        """Give ISO 8601."""
        return pd.Timestamp(value).isoformat()

    def from_log(self, values: pd.Series) -> pd.Series:
        """Give times where a server's log holds seconds."""
        if not pd.api.types.is_numeric_dtype(values):
            return values
        return pd.to_datetime(values, unit="s", utc=True)

    def inputs(self, xp: Any, value: Any, moment: Any) -> dict[str, Any]:
        """Give hour and weekday of the decision, and how long before it something was."""
        if moment is not None:
            return {"days_before": xp.astype(moment - value, xp.float64) / DAY}
        day = value // DAY
        return {
            "hour": xp.astype(value % DAY, xp.float64) / HOUR,
            "weekday": xp.astype((day + EPOCH_WEEKDAY) % 7, xp.float64),
        }

    def parts(self, *, is_moment: bool) -> tuple[str, ...]:
        """Give the names that `inputs` gives."""
        return ("hour", "weekday") if is_moment else ("days_before",)


def seconds_of(text: str, how: How) -> int:
    """Read a time: whole seconds since 1970 UTC.

    Raises
    ------
    InvalidValue
        It is none, or outside the years that a table may have.
    """
    seconds = _seconds(text, how)
    if not FIRST_SECOND <= seconds < AFTER_SECONDS:
        raise InvalidValue(OUTSIDE)
    return seconds


def _seconds(text: str, how: How) -> int:
    if RFC_3339.fullmatch(text):
        try:
            return (datetime.fromisoformat(text) - EPOCH) // SECOND
        except ValueError:
            pass  # such as the 30th of February, of which a table's reader says the same
    found = _of_text(pd.Series([text], dtype=object), how)[0].dropna()
    if found.empty:
        raise InvalidValue(f"is {shown(text)}, and must be a time, such as {EXAMPLE}")
    return int(found.iloc[0].timestamp() // 1)
