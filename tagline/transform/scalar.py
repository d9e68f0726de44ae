"""Values of one row that are not known yet: what is done with them is written down."""

from collections.abc import Mapping
from typing import Any

from tagline.columns.number import HIGHEST, LOWEST
from tagline.transform.operations import Dtype
from tagline.transform.program import Constant, Operand, Step

RANK: tuple[Dtype, ...] = ("bool", "int64", "float64")
NOT_ARITHMETIC = "NumPy adds flags up as flags: use xp.astype first"


class Recorder:
    """Collects the steps; the same step twice is one.

    Parameters
    ----------
    takes : mapping of str to str
        Each value that a row has, and its type.
    """

    def __init__(self, takes: Mapping[str, Dtype]) -> None:
        self.takes = tuple(takes)
        self.steps: dict[Step, int] = {}
        self.row = {
            name: Scalar(self, place, dtype) for place, (name, dtype) in enumerate(takes.items())
        }

    def made(self, name: str, of: Dtype, *operands: "Scalar", gives: Dtype) -> "Scalar":
        """Write a step down, and give the value that it makes."""
        step = Step(name, of, tuple(each.operand for each in operands))
        place = self.steps.setdefault(step, len(self.takes) + len(self.steps))
        return Scalar(self, place, gives)

    def scalar(self, value: Any, dtype: Dtype | None = None) -> "Scalar":
        """Take a value that the function brings: one of ours, or a constant."""
        if not isinstance(value, Scalar):
            value = Scalar(self, (_plain(value),), _dtype_of(value))
        return value if dtype is None else self.cast(value, dtype)

    def cast(self, value: "Scalar", dtype: Dtype) -> "Scalar":
        """Give a value in another type."""
        if value.dtype == dtype:
            return value
        if "utf8" in (value.dtype, dtype):
            raise TypeError(f"{value.dtype} can not become {dtype}")
        if isinstance(value.operand, tuple) and dtype == "float64":
            return Scalar(self, (float(value.operand[0]),), dtype)
        return self.made(f"to_{dtype}", value.dtype, value, gives=dtype)

    def alike(self, *values: Any) -> tuple["Scalar", ...]:
        """Give values in the one type that NumPy would compute them in."""
        taken = [self.scalar(each) for each in values]
        kinds = {each.dtype for each in taken}
        if "utf8" in kinds:
            if len(kinds) > 1:
                raise TypeError("text and numbers do not go together")
            return tuple(taken)
        highest = max(kinds, key=RANK.index)
        return tuple(self.cast(each, highest) for each in taken)


