"""Numbers, and whole numbers."""

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pandas as pd

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
    Value,
    all_hold,
    called,
    texts_of,
)
from tagline.columns.kinds import EXACT, Kind
from tagline.columns.styles import STYLES, find_style
from tagline.columns.times import MOSTLY

NUMBER = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"
PLAIN = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
ENDLESS = r"\s*[+-]?(?i:inf|infinity)\s*"
WHOLE = r"\s*[+-]?\d+\s*"
LOWEST, HIGHEST = -(2**63), 2**63 - 1
FEW = 20  # so few different numbers beside words are codes rather than quantities
GREATEST = 1.7976931348623157e308  # the greatest double: infinity is no value
STRANGE = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, 1e18, -1e18, 1e300, -1e300, math.inf, -math.inf)


def written(distinct: pd.Series) -> Mask:
    """Tell which texts are numbers."""
    # Whoever serves reads no texts, and needs no Arrow.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    found = np.asarray(pc.match_substring_regex(pa.array(distinct), PLAIN), dtype=bool)
    # Arrow's expressions are fast, and know neither all digits nor all spaces of Unicode.
    rest = ~found
    found[rest] = distinct[rest].str.fullmatch(f"(?:{NUMBER}|{ENDLESS})").to_numpy(dtype=bool)
    return found


def of_text(values: pd.Series, how: How) -> Found:
    """Read numbers that are written down."""
    texts = texts_of(values)
    if style := STYLES.get(how.format or ""):
        return style.numbers(texts[style.fits(texts)]), {}
    kept = texts[written(texts)]
    # Python's numbers know fewer spaces than its texts do.
    stripped = [text.strip() for text in kept]
    numbers = np.array(stripped, dtype=np.dtypes.StringDType()).astype(np.float64)
    return pd.Series(numbers, index=kept.index), {}


def _styled(distinct: pd.Series, counts: Counts, *, name: str) -> Fit | None:
    mostly = MOSTLY if len(distinct) > FEW else 1.0
    found = find_style(distinct, counts, mostly=mostly, name=name)
    if found is None:
        return None
    fits = STYLES[found].fits(distinct)
    only_so = distinct[fits & ~written(distinct)].head(1)
    # As for plain numbers: a few different ones beside words are codes.
    if only_so.empty or not (fits.all() or fits.sum() > FEW):
        return None
    number = STYLES[found].numbers(only_so).iloc[0]
    return Fit(found, f"such as {only_so.iloc[0]!r}, which is {number:g}")


def whole(values: pd.Series, _: How) -> Found:
    """Read numbers that are whole, where a double can tell them apart."""
    finite = values[np.isfinite(values.astype("float64"))]
    if finite.dtype == object:
        # Of decimals with more digits than Python's context has, too.
        held = [value == int(value) and abs(value) <= _exact(value) for value in finite]
        return finite[np.asarray(held, dtype=bool)].map(int), {}
    kept = (finite % 1 == 0) & (finite.abs() <= EXACT)
    return finite[kept].astype("int64"), {}


class Number(ColumnKind):
    """Numbers as doubles; a missing one is NaN."""

    name: ClassVar[Kind] = "number"
    pandas = dtype = "float64"
    json: ClassVar[Schema] = {"type": "number"}
    measured = always = True

    def fits(self, distinct: pd.Series, counts: Counts, *, name: str) -> Fit | None:
        """Take columns where each value is a number, or nearly each of many."""
        numbers = written(distinct)
        nearly = counts[numbers].sum() >= MOSTLY * counts.sum() and numbers.sum() > FEW
        return Fit() if numbers.all() or nearly else _styled(distinct, counts, name=name)

    def impossible(self, values: pd.Series) -> Iterator[tuple[str, str, Mask]]:
        """Refuse infinity: it is no value."""
        endless = np.isinf(values.to_numpy(dtype=np.float64, na_value=np.nan))
        yield "is infinite", "are infinite", endless

    def wrong(self, array: Array, *, required: bool) -> Iterator[str]:  # noqa: ARG002
        """Refuse what is no number."""
        if array.dtype.kind not in "fiu":
            yield f"it is {array.dtype}, no number"

    def json_type(self, field: Declared) -> tuple[Any, dict[str, Any]]:
        """Take any number of JSON, within the field's range."""
        return float, {"ge": field.minimum, "le": field.maximum}

    def from_json(self, field: Declared) -> Callable[[Any], float]:
        """Read a number, which may be written as a whole one."""
        low, high = limits(field)

        def reader(given: Any) -> float:
            number: float = given if type(given) is float else _widened(given)
            if not low <= number <= high:
                raise InvalidValue(beyond(number, field))
            return number

        return reader

    def plain(self, value: Any) -> Value:
        """Give a float."""
        return float(value)

    def inputs(self, xp: Any, value: Any, moment: Any) -> dict[str, Any]:  # noqa: ARG002
        """Give a number as it is."""
        return {"": value}

    def strange(self, values: Array, where: Mask, random: np.random.Generator) -> Array:
        """Give great, small, infinite and missing ones."""
        drawn = random.choice(np.array([*STRANGE, math.nan]), len(where))
        return np.where(where, drawn, values)

    readers: ClassVar[Readers] = {
        "text": of_text,
        "integer": lambda values, _: (values.astype("float64"), {}),
        "number": lambda values, _: (values.astype("float64"), {}),
        "length": lambda values, _: (pd.to_timedelta(values).dt.total_seconds(), {}),
    }


