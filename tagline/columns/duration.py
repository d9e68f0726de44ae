"""Lengths of time and times of day: seconds, written as clocks or as ISO 8601 has them."""

import re
from collections.abc import Callable
from datetime import time
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from tagline.columns.kind import (
    Counts,
    Declared,
    Fit,
    Found,
    How,
    InvalidValue,
    Mask,
    Readers,
    Schema,
    called,
    shown,
    texts_of,
)
from tagline.columns.kinds import Kind
from tagline.columns.number import FEW, NUMBER, Number
from tagline.columns.times import MOSTLY

# 8:30, 26:05:09.5, 2 days 03:04:05, and -1 day, 23:00:00, of which the days alone are negative.
CLOCK = re.compile(
    r"\s*(?:(?P<days>[+-]?\d{1,9}) days?,? )?(?P<sign>[+-]?)(?P<hours>\d{1,6}):(?P<minutes>[0-5]\d)"
    r"(?::(?P<seconds>[0-5]\d(?:\.\d{1,9})?))?\s*",
    re.ASCII,
)
ISO = re.compile(
    r"\s*(?P<sign>[+-]?)P(?=\d|T\d)(?:(?P<days>\d{1,5})D)?(?:T(?=\d)(?:(?P<hours>\d{1,6}(?:\.\d{1,9})?)H)?"
    r"(?:(?P<minutes>\d{1,8}(?:\.\d{1,9})?)M)?(?:(?P<seconds>\d{1,10}(?:\.\d{1,9})?)S)?)?\s*",
    re.ASCII,
)
NUMBERS = re.compile(NUMBER, re.ASCII)
SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
EXAMPLE = "1:30:00"


def seconds_of(text: str) -> float | None:
    """Read a length of time, or a time of day since midnight; None where it is neither."""
    found = CLOCK.fullmatch(text) or ISO.fullmatch(text)
    if found is None:
        return None
    days, *others = (float(found[part] or 0) * each for part, each in SECONDS.items())
    sign = -1 if found["sign"] == "-" else 1
    return (days if found.re is CLOCK else sign * days) + sign * sum(others)


def read_text(text: str) -> float | None:
    """Read a length of time, or a number of seconds; None where it is neither."""
    found = seconds_of(text)
    return float(text) if found is None and NUMBERS.fullmatch(text) else found


def _of_text(values: pd.Series, _: How) -> Found:
    texts = texts_of(values)
    read = {text: read_text(text) for text in texts.unique()}
    return texts.map(read).dropna().astype("float64"), {}


def _of_clock(values: pd.Series, how: How) -> Found:
    return _of_text(values.map(time.isoformat), how)


def _of_number(values: pd.Series, _: How) -> Found:
    return values.astype("float64"), {}


class Duration(Number):
    """A length of time, or a time of day, in seconds; a missing one is NaN."""

    name: ClassVar[Kind] = "duration"
    json: ClassVar[Schema] = {"type": ["string", "number"]}
    converted = True
    measured = False
    hint = "a length of time is hours, minutes and seconds"
    readers: ClassVar[Readers] = {
        "text": _of_text,
        "clock": _of_clock,
        "length": Number.readers["length"],
        "integer": _of_number,
        "number": _of_number,
    }

    def fits(self, distinct: pd.Series, counts: Counts, *, name: str) -> Fit | None:  # noqa: ARG002
        """Take columns where each value is one, or nearly each of many."""
        read = distinct.map(seconds_of)
        there: Mask = read.notna().to_numpy(dtype=bool)
        nearly = counts[there].sum() >= MOSTLY * counts.sum() and there.sum() > FEW
        if not len(distinct) or not (there.all() or nearly):
            return None
        first = distinct[there].iloc[0]
        return Fit(hint=f"in seconds, such as {first!r}, which is {read[there].iloc[0]:,g}")

    def json_type(self, field: Declared) -> tuple[Any, dict[str, Any]]:  # noqa: ARG002 - all alike
        """Take text: JSON has no lengths of time; and a number of seconds."""
        return str | float, {}

    def from_json(self, field: Declared) -> Callable[[Any], float]:
        """Read one that is text, or a number of seconds."""
        of_seconds = super().from_json(field)

        def reader(given: Any) -> float:
            if type(given) in (int, float):
                return of_seconds(given)
            if type(given) is not str:
                raise InvalidValue(f"is {called(given)}, and must be a length of time, as text")
            found = read_text(given)
            if found is None:
                raise InvalidValue(
                    f"is {shown(given)}, and must be a length of time, such as {EXAMPLE}"
                )
            return of_seconds(found)

        return reader

    def converter(self, field: Declared) -> Callable[[Any], float] | None:
        """Do as `from_json`."""
        read = self.from_json(field)
        if field.required:
            return read
        return lambda given: np.nan if given is None else read(given)

    def plain(self, value: Any) -> str:
        """Give days, hours, minutes and seconds."""
        days, rest = divmod(float(value), 86_400)
        minutes, seconds = divmod(rest, 60)
        hours, minutes = divmod(int(minutes), 60)
        # What would round up to a minute is written as just before it.
        whole = f"{min(seconds, 59.999999):09.6f}".removesuffix(".000000")
        return f"{f'{int(days)} days ' if days else ''}{hours}:{minutes:02}:{whole}"
