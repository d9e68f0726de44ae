"""What is put right in a value before it is read, alike in a table, a frame and a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tagline.columns.held import without_arrow
from tagline.columns.kind import Mask
from tagline.columns.kinds import NOTHING

Missing = str | int | float


@dataclass(frozen=True)
class Cleaning:
    """What is put right.

    Attributes
    ----------
    strip : bool
        Whether spaces around a text are cut off.
    lower : bool
        Whether a text is written in small letters.
    aliases : mapping of str to str
        Text to what it is called instead.
    missing : tuple of str, int or float
        Values that mean none.
    """

    strip: bool = False
    lower: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether a text may become another one, or a number none."""
        return self.strip or self.lower or bool(self.aliases or self.numbers)

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """The numbers that mean none."""
        return tuple(each for each in self.missing if not isinstance(each, str))

    def text(self, given: str) -> str:
        """Put one text right; empty where it means none."""
        written = self._written(given)
        called = self._names.get(written, written)
        return NOTHING if called in self._none or given in self._none else called

    def one(self, given: Any) -> Any:
        """Put one value of a request right; None where it means none."""
        if type(given) is str:
            return self.text(given)
        number = type(given) in (int, float)
        return None if number and given in self.numbers else given

    def column(self, given: pd.Series) -> pd.Series:
        """Put the texts of a column right; what means none is missing."""
        if not (self.strip or self.lower or self.aliases or self.missing):
            return given
        plain = without_arrow(given)
        kind = plain.dtype
        listed = isinstance(kind, pd.CategoricalDtype)
        if not (listed or plain.dtype == object or pd.api.types.is_string_dtype(kind)):
            return given
        if plain.dtype == object:
            return plain.map(lambda each: (self.text(each) or None) if _is_text(each) else each)
        # Each different text is put right once, however many rows have it.
        code, distinct = pd.factorize(plain)
        right = [(self.text(each) or None) if _is_text(each) else each for each in distinct]
        if right == list(distinct):
            return plain
        named = np.array([*right, None], dtype=object)[code]
        found = pd.Series(named, plain.index, name=given.name)
        return found if listed else found.astype(kind)

    def lacking(self, read: pd.Series) -> Mask:
        """Tell which numbers of a column that was read mean none."""
        if not self.numbers or not pd.api.types.is_numeric_dtype(read.dtype):
            return np.zeros(len(read), dtype=bool)
        return read.isin(self.numbers).to_numpy(dtype=bool)

    def _written(self, text: str) -> str:
        cut = text.strip() if self.strip else text
        return cut.lower() if self.lower else cut

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {self._written(old): new for old, new in self.aliases.items()}

    @cached_property
    def _none(self) -> frozenset[str]:
        words = [each for each in self.missing if isinstance(each, str)]
        return frozenset([*words, *map(self._written, words)])


def alike(distinct: Sequence[str]) -> tuple[int, str]:
    """Count the texts that are another one but for spaces around them or capitals.

    Returns
    -------
    count : int
        How many.
    example : str
        Two of them.
    """
    groups: dict[str, list[str]] = {}
    for each in distinct:
        groups.setdefault(each.strip().lower(), []).append(each)
    several = [each for each in groups.values() if len(each) > 1]
    if not several:
        return 0, ""
    first, second = sorted(several[0])[:2]
    return sum(len(each) - 1 for each in several), f"{first!r} beside {second!r}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
