"""What a kind of column is, in each form that its values take.

A table's column goes through pandas, and one request, in microseconds, can not: so a kind reads
values in two forms, which a test holds together value by value.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.columns.kinds import MISSING, Kind

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Value = str | int | float | bool
Source = Literal["text", "integer", "number", "flag", "time", "length", "clock", "other"]
DType = Literal["utf8", "int64", "float64", "bool"]
Found = tuple[pd.Series, dict[str, int]]
Schema = Mapping[str, Any]

TEXT = np.dtypes.StringDType()
MOST_LETTERS = 24
CALLED: Mapping[type, str] = {
    bool: "a flag",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


class InvalidValue(ValueError):
    """A value is none of its field's."""


@dataclass(frozen=True)
class How:
    """What has to be known to read times, and numbers as people write them.

    Attributes
    ----------
    format : str or None
        Of numbers: a style of `tagline.columns.styles.STYLES`, or as programs write them. Of
        times: ISO 8601 where None; else a format of `datetime.strptime`, or ``s``, ``ms``,
        ``us`` or ``ns`` since 1970 UTC for times that are numbers.
    timezone : str or None
        The zone of times that bear none; they can not be read where it is None.
    later : bool
        Whether a time that the clocks show twice is the later of the two.
    """

    format: str | None = None
    timezone: str | None = None
    later: bool = False


Readers = Mapping[Source, Callable[[pd.Series, How], Found]]


@dataclass(frozen=True)
class Fit:
    """That texts are values of a kind: how times are written, and what a person should know."""

    format: str | None = None
    hint: str = ""


class Declared(Protocol):
    """What a field says of its values; see `tagline.columns.field.Field`."""

    @property
    def required(self) -> bool: ...  # noqa: D102
    @property
    def minimum(self) -> float | None: ...  # noqa: D102
    @property
    def maximum(self) -> float | None: ...  # noqa: D102
    @property
    def allowed(self) -> tuple[str, ...] | None: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def how(self) -> How: ...  # noqa: D102


