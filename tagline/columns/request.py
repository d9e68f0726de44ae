"""One request's raw fields, read as a table's row is, in microseconds and with every fault at once.

JSON says what a value is, so less is guessed than in a table: a number is a number, a flag a flag.
What is read is what `tagline.transform.compute.columns` would make of the same value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagline.columns.field import Field
from tagline.columns.kind import InvalidValue, Value
from tagline.columns.kinds import NOTHING
from tagline.columns.number import HIGHEST, LOWEST

LONGEST_ID = 200


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
            (f.name, f.required, f.type.from_json(f), f.type.nothing, f.cleaning.one)
            for f in fields
        ]
        self._known = frozenset([*(field.name for field in fields), *others])
        named = f"; a row's own id is called {others[0]!r}" if others else ""
        self._unknown = f"is no field of this model{named}"

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
        for name, required, reader, absent, cleaned in self._readers:
            given = cleaned(row.get(name))
            try:
                if given is None or given == NOTHING:
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
            faults += [Fault(name, self._unknown) for name in unknown]
        return values, missing, faults


def is_id(value: Any) -> bool:
    """Tell whether a value may be a row's own id: text, or a whole number of 64 bits; or none."""
    whole = type(value) is int and LOWEST <= value <= HIGHEST
    return value is None or whole or (isinstance(value, str) and len(value) <= LONGEST_ID)


def as_id(value: Any) -> Any:
    """Give a field's value as the id of its row: 7.0 is 7."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else repr(value)
    return value
