"""Rows with a label and a probability, and what weights over groups make of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tagline.errors import TaglineError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scored:
    """Rows from the highest probability to the lowest, each in its group.

    Attributes
    ----------
    y : ndarray of shape (n,), float64
        Labels, 0 or 1.
    p : ndarray of shape (n,), float64
        Probability of 1, falling.
    place : ndarray of shape (n,), int64
        Each row's group, from 0 to ``groups - 1``.
    groups : int
        Number of groups, those without a row among them.
    """

    y: Floats
    p: Floats
    place: Integers
    groups: int
    _sums: dict[str, Floats] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def starts(self) -> Integers:
        """Place of the first row of each distinct probability, shape (distinct,)."""
        # Rows of one probability are chosen together: a threshold can not part them.
        starts: Integers = np.flatnonzero(np.diff(self.p, prepend=2.0)).astype(np.int64)
        return starts

    def by_group(self, name: str, values: Callable[["Scored"], Floats]) -> Floats:
        """Add up one value a row in each group, shape (groups,), once for each name."""
        if name not in self._sums:
            sums = np.bincount(self.place, weights=values(self), minlength=self.groups)
            self._sums[name] = sums.astype(np.float64)
        return self._sums[name]

    def weighted(self, weights: Floats) -> "Weighted":
        """Look at the rows with a weight for each group, shape (resamples, groups)."""
        return Weighted(self, weights)


@dataclass(frozen=True)
class Weighted:
    """The same rows under several weightings of their groups at once.

    Attributes
    ----------
    rows : Scored
        The rows.
    weights : ndarray of shape (resamples, groups), float64
        How many times each group is in each resample.
    """

    rows: Scored
    weights: Floats

    @cached_property
    def size(self) -> Floats:
        """Rows in each resample, shape (resamples,)."""
        return self.total("size", lambda rows: np.ones_like(rows.p))

    @cached_property
    def positives(self) -> Floats:
        """Rows with label 1 in each resample, shape (resamples,)."""
        return self.total("positives", lambda rows: rows.y)

    @cached_property
    def found(self) -> Floats:
        """Rows with label 1 at each distinct probability, shape (resamples, distinct)."""
        return self._at_each(self._each_row * self.rows.y)

    @cached_property
    def chosen(self) -> Floats:
        """Rows at each distinct probability, shape (resamples, distinct)."""
        return self._at_each(self._each_row)

    @cached_property
    def found_above(self) -> Floats:
        """Rows with label 1 at or above each distinct probability, as `found`."""
        return np.cumsum(self.found, axis=1)

    @cached_property
    def chosen_above(self) -> Floats:
        """Rows at or above each distinct probability, as `chosen`."""
        return np.cumsum(self.chosen, axis=1)

    def total(self, name: str, values: Callable[[Scored], Floats]) -> Floats:
        """Add up one value a row over each resample, shape (resamples,).

        Not by BLAS, whose threads change the last bits and stall on a busy machine.
        """
        # einsum adds in one order on every machine, where a matrix product may not.
        sums: Floats = np.einsum("rg,g->r", self.weights, self.rows.by_group(name, values))
        return sums

    @cached_property
    def _each_row(self) -> Floats:
        return np.take(self.weights, self.rows.place, axis=1)

    def _at_each(self, values: Floats) -> Floats:
        starts = self.rows.starts
        return values if len(starts) == len(self.rows.p) else np.add.reduceat(values, starts, 1)


def scored(y: npt.ArrayLike, p: npt.ArrayLike, place: Integers, groups: int) -> Scored:
    """Sort rows by their probability and check them.

    Raises
    ------
    TaglineError
        The lengths differ, a label is neither 0 nor 1, or a probability is not from 0 to 1.
    """
    labels, chances = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if not labels.shape == chances.shape == place.shape:
        raise TaglineError(
            f"{len(labels)} labels, {len(chances)} probabilities and {len(place)} groups "
            "do not belong together."
        )
    if not np.isin(labels, (0.0, 1.0)).all():
        raise TaglineError("Only rows whose label is 0 or 1 can be judged.")
    if not ((chances >= 0) & (chances <= 1)).all():
        raise TaglineError("A probability is missing or not from 0 to 1.")
    # Sorted once; a resample only changes the weights of the rows.
    order = np.argsort(-chances, kind="stable")
    return Scored(labels[order], chances[order], place[order], groups)
