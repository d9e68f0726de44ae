"""Text: names, codes, categories."""

from collections.abc import Callable, Iterator
from datetime import time
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from tagline.columns.kind import (
    TEXT,
    Array,
    ColumnKind,
    Counts,
    Declared,
    DType,
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
from tagline.columns.kinds import NOTHING, Kind
from tagline.columns.number import whole, written

CODE = r"[+-]?0\d.*"


def of_number(values: pd.Series, how: How) -> Found:
    """Read whole numbers as the text that names them."""
    return whole(values, how)[0].astype("str"), {}


def _of_text(values: pd.Series, _: How) -> Found:
    texts = texts_of(values)
    return texts[texts != NOTHING], {}


def _of_integer(values: pd.Series, _: How) -> Found:
    return values.astype("int64" if values.dtype == "Int64" else values.dtype).astype("str"), {}


class String(ColumnKind):
    """Text; a missing one is empty."""

    name: ClassVar[Kind] = "string"
    pandas, dtype = "str", "utf8"
    nothing = NOTHING
    words = frozenset({NOTHING})
    json: ClassVar[Schema] = {"type": "string"}
    always = True
    mlflow = "string"
    readers: ClassVar[Readers] = {
        "text": _of_text,
        "integer": _of_integer,
        "number": of_number,
        "clock": lambda values, _: (values.map(time.isoformat).astype("str"), {}),
    }

    def fits(self, distinct: pd.Series, counts: Counts, *, name: str) -> Fit | None:  # noqa: ARG002
        """Take numbers that begin with a zero: as a number 007 would be 7, for ever."""
        numbers = written(distinct)
        if not distinct[numbers].str.strip().str.fullmatch(CODE).any():
            return None
        many = counts[numbers].sum() > counts.sum() / 2
        return Fit(hint="numbers that begin with a zero are codes" if many else "")

    def held(self, *, required: bool) -> DType:  # noqa: ARG002
        """Give text: it can be missing as it is."""
        return "utf8"

    def array(self, values: pd.Series, field: Declared) -> Array:  # noqa: ARG002
        """Give texts of any length."""
        return values.astype("object").where(values.notna(), NOTHING).to_numpy().astype(TEXT)

    def wrong(self, array: Array, *, required: bool) -> Iterator[str]:  # noqa: ARG002
        """Refuse what is no text."""
        if array.dtype.kind not in "TUO":
            yield f"it is {array.dtype}, no text"
        elif strange := sum(not isinstance(text, str) for text in array.astype(object)):
            yield f"{strange} rows are no text"

    def json_type(self, field: Declared) -> tuple[Any, dict[str, Any]]:
        """Take text, one of those that are allowed, and not empty where it is required."""
        if field.allowed:
            return Literal[field.allowed], {}
        return str, {"min_length": 1} if field.required and field.allowed is None else {}

    def from_json(self, field: Declared) -> Callable[[Any], str]:
        """Read text: a number is none."""
        allowed = None if field.allowed is None else frozenset(field.allowed)

        def reader(given: Any) -> str:
            if type(given) is not str:
                raise InvalidValue(f"is {called(given)}, and must be text")
            if allowed is not None and given not in allowed:
                among = ", ".join(sorted(allowed))
                raise InvalidValue(f"is {shown(given)}, and must be one of {among}")
            return given

        return reader

    def converter(self, field: Declared) -> Callable[[Any], str] | None:
        """Give empty text for nothing."""
        return None if field.required else lambda value: NOTHING if value is None else value

    def middle(self, known: pd.Series) -> Any:
        """Give the most frequent one."""
        return known.value_counts().index[0]

    def plain(self, value: Any) -> str:
        """Give a str."""
        return str(value)

    def from_log(self, values: pd.Series) -> pd.Series:
        """Give nothing where a log holds empty text."""
        return values.where(values != NOTHING)

    def inputs(self, xp: Any, value: Any, moment: Any) -> dict[str, Any]:  # noqa: ARG002
        """Give text as it is: a category."""
        return {"": value}

    def strange(self, values: Array, where: Mask, random: np.random.Generator) -> Array:
        """Give missing and unknown ones."""
        return np.where(where, random.choice(np.array(["", "?"], values.dtype), len(where)), values)