class ColumnKind:
    """A kind of column; one instance is all that there is of it.

    Attributes
    ----------
    name : str
        As configs, fields and messages call it.
    pandas : str
        The dtype of a column that was read, where values may be missing.
    dtype : {"utf8", "int64", "float64", "bool"}
        That of arrays, by the name that ONNX and ndonnx share; float64 where a value may be
        missing and the type could not say so.
    nothing : str or float
        What arrays hold for a missing value.
    words : frozenset of str
        What programs write for a missing one.
    readers : mapping of str to callable
        What a value is by itself (see `Source`) to how it is read: (series, `How`) to those that
        fit, and notes. A value of any other source is none of the kind.
    json : dict
        JSON Schema of a value.
    converted : bool
        Whether values of a request go through `converter` even where none is missing: a whole
        number of an optional field becomes a double.
    mlflow : str
        MLflow's name, where its type can hold a value.
    measured : bool
        Whether values have a unit and a range.
    always : bool
        Whether a required value may be missing: arrays can say so.
    moments : bool
        Whether values are moments: written in formats and zones, and never the same again.
    hint : str
        What helps whoever wrote a value that can not be read.
    """

    name: ClassVar[Kind]
    pandas: ClassVar[Any]
    dtype: ClassVar[DType]
    nothing: ClassVar[str | float] = math.nan
    words: ClassVar[frozenset[str]] = MISSING
    readers: ClassVar[Readers]
    json: ClassVar[Schema]
    converted: ClassVar[bool] = False
    mlflow: ClassVar[str | None] = None
    measured: ClassVar[bool] = False
    always: ClassVar[bool] = False
    moments: ClassVar[bool] = False
    hint: ClassVar[str] = ""

    def has(self, dtype: Any) -> bool:  # noqa: ARG002
        """Tell whether a column of a dtype can be of this kind only."""
        return False

    def fits(self, distinct: pd.Series, counts: Counts, *, name: str) -> Fit | None:  # noqa: ARG002
        """Tell whether the texts of a column are values of this kind, asked of one after the other.

        Parameters
        ----------
        distinct : Series of shape (k,), str
            The texts, each once.
        counts : ndarray of shape (k,), int64
            How many rows have each.
        name : str
            The column, for messages.
        """
        return None

    def held(self, *, required: bool) -> DType:
        """Give the dtype of a field's arrays."""
        return self.dtype if required else "float64"

    def impossible(self, values: pd.Series) -> Iterator[tuple[str, str, Mask]]:  # noqa: ARG002
        """Say what can be read and can not be: of one value, of several, and where."""
        yield from ()

    def array(self, values: pd.Series, field: Declared) -> Array:
        """Give values that were read as an array."""
        held = self.held(required=field.required)
        missing: dict[str, Any] = {"na_value": np.nan} if held == "float64" else {}
        return values.to_numpy(dtype=np.dtype(held), **missing)

    def wrong(self, array: Array, *, required: bool) -> Iterator[str]:
        """Say why an array holds what is none of the kind."""
        raise NotImplementedError

    def json_type(self, field: Declared) -> tuple[Any, dict[str, Any]]:
        """Give the type of a value in a request, and its limits, as msgspec calls them."""
        raise NotImplementedError

    def from_json(self, field: Declared) -> Callable[[Any], Value]:
        """Give what reads one value of a request, or raises `InvalidValue`."""
        raise NotImplementedError

    def converter(self, field: Declared) -> Callable[[Any], Value] | None:
        """Give what makes a value that `json_type` took what arrays hold; none where it is."""
        if field.required:
            return None
        return lambda value: math.nan if value is None else float(value)

    def middle(self, known: pd.Series) -> Any:
        """Give the value in the middle of some."""
        return known.sort_values().iloc[len(known) // 2]

    def plain(self, value: Any) -> Value:
        """Give a value as JSON writes it."""
        raise NotImplementedError

    def from_log(self, values: pd.Series) -> pd.Series:
        """Give values as a table has them, of what a log holds."""
        return values

    def inputs(self, xp: Any, value: Any, moment: Any) -> dict[str, Any]:  # noqa: ARG002
        """Give the inputs that a plain case makes of a column, by what is added to its name.

        Parameters
        ----------
        xp : module
            NumPy, or what stands for it.
        value : array
            The column.
        moment : array or None
            When the decision is made; none where this is the column that says so.
        """
        return {"": xp.astype(value, xp.float64)}

    def parts(self, *, is_moment: bool) -> tuple[str, ...]:  # noqa: ARG002
        """Give the names that `inputs` gives."""
        return ("",)

    def strange(self, values: Array, where: Mask, random: np.random.Generator) -> Array:  # noqa: ARG002
        """Change some values to what may trip arithmetic: being missing, where that can be."""
        return np.where(where, np.nan, values) if values.dtype.kind == "f" else values


def texts_of(values: pd.Series) -> pd.Series:
    """Give those that are text which a graph and a file can hold."""
    sound = values[[_is_text(value) for value in values]] if values.dtype == object else values
    return sound.astype("str")


def same(values: pd.Series, _: How) -> Found:
    """Read values that are of the kind already."""
    return values, {}


def nothing(values: pd.Series, _: How) -> Found:
    """Read none."""
    return values[:0].astype(object), {}


def all_hold(holds: Array, array: Array) -> bool:
    """Tell whether something holds of all values that are not missing."""
    return bool((holds | np.isnan(array)).all() if array.dtype.kind == "f" else holds.all())


def called(given: Any) -> str:
    """Say what a value of JSON is."""
    return CALLED.get(type(given), type(given).__name__)


def shown(value: object) -> str:
    """Write a value for a message, cut where it is long."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def _is_text(value: str) -> bool:
    # Half a surrogate pair is no character, and no graph or file can hold it.
    return value.isprintable() or not any("\ud800" <= each <= "\udfff" for each in value)
