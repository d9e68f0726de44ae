"""One request's raw fields, read as a table's row is, in microseconds and with every fault at once.

JSON says what a value is, so less is guessed than in a table: a number is a number, a flag a flag.
What is read is what `tagline.inputs.compute.columns` would make of the same value.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from tagline.inputs.compute import MISSING_TEXT
from tagline.inputs.field import Field
from tagline.reading.kinds import EXACT, NOTHING
from tagline.reading.times import AFTER_SECONDS, FIRST_SECOND, OUTSIDE
from tagline.reading.values import HIGHEST, LOWEST, read, shown

Value = str | int | float | bool
Reader = Callable[[Any], Value]

# What RFC 3339 writes; everything else is read as a table's cell is, which takes longer.
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
LONGEST_ID = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class InvalidValue(ValueError):
    """A value is none of its field's."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field of a request.

    Attributes
    ----------
    field : str
        Its name.
    what : str
        What is wrong, in a few words.
    """

    field: str
    what: str


class InvalidRows(ValueError):
    """Rows whose values are none of their fields'.

    Parameters
    ----------
    faults : sequence of tuple
        The row's place (None where there is one row only) and the fault.
    """

    def __init__(self, faults: Sequence[tuple[int | None, Fault]]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class RowReader:
    """How one row of raw fields is read, value by value.

    Parameters
    ----------
    fields : sequence of Field
        What a row has.
    others : sequence of str, optional
        Names that a row may have besides, which are not looked at.
    """

    def __init__(self, fields: Sequence[Field], others: Sequence[str] = ()) -> None:
        self.fields = tuple(fields)
        self._readers = [
            (f.name, f.required, _reader(f), _absent(f), (NOTHING, *f.missing)) for f in fields
        ]
        self._known = frozenset([*(field.name for field in fields), *others])

    def read(self, row: Mapping[str, Any]) -> tuple[dict[str, Value], list[str], list[Fault]]:
        """Read one row.

        Parameters
        ----------
        row : mapping of str to JSON value
            As it came.

        Returns
        -------
        values : dict
            Field to value: str, int, float, bool, or seconds since 1970 UTC; a missing one is
            what arrays hold for it.
        missing : list of str
            The fields that are missing.
        faults : list of Fault
            Everything that is wrong; the values are of use only where it is empty.
        """
        values: dict[str, Value] = {}
        missing: list[str] = []
        faults: list[Fault] = []
        for name, required, reader, absent, nothing in self._readers:
            given = row.get(name)
            try:
                if given is None or given in nothing:
                    values[name] = absent
                    missing.append(name)
                    if required:
                        faults.append(Fault(name, "is missing"))
                else:
                    values[name] = reader(given)
            except InvalidValue as wrong:
                faults.append(Fault(name, str(wrong)))
        if not row.keys() <= self._known:
            unknown = sorted(row.keys() - self._known)
            faults += [Fault(name, "is no field of this model") for name in unknown]
        return values, missing, faults


def _absent(field: Field) -> Value:
    return MISSING_TEXT if field.kind == "string" else math.nan


def _reader(field: Field) -> Reader:
    kinds: Mapping[str, Callable[[Field], Reader]] = {
        "string": _text,
        "integer": _whole,
        "number": _number,
        "boolean": _flag,
        "timestamp": _moment,
    }
    return kinds[field.kind](field)


def _text(field: Field) -> Reader:
    allowed = None if field.allowed is None else frozenset(field.allowed)

    def reader(given: Any) -> str:
        if type(given) is not str:
            raise InvalidValue(f"is {_kind(given)}, and must be text")
        if allowed is not None and given not in allowed:
            raise InvalidValue(
                f"is {shown(given)}, and must be one of {', '.join(sorted(allowed))}"
            )
        return given

    return reader


def _number(field: Field) -> Reader:
    low, high = _limits(field)

    def reader(given: Any) -> float:
        if type(given) is not float:
            given = _widened(given, "a number")
        if not low <= given <= high:
            raise InvalidValue(_beyond(given, field))
        return given  # type: ignore[no-any-return]

    return reader


def _whole(field: Field) -> Reader:
    low, high = _limits(field)
    of = int if field.required else float

    def reader(given: Any) -> int | float:
        if type(given) is float and given.is_integer() and abs(given) <= EXACT:
            given = int(given)
        if type(given) is not int:
            raise InvalidValue(f"is {_kind(given)}, and must be a whole number")
        if not LOWEST <= given <= HIGHEST:
            raise InvalidValue("has more than 64 bits")
        if not low <= given <= high:
            raise InvalidValue(_beyond(given, field))
        return of(given)

    return reader


def _flag(field: Field) -> Reader:
    of = bool if field.required else float

    def reader(given: Any) -> bool | float:
        if type(given) is not bool:
            raise InvalidValue(f"is {_kind(given)}, and must be true or false")
        return of(given)

    return reader


def _moment(field: Field) -> Reader:
    of = int if field.required else float

    def reader(given: Any) -> int | float:
        if type(given) is not str:
            raise InvalidValue(f"is {_kind(given)}, and must be a time with its zone, as text")
        return of(seconds_of(given, field))

    return reader


def seconds_of(text: str, field: Field) -> int:
    """Read a time: whole seconds since 1970 UTC.

    Raises
    ------
    InvalidValue
        It is none, or outside the years that a table may have.
    """
    seconds = _seconds(text, field)
    if not FIRST_SECOND <= seconds < AFTER_SECONDS:
        raise InvalidValue(OUTSIDE)
    return seconds


def _seconds(text: str, field: Field) -> int:
    if RFC_3339.fullmatch(text):
        try:
            return (datetime.fromisoformat(text) - EPOCH) // SECOND
        except ValueError:
            pass  # such as the 30th of February, of which a table's reader says the same
    found = read(pd.Series([text], dtype=object), "timestamp", field.how).series
    if found.isna().all():
        raise InvalidValue(f"is {shown(text)}, and must be a time with its zone, such as {EXAMPLE}")
    return int(found.iloc[0].timestamp() // 1)


EXAMPLE = "2024-05-01T12:00:00Z"


def is_id(value: Any) -> bool:
    """Tell whether a value may be a row's own id: text, or a whole number of 64 bits; or none."""
    whole = type(value) is int and LOWEST <= value <= HIGHEST
    return value is None or whole or (isinstance(value, str) and len(value) <= LONGEST_ID)


def as_id(value: Any) -> Any:
    """Give a field's value as the id of its row: 7.0 is 7."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else repr(value)
    return value


def _limits(field: Field) -> tuple[float, float]:
    # The greatest doubles: infinity is no value.
    least = -1.7976931348623157e308 if field.minimum is None else field.minimum
    most = 1.7976931348623157e308 if field.maximum is None else field.maximum
    return least, most


def _widened(given: Any, what: str) -> float:
    if type(given) is not int:
        raise InvalidValue(f"is {_kind(given)}, and must be {what}")
    try:
        return float(given)
    except OverflowError:
        raise InvalidValue("is too great for a number of 64 bits") from None


def _beyond(given: float, field: Field) -> str:
    unit = f" {field.unit}" if field.unit else ""
    if not math.isfinite(given):
        return "is no finite number"
    least, most = field.minimum, field.maximum
    if least is not None and given < least:
        return f"is {given:g}, below {least:g}{unit}"
    return f"is {given:g}, above {most:g}{unit}"


def _kind(given: Any) -> str:
    names: Mapping[type, str] = {
        bool: "a flag",
        int: "a whole number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(given), type(given).__name__)
