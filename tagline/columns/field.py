"""A raw field of a request: its type, its range, what it means."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

from tagline.columns.cleaning import Cleaning, Missing
from tagline.columns.kind import ColumnKind, DType, How
from tagline.columns.kinds import Kind
from tagline.columns.types import KINDS
from tagline.errors import TaglineError

WORDS = ("string", "text")
LATER = ("missing", "strip", "lower", "aliases")  # came after the first bundles


@dataclass(frozen=True)
class Field:
    """One raw field that a request carries.

    Parameters
    ----------
    name : str
        The field's name, as callers write it.
    kind : {"string", "integer", "number", "timestamp", "boolean", "text", "duration"}
        Its type. Arrays hold text as NumPy's variable-width strings (missing is ``""``),
        timestamps as int64 seconds since 1970 UTC, integers as int64, numbers as float64
        (missing is NaN) and booleans as bool; where a timestamp, integer or boolean is not
        required, it is held as float64 so that it can be missing.
    description : str, optional
        What it means, for people.
    unit : str, optional
        The unit of its values.
    minimum, maximum : float, optional
        The range that its values lie in, both ends included.
    allowed : tuple of str, optional
        The values that a text may have; any where None.
    required : bool, optional
        Whether a request must carry it.
    format : str, optional
        How a table writes its times: ``ISO8601``, a format of `datetime.strptime`, or ``s``,
        ``ms``, ``us`` or ``ns`` since 1970 UTC. How it writes its numbers: ``1,234.5`` or
        ``1.234,5``. Found over all values where None.
    timezone : str, optional
        The zone of its times that bear none; the case's where None.
    missing : tuple of str or number, optional
        Values that mean none, such as ``"n/a"`` or 999, beside those of ``table.missing``.
    strip, lower : bool, optional
        Whether spaces around a text are cut off, and whether it is written in small letters, in
        a table and in a request alike.
    aliases : mapping of str to str, optional
        Text to what it is called instead.

    Examples
    --------
    >>> Field("distance", "number", "Great circle.", unit="mi", minimum=0).dtype
    'float64'
    >>> Field("paid", "boolean", required=False).dtype  # so that it can be missing
    'float64'
    """

    name: str
    kind: Kind
    description: str = ""
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] | None = None
    required: bool = True
    format: str | None = None
    timezone: str | None = None
    missing: tuple[Missing, ...] = ()
    strip: bool = False
    lower: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise TaglineError(
                f"kind is {self.kind!r} and must be one of {', '.join(KINDS)}.",
                where=f"field {self.name!r}",
            )
        for name in ("strip", "lower", "aliases"):
            if getattr(self, name) and self.kind not in WORDS:
                raise TaglineError(
                    f"{name} is of text, and the field is a {self.kind}.",
                    where=f"field {self.name!r}",
                )
        if self.cleaning.numbers and not self.type.measured:
            raise TaglineError(
                f"A number means no value, and the field is a {self.kind}.",
                where=f"field {self.name!r}",
            )
        for old, new in self.aliases.items():
            if self.cleaning.text(new) != new:
                raise TaglineError(
                    f"aliases call {old!r} {new!r}, which would itself be put right, to "
                    f"{self.cleaning.text(new) or 'no value'!r}.",
                    where=f"field {self.name!r}",
                    todo="Write what it comes to; what means no value stands in missing.",
                )
        if not self.name:
            raise TaglineError("A field has no name.", where="fields")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise TaglineError(
                f"The minimum {self.minimum:g} is above the maximum {self.maximum:g}.",
                where=f"field {self.name!r}",
            )

    @property
    def type(self) -> ColumnKind:
        """What its kind is."""
        return KINDS[self.kind]

    @property
    def how(self) -> How:
        """How its times and numbers are read."""
        return How(self.format, self.timezone)

    @cached_property
    def cleaning(self) -> Cleaning:
        """What is put right in a value before it is read."""
        return Cleaning(self.strip, self.lower, self.aliases, self.missing)

    @property
    def dtype(self) -> DType:
        """The type of the field's arrays, by the name that ONNX and ndonnx share."""
        return self.type.held(required=self.required)

    def replace(self, **changes: Any) -> Self:
        """Give the same field with other attributes."""
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Give the field as plain JSON data."""
        said = dataclasses.asdict(self)
        # What bundles were sealed with before is written as it was.
        return {name: each for name, each in said.items() if each or name not in LATER}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Make a field from what `to_dict` gave."""
        allowed, missing = values.get("allowed"), tuple(values.get("missing", ()))
        listed = None if allowed is None else tuple(allowed)
        return cls(**{**values, "allowed": listed, "missing": missing})