def _whole_of_text(values: pd.Series, _: How) -> Found:
    texts = texts_of(values)
    kept = texts[texts.str.fullmatch(WHOLE)]
    return _fitting(kept.map(lambda text: int(text.strip())).astype(object))


def _whole_of_whole(values: pd.Series, _: How) -> Found:
    if values.dtype in ("int64", "Int64"):
        return values, {}
    return _fitting(values.astype(object).map(int))


class Integer(ColumnKind):
    """Whole numbers of 64 bits; doubles where one may be missing."""

    name = "integer"
    pandas, dtype = "Int64", "int64"
    json: ClassVar[Schema] = {"type": "integer"}
    mlflow = "long"
    measured = converted = True

    def wrong(self, array: Array, *, required: bool) -> Iterator[str]:
        """Refuse what is no whole number."""
        if array.dtype.kind not in ("iu" if required else "fiu"):
            yield f"it is {array.dtype}, no whole number"
        elif not all_hold(array % 1 == 0, array):
            yield "it holds parts of whole numbers"

    def json_type(self, field: Declared) -> tuple[Any, dict[str, Any]]:
        """Take a whole number of JSON, within the field's range and 64 bits."""
        least = LOWEST if field.minimum is None else math.ceil(field.minimum)
        most = HIGHEST if field.maximum is None else math.floor(field.maximum)
        return int, {"ge": max(least, LOWEST), "le": min(most, HIGHEST)}

    def from_json(self, field: Declared) -> Callable[[Any], int | float]:
        """Read a whole number, which may be written as 7.0."""
        low, high = limits(field)
        of = int if field.required else float

        def reader(given: Any) -> int | float:
            if type(given) is float and given.is_integer() and abs(given) <= EXACT:
                given = int(given)
            if type(given) is not int:
                raise InvalidValue(f"is {called(given)}, and must be a whole number")
            if not LOWEST <= given <= HIGHEST:
                raise InvalidValue("has more than 64 bits")
            if not low <= given <= high:
                raise InvalidValue(beyond(given, field))
            return of(given)

        return reader

    def from_log(self, values: pd.Series) -> pd.Series:
        """Give whole numbers where a log holds doubles, which name some that are not exact."""
        if values.dtype.kind != "f" or not (values.abs() > EXACT).any():
            return values
        whole = [None if np.isnan(v) else max(LOWEST, min(int(v), HIGHEST)) for v in values]
        return pd.Series(whole, values.index, dtype=object)

    def plain(self, value: Any) -> int:
        """Give an int."""
        return int(value)

    readers: ClassVar[Readers] = {
        "text": _whole_of_text,
        "integer": _whole_of_whole,
        "number": whole,
    }


def limits(field: Declared) -> tuple[float, float]:
    """Give the range of a field's values."""
    least = -GREATEST if field.minimum is None else field.minimum
    return least, GREATEST if field.maximum is None else field.maximum


def beyond(given: float, field: Declared) -> str:
    """Say how a number is out of its field's range."""
    unit = f" {field.unit}" if field.unit else ""
    if not math.isfinite(given):
        return "is no finite number"
    if field.minimum is not None and given < field.minimum:
        return f"is {given:g}, below {field.minimum:g}{unit}"
    return f"is {given:g}, above {field.maximum:g}{unit}"


def _widened(given: Any) -> float:
    if type(given) is not int:
        raise InvalidValue(f"is {called(given)}, and must be a number")
    try:
        return float(given)
    except OverflowError:
        raise InvalidValue("is too great for a number of 64 bits") from None


def _fitting(numbers: pd.Series) -> Found:
    fits = [LOWEST <= number <= HIGHEST for number in numbers]
    return numbers[np.asarray(fits, dtype=bool)], {}


def _exact(value: Any) -> float:
    return HIGHEST if isinstance(value, Decimal) else EXACT
