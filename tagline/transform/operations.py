"""What a row's program may do: each operation on plain Python numbers, as NumPy does it.

Python and NumPy differ where a result is not a finite number: Python raises where NumPy gives
infinity or NaN. Whole numbers wrap at 64 bits, as NumPy's do.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from tagline.columns.number import HIGHEST, LOWEST
from tagline.columns.texts import text_length, text_words

Dtype = Literal["utf8", "int64", "float64", "bool"]

EXPONENTIAL = ("exp", "expm1", "log", "log2", "log10", "log1p", "sqrt")
TRIGONOMETRIC = (
    *("sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)
WRAP = 2**64


def divide(a: float, b: float) -> float:
    """Divide as IEEE 754 does, by zero too."""
    if b:
        return a / b
    if not a or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def remainder(a: float, b: float) -> float:
    """Give the remainder with the sign of the divisor; NaN where the divisor is zero."""
    return a % b if b and math.isfinite(a) else math.nan


def floor_divide(a: float, b: float) -> float:
    """Round a quotient down."""
    if not b:
        return divide(a, b)
    return a // b if math.isfinite(a) else math.nan


def power(a: float, b: float) -> float:
    """Raise to a power: NaN where the result is not real, infinity where it is too great."""
    if b == 2.0:
        return a * a
    try:
        return math.pow(a, b)
    except (ValueError, OverflowError):
        if a < 0 and not b.is_integer():
            return math.nan
        # Zero and what is too great keep their sign where the power is odd.
        return math.copysign(math.inf, a) if b % 2 == 1 else math.inf


def wrapped(whole: int) -> int:
    """Keep the lowest 64 bits."""
    return whole if LOWEST <= whole <= HIGHEST else (whole - LOWEST) % WRAP + LOWEST


def whole(a: float) -> int:
    """Cut off what follows the point; NaN and what is too great are the least whole number."""
    return int(a) if LOWEST <= a < 2.0**63 else LOWEST


def total(of: Callable[[float], float]) -> Callable[[float], float]:
    """Let a function of `math` answer where it would raise: NaN outside, infinity beyond."""

    def answer(a: float) -> float:
        try:
            return float(of(a))
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return answer


def logarithm(of: Callable[[float], float], pole: float) -> Callable[[float], float]:
    """As `total`, and minus infinity at the pole."""
    inside = total(of)
    return lambda a: -math.inf if a == pole else inside(a)


def rounded(to: Callable[[float], int]) -> Callable[[float], float]:
    """Let a function that rounds keep what is no finite number, and the sign of zero."""
    return lambda a: math.copysign(float(to(a)), a) if math.isfinite(a) else a


FUNCTIONS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "divide": divide,
        "remainder": remainder,
        "floor_divide": floor_divide,
        "pow": power,
        "wrapped": wrapped,
        "whole": whole,
        "exp": total(math.exp),
        "expm1": total(math.expm1),
        "log": logarithm(math.log, 0.0),
        "log2": logarithm(math.log2, 0.0),
        "log10": logarithm(math.log10, 0.0),
        "log1p": logarithm(math.log1p, -1.0),
        "sqrt": total(math.sqrt),
        **{name: total(getattr(math, name)) for name in TRIGONOMETRIC},
        "floor": rounded(math.floor),
        "ceil": rounded(math.ceil),
        "trunc": rounded(math.trunc),
        "round": rounded(round),
        "isfinite": math.isfinite,
        "isinf": math.isinf,
        "text_length": text_length,
        "text_words": text_words,
    }
)

# Operation, and the type of its operands, to what it is in Python; a and b are names or constants.
CODE: Mapping[tuple[str, Dtype], str] = MappingProxyType(
    {
        ("add", "float64"): "{0} + {1}",
        ("subtract", "float64"): "{0} - {1}",
        ("multiply", "float64"): "{0} * {1}",
        ("divide", "float64"): "{0} / {1} if {1} else divide({0}, {1})",
        ("remainder", "float64"): "remainder({0}, {1})",
        ("floor_divide", "float64"): "floor_divide({0}, {1})",
        ("pow", "float64"): "pow({0}, {1})",
        ("negative", "float64"): "-{0}",
        ("abs", "float64"): "abs({0})",
        ("isnan", "float64"): "{0} != {0}",
        ("isinf", "float64"): "isinf({0})",
        ("isfinite", "float64"): "isfinite({0})",
        **{(name, "float64"): f"{name}({{0}})" for name in (*EXPONENTIAL, *TRIGONOMETRIC)},
        **{(name, "float64"): f"{name}({{0}})" for name in ("floor", "ceil", "trunc", "round")},
        ("add", "int64"): "wrapped({0} + {1})",
        ("add", "utf8"): "{0} + {1}",
        ("text_length", "utf8"): "text_length({0})",
        ("text_words", "utf8"): "text_words({0})",
        ("subtract", "int64"): "wrapped({0} - {1})",
        ("multiply", "int64"): "wrapped({0} * {1})",
        ("remainder", "int64"): "{0} % {1} if {1} else 0",
        ("floor_divide", "int64"): "wrapped({0} // {1}) if {1} else 0",
        ("negative", "int64"): "wrapped(-{0})",
        ("abs", "int64"): "wrapped(abs({0}))",
        ("and", "bool"): "{0} and {1}",
        ("or", "bool"): "{0} or {1}",
        ("xor", "bool"): "{0} is not {1}",
        ("not", "bool"): "not {0}",
        **{
            (name, dtype): f"{{0}} {sign} {{1}}"
            for name, sign in (
                ("equal", "=="),
                ("not_equal", "!="),
                ("less", "<"),
                ("less_equal", "<="),
                ("greater", ">"),
                ("greater_equal", ">="),
            )
            for dtype in ("float64", "int64", "bool", "utf8")
            if dtype in ("float64", "int64") or name in ("equal", "not_equal")
        },
        **{
            ("where", dtype): "{1} if {0} else {2}"
            for dtype in ("float64", "int64", "bool", "utf8")
        },
        # A NaN on either side is the answer.
        ("minimum", "float64"): "{0} if {0} <= {1} or {0} != {0} else {1}",
        ("maximum", "float64"): "{0} if {0} >= {1} or {0} != {0} else {1}",
        ("minimum", "int64"): "{0} if {0} <= {1} else {1}",
        ("maximum", "int64"): "{0} if {0} >= {1} else {1}",
        ("to_float64", "int64"): "float({0})",
        ("to_float64", "bool"): "float({0})",
        ("to_int64", "float64"): "whole({0})",
        ("to_int64", "bool"): "int({0})",
        ("to_bool", "float64"): "{0} != 0.0",
        ("to_bool", "int64"): "{0} != 0",
    }
)
