"""A snapshot of history as it is looked up: for one decision, or for many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.history.ageing import Ageing
from tagline.history.declare import Declaration
from tagline.history.snapshot import Snapshot

Floats = npt.NDArray[np.float64]


def decided(fields: Mapping[str, Sequence[Any]], moment: str, asked: Floats) -> Floats:
    """Say when rows are decided, seconds since 1970 UTC.

    Parameters
    ----------
    fields : mapping of str to sequence
        The rows' fields.
    moment : str
        What the case calls the decision's time.
    asked : ndarray of shape (n,), float64
        When each row was asked, which counts where that is no field, or has no value.
    """
    if moment not in fields:
        return asked
    given = np.array(fields[moment], dtype=np.float64)
    return np.where(np.isnan(given), asked, given)


@dataclass(frozen=True)
class History:
    """A snapshot, ready to be looked up.

    Attributes
    ----------
    snapshot : Snapshot
        What was known at its moment.
    declarations : tuple of declarations
        What its columns mean.
    within : float or None
        See `tagline.history.ageing.Ageing.of`.
    """

    snapshot: Snapshot
    declarations: tuple[Declaration, ...]
    within: float | None = None

    @classmethod
    def of(
        cls, snapshot: Snapshot, declarations: tuple[Declaration, ...], *, within: str | None
    ) -> Self:
        """Take a snapshot that holds for a length of time, such as ``"2h"``."""
        return cls(
            snapshot, declarations, None if within is None else pd.Timedelta(within).total_seconds()
        )

    @cached_property
    def ageing(self) -> Ageing:
        """What becomes of it after its moment."""
        return Ageing.of(
            self.declarations, self.names, as_of=self.snapshot.as_of, within=self.within
        )

    def row(self, values: Mapping[str, Any], at: float) -> tuple[Sequence[float], str]:
        """Give the history of one decision; see `Ageing.row`."""
        past = [number for lookup in self.lookups for number in lookup(values)]
        return self.ageing.row(past, at)

    def columns(
        self, fields: Mapping[str, Sequence[Any]], at: Floats
    ) -> tuple[dict[str, Floats], Sequence[str]]:
        """Give the history of many decisions; see `Ageing.columns`."""
        past: dict[str, Floats] = {}
        for group in self.snapshot.groups:
            past |= group.columns(fields, len(at))
        found, outside = self.ageing.columns(past, at)
        return found, outside.tolist()

    @cached_property
    def lookups(self) -> tuple[Any, ...]:
        """One for each set of keys."""
        return tuple(group.lookup() for group in self.snapshot.groups)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order in which the lookups give them."""
        return tuple(name for group in self.snapshot.groups for name in group.names)
