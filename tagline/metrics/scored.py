"""Rows with a label and an answer, and what weights over groups make of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.errors import TaglineError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Rows with their labels and answers, each in its group.

    Attributes
    ----------
    y : ndarray of shape (n,), float64
        Labels.
    p : ndarray of shape (n,) or (n, k), float64
        Answers.
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

    def by_group(self, name: str, values: Callable[[Any], Floats]) -> Floats:
        """Add up one value a row in each group, shape (groups,), once for each name."""
        if name not in self._sums:
            sums = np.bincount(self.place, weights=values(self), minlength=self.groups)
            self._sums[name] = sums.astype(np.float64)
        return self._sums[name]

    def weighted(self, weights: Floats) -> "Weighted":
        """Look at the rows with a weight for each group, shape (resamples, groups)."""
        return Weighted(self, weights)


@dataclass(frozen=True)
class Scored(Rows):
    """Rows from the highest probability of 1, shape (n,), to the lowest; labels are 0 or 1."""

    @cached_property
    def starts(self) -> Integers:
        """Place of the first row of each distinct probability, shape (distinct,)."""
        # Rows of one probability are chosen together: a threshold can not part them.
        starts: Integers = np.flatnonzero(np.diff(self.p, prepend=2.0)).astype(np.int64)
        return starts


@dataclass(frozen=True)
class Classified(Rows):
    """Rows with a probability of each class, shape (n, k); labels are places of classes."""

    @cached_property
    def code(self) -> Integers:
        """Place of each row's class, shape (n,)."""
        return self.y.astype(np.int64)

    @cached_property
    def likeliest(self) -> Integers:
        """Place of the class of the highest probability, the first of equal ones, shape (n,)."""
        found: Integers = np.argmax(self.p, axis=1).astype(np.int64)
        return found

    def counted(self, code: Integers) -> Floats:
        """Count rows of each group by class, those of no class (k) left out: shape (groups, k)."""
        k = self.p.shape[1]
        cell = self.place * (k + 1) + code
        counts = np.bincount(cell, minlength=self.groups * (k + 1)).reshape(-1, k + 1)
        return counts[:, :k].astype(np.float64)

    @cached_property
    def counts(self) -> tuple[Floats, Floats, Floats]:
        """Rows of each group that are right, said and there, by class: each shape (groups, k)."""
        right = np.where(self.code == self.likeliest, self.code, self.p.shape[1])
        return self.counted(right), self.counted(self.likeliest), self.counted(self.code)

    def against_rest(self, number: int) -> Scored:
        """Look at one class against all others."""
        if number not in self._parted:
            label = (self.code == number).astype(np.float64)
            self._parted[number] = _sorted(label, self.p[:, number], self.place, self.groups)
        return self._parted[number]

    @cached_property
    def _parted(self) -> dict[int, Scored]:
        return {}


@dataclass(frozen=True)
class Residuals(Rows):
    """Rows whose labels and answers are numbers, shape (n,)."""

    @cached_property
    def apart(self) -> Floats:
        """By how much each label is above its answer, shape (n,)."""
        return self.y - self.p


@dataclass(frozen=True)
class Weighted:
    """The same rows under several weightings of their groups at once.

    Attributes
    ----------
    rows : Rows
        The rows; what is said of probabilities below is of `Scored` ones.
    weights : ndarray of shape (resamples, groups), float64
        How many times each group is in each resample.
    """

    rows: Any
    weights: Floats

    @cached_property
    def size(self) -> Floats:
        """Rows in each resample, shape (resamples,)."""
        return self.total("size", lambda rows: np.ones_like(rows.y))

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

    def total(self, name: str, values: Callable[[Any], Floats]) -> Floats:
        """Add up one value a row over each resample, shape (resamples,).

        Not by BLAS, whose threads change the last bits and stall on a busy machine.
        """
        # einsum adds in one order on every machine, where a matrix product may not.
        sums: Floats = np.einsum("rg,g->r", self.weights, self.rows.by_group(name, values))
        return sums

    @cached_property
    def _each_row(self) -> Floats:
        return np.asarray(np.take(self.weights, self.rows.place, axis=1))

    def _at_each(self, values: Floats) -> Floats:
        starts = self.rows.starts
        return values if len(starts) == len(self.rows.p) else np.add.reduceat(values, starts, 1)


def scored(y: npt.ArrayLike, p: npt.ArrayLike, place: Integers, groups: int) -> Rows:
    """Check rows with probabilities: of 1, which are sorted, or of each class.

    Raises
    ------
    TaglineError
        The lengths differ, a label is none of the classes, or a probability is not from 0 to 1.
    """
    labels, chances = _arrays(y, p, place, what="probabilities")
    if chances.ndim == 2:
        return _classified(labels, chances, place, groups)
    if not np.isin(labels, (0.0, 1.0)).all():
        raise TaglineError("Only rows whose label is 0 or 1 can be judged.")
    if not ((chances >= 0) & (chances <= 1)).all():
        raise TaglineError("A probability is missing or not from 0 to 1.")
    return _sorted(labels, chances, place, groups)


def residuals(y: npt.ArrayLike, p: npt.ArrayLike, place: Integers, groups: int) -> Residuals:
    """Check rows whose labels and answers are numbers.

    Raises
    ------
    TaglineError
        The lengths differ, or a label or an answer is missing or infinite.
    """
    labels, answers = _arrays(y, p, place, what="answers")
    if not (np.isfinite(labels).all() and np.isfinite(answers).all()):
        raise TaglineError("A label or an answer is missing or infinite.")
    return Residuals(labels, answers, place, groups)


def _arrays(
    y: npt.ArrayLike, p: npt.ArrayLike, place: Integers, *, what: str
) -> tuple[Floats, Floats]:
    labels, answers = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if not labels.shape == answers.shape[:1] == place.shape:
        raise TaglineError(
            f"{len(labels)} labels, {len(answers)} {what} and {len(place)} groups "
            "do not belong together."
        )
    return labels, answers


def _sorted(y: Floats, p: Floats, place: Integers, groups: int) -> Scored:
    # Sorted once; a resample only changes the weights of the rows.
    order = np.argsort(-p, kind="stable")
    return Scored(y[order], p[order], place[order], groups)


def _classified(y: Floats, p: Floats, place: Integers, groups: int) -> Classified:
    if not np.isin(y, np.arange(p.shape[1])).all():
        raise TaglineError("Only rows whose label is one of the classes can be judged.")
    if not ((p >= 0) & (p <= 1)).all():
        raise TaglineError("A probability is missing or not from 0 to 1.")
    return Classified(y, p, place, groups)
