"""The kinds of values that a field may hold."""

from typing import Literal

Kind = Literal["string", "integer", "number", "timestamp", "boolean", "text", "duration"]

# What programs write for a missing number, time or flag; in text, only nothing at all is missing.
MISSING = frozenset(
    {"", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-nan", "-NaN", "NULL", "null"}
    | {"None", "NaT"}
)
NOTHING = ""
EXACT = 2**53  # up to here a double holds every whole number
