"""Rows with a label and a probability, and what weights over groups make of them."""

from dataclasses import dataclass
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

    @cached_property
    def ends(self) -> Integers:
        """Place of the last row of each distinct probability, shape (distinct,)."""
        last = np.flatnonzero(np.diff(self.p))
        return np.append(last, len(self.p) - 1).astype(np.int64) if len(self.p) else last

    def by_group(self, values: Floats) -> Floats:
        """Add up one value a row in each group, shape (groups,)."""
        return np.bincount(self.place, weights=values, minlength=self.groups)

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
        return self.total(np.ones_like(self.rows.p))

    @cached_property
    def positives(self) -> Floats:
        """Rows with label 1 in each resample, shape (resamples,)."""
        return self.total(self.rows.y)

    @cached_property
    def above(self) -> Floats:
        """Rows at or above each distinct probability, shape (resamples, distinct)."""
        return np.cumsum(self._each_row, axis=1)[:, self.rows.ends]

    @cached_property
    def positives_above(self) -> Floats:
        """Of these, the rows with label 1, shape (resamples, distinct)."""
        return np.cumsum(self._each_row * self.rows.y, axis=1)[:, self.rows.ends]

    def total(self, values: Floats) -> Floats:
        """Add up one value a row over each resample, shape (resamples,)."""
        return self.weights @ self.rows.by_group(values)

    @cached_property
    def _each_row(self) -> Floats:
        return self.weights[:, self.rows.place]


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
    order = np.argsort(-chances, kind="stable")
    return Scored(labels[order], chances[order], place[order], groups)