class Scalar:
    """One value of a row, not yet known.

    Parameters
    ----------
    recorder : Recorder
        Writes down what is done with it.
    operand : place or constant
        What it is called.
    dtype : {"utf8", "int64", "float64", "bool"}
        Its type.
    """

    __hash__ = None  # type: ignore[assignment]
    __array_priority__ = 1000

    def __init__(self, recorder: Recorder, operand: Operand, dtype: Dtype) -> None:
        self.recorder = recorder
        self.operand = operand
        self.dtype = dtype

    def __bool__(self) -> bool:
        raise TypeError("a value of a row is not known yet: use xp.where instead of if")

    def __float__(self) -> float:
        raise TypeError("a value of a row is not known yet: use xp.astype instead of float()")

    def _with(self, name: str, other: Any, *, turned: bool = False) -> "Scalar":
        pair = (other, self) if turned else (self, other)
        return arithmetic(self.recorder, name, *pair)

    def _compared(self, name: str, other: Any) -> "Scalar":
        return compared(self.recorder, name, self, other)

    def _flags(self, name: str, other: Any) -> "Scalar":
        return flags(self.recorder, name, self, other)

    def __add__(self, other: Any) -> "Scalar":
        return self._with("add", other)

    def __radd__(self, other: Any) -> "Scalar":
        return self._with("add", other, turned=True)

    def __sub__(self, other: Any) -> "Scalar":
        return self._with("subtract", other)

    def __rsub__(self, other: Any) -> "Scalar":
        return self._with("subtract", other, turned=True)

    def __mul__(self, other: Any) -> "Scalar":
        return self._with("multiply", other)

    def __rmul__(self, other: Any) -> "Scalar":
        return self._with("multiply", other, turned=True)

    def __truediv__(self, other: Any) -> "Scalar":
        return self._with("divide", other)

    def __rtruediv__(self, other: Any) -> "Scalar":
        return self._with("divide", other, turned=True)

    def __floordiv__(self, other: Any) -> "Scalar":
        return self._with("floor_divide", other)

    def __rfloordiv__(self, other: Any) -> "Scalar":
        return self._with("floor_divide", other, turned=True)

    def __mod__(self, other: Any) -> "Scalar":
        return self._with("remainder", other)

    def __rmod__(self, other: Any) -> "Scalar":
        return self._with("remainder", other, turned=True)

    def __pow__(self, other: Any) -> "Scalar":
        return self._with("pow", other)

    def __rpow__(self, other: Any) -> "Scalar":
        return self._with("pow", other, turned=True)

    def __neg__(self) -> "Scalar":
        return unary(self.recorder, "negative", self)

    def __pos__(self) -> "Scalar":
        return self

    def __abs__(self) -> "Scalar":
        return unary(self.recorder, "abs", self)

    def __lt__(self, other: Any) -> "Scalar":
        return self._compared("less", other)

    def __le__(self, other: Any) -> "Scalar":
        return self._compared("less_equal", other)

    def __gt__(self, other: Any) -> "Scalar":
        return self._compared("greater", other)

    def __ge__(self, other: Any) -> "Scalar":
        return self._compared("greater_equal", other)

    def __eq__(self, other: Any) -> "Scalar":  # type: ignore[override]
        return self._compared("equal", other)

    def __ne__(self, other: Any) -> "Scalar":  # type: ignore[override]
        return self._compared("not_equal", other)

    def __and__(self, other: Any) -> "Scalar":
        return self._flags("and", other)

    def __or__(self, other: Any) -> "Scalar":
        return self._flags("or", other)

    def __xor__(self, other: Any) -> "Scalar":
        return self._flags("xor", other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> "Scalar":
        return negated(self.recorder, self)


def arithmetic(recorder: Recorder, name: str, left: Any, right: Any) -> Scalar:
    """Write down an operation on two numbers."""
    a, b = recorder.alike(left, right)
    if a.dtype == "bool":
        raise TypeError(NOT_ARITHMETIC)
    if a.dtype == "utf8" and name != "add":
        raise TypeError(f"text knows no {name}")
    if name in ("divide", "pow") and a.dtype == "int64":
        if name == "pow":
            raise TypeError("whole numbers have no power here: use xp.astype first")
        a, b = recorder.cast(a, "float64"), recorder.cast(b, "float64")
    return recorder.made(name, a.dtype, a, b, gives=a.dtype)


def compared(recorder: Recorder, name: str, left: Any, right: Any) -> Scalar:
    """Write down a comparison."""
    a, b = recorder.alike(left, right)
    return recorder.made(name, a.dtype, a, b, gives="bool")


def flags(recorder: Recorder, name: str, left: Any, right: Any) -> Scalar:
    """Write down an operation on two flags."""
    a, b = recorder.scalar(left), recorder.scalar(right)
    if (a.dtype, b.dtype) != ("bool", "bool"):
        raise TypeError(f"{name} takes flags here, and was given {a.dtype} and {b.dtype}")
    return recorder.made(name, "bool", a, b, gives="bool")


def negated(recorder: Recorder, value: Any) -> Scalar:
    """Write down that a flag is turned."""
    a = recorder.scalar(value)
    if a.dtype != "bool":
        raise TypeError(f"not takes a flag here, and was given {a.dtype}")
    return recorder.made("not", "bool", a, gives="bool")


def unary(recorder: Recorder, name: str, value: Any) -> Scalar:
    """Write down an operation on one number."""
    a = recorder.scalar(value)
    if a.dtype == "utf8":
        raise TypeError(f"text knows no {name}")
    if a.dtype == "bool":
        raise TypeError(NOT_ARITHMETIC)
    return recorder.made(name, a.dtype, a, gives=a.dtype)


def _plain(value: Any) -> Constant:
    number = value.item() if hasattr(value, "item") else value
    if type(number) not in (bool, int, float, str):
        raise TypeError(f"{type(value).__name__} is no value of a row")
    if type(number) is int and not LOWEST <= number <= HIGHEST:
        raise OverflowError(f"{number} has more than 64 bits")
    return number  # type: ignore[no-any-return]


def _dtype_of(value: Any) -> Dtype:
    kinds: Mapping[type, Dtype] = {bool: "bool", int: "int64", float: "float64", str: "utf8"}
    return kinds[type(_plain(value))]
