"""Text inputs as numbers: the smoothed rate of the target in each category."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tagline.transform.compute import Column

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Encoder:
    """A learned number for each category.

    Attributes
    ----------
    categories : tuple of str
        The categories that were seen, sorted; ``""`` is "missing" where that was seen.
    values : tuple of float
        Their numbers.
    otherwise : float
        The number of a category that was never seen.
    """

    categories: tuple[str, ...]
    values: tuple[float, ...]
    otherwise: float

    def transform(self, texts: Column) -> Floats:
        """Give the number of each text, shape (n,), float64."""
        distinct, place = np.unique(texts, return_inverse=True)
        numbers = [self.number_of.get(str(text), self.otherwise) for text in distinct]
        return np.asarray(numbers, dtype=np.float64)[place]

    def to_dict(self) -> dict[str, Any]:
        """Give the encoder as plain JSON data."""
        return {
            "categories": list(self.categories),
            "values": list(self.values),
            "otherwise": self.otherwise,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Make an encoder from what `to_dict` gave."""
        return cls(tuple(values["categories"]), tuple(values["values"]), values["otherwise"])

    @cached_property
    def number_of(self) -> dict[str, float]:
        """Category to number."""
        return dict(zip(self.categories, self.values, strict=True))


def fit(texts: Column, y: Floats, *, smoothing: float) -> Encoder:
    r"""Learn the rate of the target in each category.

    A category seen n times with s positives gets :math:`(s + k r) / (n + k)`, where r is the
    overall rate and k the smoothing (Micci-Barreca, 2001, eq. 3 with a weight of n / (n + k)).

    Parameters
    ----------
    texts : ndarray of shape (n,), text
        The input.
    y : ndarray of shape (n,), float64
        The label, 0 or 1; not missing.
    smoothing : float
        k, in rows.
    """
    distinct, place = np.unique(texts, return_inverse=True)
    rate = float(y.mean())
    counts = np.bincount(place, minlength=len(distinct))
    sums = np.bincount(place, weights=y, minlength=len(distinct))
    values = _smoothed(sums, counts, rate=rate, smoothing=smoothing)
    return Encoder(tuple(map(str, distinct)), tuple(map(float, values)), rate)


def cross_fitted(
    texts: Column,
    y: Floats,
    groups: npt.NDArray[np.int64],
    *,
    smoothing: float,
    folds: int,
    seed: int,
) -> Floats:
    """Encode the training rows by rates learned without them.

    The groups are dealt to folds; each row gets the rate of its category in the other folds,
    so that no row sees its own label or a label that hangs together with it.

    Parameters
    ----------
    texts, y, smoothing
        As for `fit`.
    groups : ndarray of shape (n,), int64
        What hangs together; where it is all one group, each row is its own.
    folds : int
        The number of folds; fewer where there are fewer groups.
    seed : int
        Deals the groups.

    Returns
    -------
    ndarray of shape (n,), float64
    """
    # One group alone has no other to learn from: its rows are dealt one by one.
    alone = groups.min() == groups.max()
    hang_together = np.arange(len(groups)) if alone else groups
    fold = _folds(hang_together, folds=folds, seed=seed)
    distinct, place = np.unique(texts, return_inverse=True)
    shape = (len(distinct), int(fold.max()) + 1)
    cell = place * shape[1] + fold
    size = shape[0] * shape[1]
    counts = np.bincount(cell, minlength=size).reshape(shape)
    sums = np.bincount(cell, weights=y, minlength=size).reshape(shape)
    # Each row learns from the other folds only, else its own label would leak into its input.
    others = counts.sum(axis=1, keepdims=True) - counts
    other_sums = sums.sum(axis=1, keepdims=True) - sums
    rates = other_sums.sum(axis=0) / np.maximum(others.sum(axis=0), 1)
    values: Floats = _smoothed(other_sums, others, rate=rates, smoothing=smoothing)
    return values[place, fold]


def rows_alike(texts: Column) -> npt.NDArray[np.int64]:
    """Give how many rows have each row's text, shape (n,)."""
    _, place, counts = np.unique(texts, return_inverse=True, return_counts=True)
    return np.asarray(counts[place], dtype=np.int64)


def _folds(groups: npt.NDArray[np.int64], *, folds: int, seed: int) -> npt.NDArray[np.int64]:
    # Whole groups are dealt: rows of one day know each other's labels.
    distinct, place = np.unique(groups, return_inverse=True)
    dealt = np.arange(len(distinct)) % folds
    np.random.default_rng(seed).shuffle(dealt)
    return dealt[place]


def _smoothed(
    sums: npt.NDArray[Any], counts: npt.NDArray[Any], *, rate: float | Floats, smoothing: float
) -> Floats:
    weight = counts + smoothing
    return np.where(weight > 0, (sums + smoothing * rate) / np.where(weight > 0, weight, 1), rate)
