"""Flags."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

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
    Readers,
    Schema,
    all_hold,
    called,
    same,
    texts_of,
)

FLAGS = {"true": True, "false": False, "1": True, "0": False}


def _of_text(values: pd.Series, _: How) -> Found:
    return texts_of(values).str.strip().str.lower().map(FLAGS).astype("boolean").dropna(), {}


def _of_number(values: pd.Series, _: How) -> Found:
    return values[values.isin([0, 1])].astype("float64").astype("boolean"), {}


class Boolean(ColumnKind):
    """True or false; doubles 1 and 0 where one may be missing."""

    name = "boolean"
    pandas, dtype = "boolean", "bool"
    json: ClassVar[Schema] = {"type": "boolean"}
    mlflow = "boolean"
    converted = True
    readers: ClassVar[Readers] = {
        "text": _of_text,
        "flag": same,
        "integer": _of_number,
        "number": _of_number,
    }

    def has(self, dtype: Any) -> bool:
        """Take flags."""
        return pd.api.types.is_bool_dtype(dtype)

    def fits(self, distinct: pd.Series, counts: Counts, *, name: str) -> Fit | None:  # noqa: ARG002
        """Take columns where each value is true or false."""
        return Fit() if distinct.str.strip().str.lower().isin(["true", "false"]).all() else None

    def wrong(self, array: Array, *, required: bool) -> Iterator[str]:
        """Refuse what is no flag."""
        if array.dtype.kind not in ("b" if required else "bf"):
            yield f"it is {array.dtype}, no flag"
        elif not all_hold((array == 0) | (array == 1), array):
            yield "it holds what is neither 0 nor 1"

    def json_type(self, field: Declared) -> tuple[Any, dict[str, Any]]:  # noqa: ARG002
        """Take true and false."""
        return bool, {}

    def from_json(self, field: Declared) -> Callable[[Any], bool | float]:
        """Read true or false: 1 is a number."""
        of = bool if field.required else float

        def reader(given: Any) -> bool | float:
            if type(given) is not bool:
                raise InvalidValue(f"is {called(given)}, and must be true or false")
            return of(given)

        return reader

    def middle(self, known: pd.Series) -> Any:
        """Give the more frequent one."""
        return known.value_counts().index[0]

    def plain(self, value: Any) -> bool:
        """Give a bool."""
        return bool(value)
