"""Write down what an input function does to one row: a small `xp` that computes nothing.

It offers what of the Array API makes sense for one row, with NumPy's types and promotion. What it
does not offer, or would do otherwise than NumPy, is refused, so that a bundle can not be sealed
with a program that answers otherwise than its graph.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tagline.columns.field import Field
from tagline.errors import TaglineError
from tagline.transform.compute import InputFunction
from tagline.transform.operations import EXPONENTIAL, TRIGONOMETRIC, Dtype
from tagline.transform.program import Program, needed
from tagline.transform.scalar import (
    RANK,
    Recorder,
    Scalar,
    arithmetic,
    compared,
    flags,
    negated,
    unary,
)


class Namespace:
    """The `xp` of the recording.

    Parameters
    ----------
    recorder : Recorder
        Writes down what is done.
    """

    float64, int64, bool = "float64", "int64", "bool"
    nan, inf, pi, e = float("nan"), float("inf"), 3.141592653589793, 2.718281828459045

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __getattr__(self, name: str) -> Callable[..., Scalar]:
        maker = _MAKERS.get(name)
        if maker is None:
            raise AttributeError(f"xp.{name} is nothing that a row of one can do as NumPy does it")
        kind, step = maker
        return lambda *values: kind(self._recorder, step, *values)

    def astype(self, value: Any, dtype: Dtype, **_: Any) -> Scalar:
        """Give a value in another type."""
        return self._recorder.scalar(value, _known(dtype))

    def asarray(self, value: Any, *, dtype: Dtype | None = None) -> Scalar:
        """Take a constant."""
        return self._recorder.scalar(value, None if dtype is None else _known(dtype))

    def full_like(self, like: Scalar, value: Any, *, dtype: Dtype | None = None) -> Scalar:
        """Take a constant in the type of another value."""
        return self.asarray(value, dtype=dtype or like.dtype)

    def zeros_like(self, like: Scalar, *, dtype: Dtype | None = None) -> Scalar:
        """Take 0."""
        return self.full_like(like, 0, dtype=dtype)

    def ones_like(self, like: Scalar, *, dtype: Dtype | None = None) -> Scalar:
        """Take 1."""
        return self.full_like(like, 1, dtype=dtype)

    def where(self, condition: Any, yes: Any, no: Any) -> Scalar:
        """Write down a choice."""
        flag = self._recorder.scalar(condition)
        if flag.dtype != "bool":
            raise TypeError(f"xp.where takes a flag, and was given {flag.dtype}")
        a, b = self._recorder.alike(yes, no)
        return self._recorder.made("where", a.dtype, flag, a, b, gives=a.dtype)

    def clip(self, value: Any, low: Any = None, high: Any = None) -> Scalar:
        """Write down limits."""
        given = self._recorder.scalar(value)
        above = given if low is None else self.maximum(given, low)
        return above if high is None else self.minimum(above, high)


def _as_float(recorder: Recorder, name: str, value: Any) -> Scalar:
    return recorder.made(name, "float64", recorder.scalar(value, "float64"), gives="float64")


def _rounding(recorder: Recorder, name: str, value: Any) -> Scalar:
    a = recorder.scalar(value)
    return a if a.dtype == "int64" else _as_float(recorder, name, a)


def _tells(recorder: Recorder, name: str, value: Any) -> Scalar:
    return recorder.made(name, "float64", recorder.scalar(value, "float64"), gives="bool")


def _of_text(recorder: Recorder, name: str, value: Any) -> Scalar:
    return recorder.made(name, "utf8", recorder.scalar(value, "utf8"), gives="float64")


def _negation(recorder: Recorder, _: str, value: Any) -> Scalar:
    return negated(recorder, value)


_MAKERS: Mapping[str, tuple[Callable[..., Scalar], str]] = {
    **{
        name: (arithmetic, name)
        for name in ("add", "subtract", "multiply", "divide", "remainder", "floor_divide", "pow")
    },
    **{name: (arithmetic, name) for name in ("minimum", "maximum")},
    **{
        name: (compared, name)
        for name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
    },
    **{f"logical_{name}": (flags, name) for name in ("and", "or", "xor")},
    "logical_not": (_negation, "not"),
    **{name: (unary, name) for name in ("negative", "abs")},
    **{name: (_as_float, name) for name in (*EXPONENTIAL, *TRIGONOMETRIC)},
    **{name: (_rounding, name) for name in ("floor", "ceil", "trunc", "round")},
    **{name: (_tells, name) for name in ("isnan", "isinf", "isfinite")},
    **{name: (_of_text, name) for name in ("text_length", "text_words")},
}


def record(
    function: InputFunction, *, fields: Sequence[Field], history: Sequence[str], text: Sequence[str]
) -> Program:
    """Make the program of an input function.

    Parameters
    ----------
    function : callable
        The case's input function.
    fields : sequence of Field
        The raw fields.
    history : sequence of str
        The history columns, numbers.
    text : sequence of str
        The inputs that are categories; all others are given as float64.

    Raises
    ------
    TaglineError
        The function does something that one row can not do as NumPy does it.
    """
    takes: dict[str, Dtype] = {field.name: field.dtype for field in fields}
    takes |= dict.fromkeys(history, "float64")
    recorder = Recorder(takes)
    with _refused():
        made = function(Namespace(recorder), recorder.row)
        gives = {
            name: recorder.scalar(value, "utf8" if name in text else "float64").operand
            for name, value in made.items()
        }
    return needed(Program(recorder.takes, tuple(recorder.steps), gives))


def try_one_row(
    function: InputFunction, fields: Sequence[Field], history: Sequence[str]
) -> Program:
    """Make the program of an input function, whatever its inputs hold; as `record`.

    Raises
    ------
    TaglineError
        The function does something that one row can not do as NumPy does it.
    """
    takes: dict[str, Dtype] = {field.name: field.dtype for field in fields}
    recorder = Recorder(takes | dict.fromkeys(history, "float64"))
    with _refused():
        made = function(Namespace(recorder), recorder.row)
    text = [n for n, each in made.items() if isinstance(each, Scalar) and each.dtype == "utf8"]
    return record(function, fields=fields, history=history, text=text)


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except (TypeError, AttributeError, ValueError, OverflowError) as wrong:
        raise TaglineError(
            f"The input function can not be a program for one row: {wrong}.",
            where="inputs",
            todo="docs/serving.md names what xp offers to one row.",
        ) from wrong


def _known(dtype: Any) -> Dtype:
    if dtype not in RANK:
        raise TypeError(f"{dtype} is no type of one row; there are {', '.join(RANK)}")
    return dtype  # type: ignore[no-any-return]
