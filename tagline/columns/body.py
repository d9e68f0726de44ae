"""A request's body: JSON, decoded into the fields' types at once, or refused with every fault.

What is right is decoded in one go, in the fields' own types. Only what is not is read a second
time, value by value, to say all that is wrong with it.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from tagline.columns.field import Field
from tagline.columns.kind import InvalidValue, Value
from tagline.columns.kinds import NOTHING
from tagline.columns.number import HIGHEST, LOWEST
from tagline.columns.request import (
    LONGEST_ID,
    Fault,
    InvalidRows,
    RowReader,
    as_id,
    is_id,
)
from tagline.columns.strict_json import Malformed, parsed, said

UNSET = msgspec.UNSET
Kinds = set[type]
NO_VALUE = {type(None), type(UNSET)}
ABSENT = (None, UNSET, NOTHING)


class TooMany(ValueError):
    """It has more rows than a request may have."""


@dataclass(frozen=True)
class Body:
    """What a body says.

    Attributes
    ----------
    columns : list of sequence
        The values of each field, in the order of the fields, each as long as there are rows; an
        ``array`` of doubles where many rows have numbers.
    ids : list
        Each row's own id; None where it has none.
    missing : dict of int to list of str
        The fields that a row lacks, by the row's place; rows that lack none are left out.
    many : bool
        Whether it was a list.
    """

    columns: list[Sequence[Value]]
    ids: Sequence[str | int | None]
    missing: dict[int, list[str]]
    many: bool

    @property
    def rows(self) -> list[tuple[Value, ...]]:
        """The values of each row, in the order of the fields."""
        return list(zip(*self.columns, strict=True))

    def taken(self, places: Sequence[int]) -> "Body":
        """Give some of its rows, in the order of their places."""
        new = {place: at for at, place in enumerate(places)}
        missing = {new[place]: names for place, names in self.missing.items() if place in new}
        columns: list[Sequence[Value]] = [[each[p] for p in places] for each in self.columns]
        return Body(columns, [self.ids[p] for p in places], missing, self.many)


class RequestDecoder:
    """Reads bodies.

    Parameters
    ----------
    fields : sequence of Field
        What a row has.
    id : str
        What a row calls its own id, which it may have.
    """

    def __init__(self, fields: Sequence[Field], *, id: str) -> None:  # noqa: A002 - as callers say
        self.fields = tuple(fields)
        self.id = id if id not in {field.name for field in fields} else ""
        self._reading = RowReader(fields, [self.id] if self.id else [])
        row = _struct(self.fields, self.id)
        self._one = msgspec.json.Decoder(row)
        self._many = msgspec.json.Decoder(list[row])  # type: ignore[valid-type]
        self._converters = [
            (place, converter, field.type.converted)
            for place, field in enumerate(fields)
            if (converter := field.type.converter(field)) is not None
        ]
        self._optional = [place for place, field in enumerate(fields) if not field.required]
        self._numbers = {
            place for place, field in enumerate(fields) if field.type.dtype == "float64"
        }
        self._words = [
            (place, frozenset(field.missing))
            for place, field in enumerate(fields)
            if field.missing and field.type.nothing == NOTHING
        ]
        # What is put right first is read value by value.
        self._is_cleaned = any(field.cleaning.changes for field in fields)
        self._names = [field.name for field in fields]
        self._id_place = None if self.id else self._names.index(id)
        self._none: list[tuple[Any, ...]] = [()] * (len(self.fields) + 1)

    def read(self, body: bytes, *, most: int | None = None) -> Body:
        """Read a body.

        Parameters
        ----------
        body : bytes
            An object, or a list of objects.
        most : int, optional
            The most rows that it may have.

        Raises
        ------
        TooMany
            It has more.
        Malformed
            It is no such JSON.
        InvalidRows
            Values are wrong; has all of them.
        """
        many = body.lstrip()[:1] == b"["
        try:
            if self._is_cleaned:
                return self._slowly(body, most)
            if not many:
                return self._single(body)
            decoded = self._many.decode(body)
            _expect_at_most(len(decoded), most)
            rows = map(msgspec.structs.astuple, decoded)
            columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or list(self._none)
            own = columns.pop() if self.id else [UNSET] * len(decoded)
            ids = own if self.id else self._ids(columns)
            for place in self._numbers:
                columns[place] = _packed(columns[place])
            # Types tell at once what a column lacks, where comparing each value takes longer.
            kinds = {
                place: set(map(type, columns[place]))
                for place in self._optional
                if not isinstance(columns[place], array)
            }
            self._expect_no_words(columns)
            return self._taken(columns, kinds, ids)
        except (msgspec.ValidationError, InvalidValue):
            return self._slowly(body, most)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as wrong:
            raise Malformed(said(wrong)) from wrong

    def _single(self, body: bytes) -> Body:
        # As `_taken` does with columns, which takes half as long again.
        values = list(msgspec.structs.astuple(self._one.decode(body)))
        own = values.pop() if self.id else UNSET
        self._expect_no_words([(each,) for each in values])
        named = own if self.id else as_id(values[self._id_place or 0])
        lacking = []
        for place in self._optional:
            each = values[place]
            if each is None or each is UNSET or each == NOTHING:
                values[place] = None
                lacking.append(self._names[place])
        for place, converter, _ in self._converters:
            values[place] = converter(values[place])
        ids = (None if named is UNSET else named,)
        return Body(
            [(value,) for value in values], ids, {0: lacking} if lacking else {}, many=False
        )

    def _ids(self, columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
        # The id is a field itself, and its value names the row.
        return [as_id(value) for value in columns[self._id_place or 0]]

    def _taken(
        self,
        given: Sequence[Sequence[Any]],
        kinds: Mapping[int, Kinds],
        ids: Sequence[Any],
    ) -> Body:
        columns = list(given)
        missing: dict[int, list[str]] = {}
        lacking = set()
        for place, found in kinds.items():
            if found & NO_VALUE or (str in found and NOTHING in given[place]):
                lacking.add(place)
                columns[place] = [None if each in ABSENT else each for each in given[place]]
                for row, each in enumerate(columns[place]):
                    if each is None:
                        missing.setdefault(row, []).append(self._names[place])
        for place, converter, needed in self._converters:
            if needed or place in lacking:
                values = list(map(converter, columns[place]))
                columns[place] = _packed(values) if place in self._numbers else values
        return Body(columns, [None if each is UNSET else each for each in ids], missing, many=True)

    def _slowly(self, body: bytes, most: int | None) -> Body:
        found = parsed(body)
        many = isinstance(found, list)
        given = found if many else [found]
        _expect_at_most(len(given), most)
        if not all(isinstance(row, dict) for row in given):
            raise Malformed("a request is an object, or a list of objects")
        read = [self._reading.read(row) for row in given]
        faults = [
            (place if many else None, fault)
            for place, (_, _, wrong) in enumerate(read)
            for fault in wrong
        ]
        faults += [
            (place if many else None, Fault(self.id, "is no text, and no whole number"))
            for place, row in enumerate(given)
            if self.id in row and not is_id(row[self.id])
        ]
        if faults:
            raise InvalidRows(faults)
        columns: list[Any] = [[values[name] for values, _, _ in read] for name in self._names]
        missing = {place: lacking for place, (_, lacking, _) in enumerate(read) if lacking}
        ids = [as_id(row.get(self.id or self._names[self._id_place or 0])) for row in given]
        return Body(columns, ids, missing, many)

    def _expect_no_words(self, columns: Sequence[Sequence[Any]]) -> None:
        # What means no value is seldom there: then all is read value by value.
        for place, words in self._words:
            if not words.isdisjoint(columns[place]):
                raise InvalidValue("means no value")


def _expect_at_most(rows: int, most: int | None) -> None:
    if most is not None and rows > most:
        raise TooMany(f"{rows:,}")


def _packed(column: Sequence[Any]) -> Sequence[Any]:
    """Give numbers as doubles beside each other; the same column where it lacks some."""
    try:
        return array("d", column)
    except TypeError:
        return column


def _struct(fields: Sequence[Field], own: str) -> type[msgspec.Struct]:
    described: list[Any] = []
    for place, field in enumerate(fields):
        kind, limits = field.type.json_type(field)
        kind = Annotated[kind, msgspec.Meta(**limits)] if limits else kind
        optional = kind | None | msgspec.UnsetType
        described.append((f"f{place}", kind) if field.required else (f"f{place}", optional, UNSET))
    text = Annotated[str, msgspec.Meta(max_length=LONGEST_ID)]
    whole = Annotated[int, msgspec.Meta(ge=LOWEST, le=HIGHEST)]
    if own:
        described.append(("own", text | whole | None | msgspec.UnsetType, UNSET))
    names = {f"f{place}": field.name for place, field in enumerate(fields)}
    return msgspec.defstruct(
        "Row",
        described,
        rename=names | {"own": own},
        forbid_unknown_fields=True,
        kw_only=True,
        gc=False,
    )
