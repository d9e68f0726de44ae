"""The matrix that models see, and all that was learned to make it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tagline.errors import TaglineError
from tagline.transform.compute import Column, is_text
from tagline.transform.encode import Encoder, cross_fitted, fit, rows_alike

Matrix = npt.NDArray[np.float32]
MATRIX = "X"  # what graphs call it
Rated = Callable[[Column, npt.NDArray[np.float64]], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class FeatureEncoder:
    """The model's inputs.

    Attributes
    ----------
    names : tuple of str
        In the order of the matrix's columns.
    encoders : dict
        The encoder of each input that is text.
    """

    names: tuple[str, ...]
    encoders: Mapping[str, Encoder]

    def transform(self, values: Mapping[str, Column]) -> Matrix:
        """Make the matrix.

        Parameters
        ----------
        values : mapping of str to ndarray of shape (n,)
            What `tagline.transform.compute.compute` gives.

        Returns
        -------
        ndarray of shape (n, p), float32
            NaN where a value is missing.
        """
        return _matrix([self._number(name, values[name]) for name in self.names])

    def to_dict(self) -> dict[str, Any]:
        """Give the set as plain JSON data."""
        encoders = {name: encoder.to_dict() for name, encoder in self.encoders.items()}
        return {"names": list(self.names), "encoders": encoders}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Make a set from what `to_dict` gave."""
        encoders = {name: Encoder.from_dict(each) for name, each in values["encoders"].items()}
        return cls(tuple(values["names"]), encoders)

    def _number(self, name: str, values: Column) -> Column:
        encoder = self.encoders.get(name)
        return values if encoder is None else encoder.transform(values)


def _as_it_is(_: Column, y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return y


def fit_inputs(
    values: Mapping[str, Column],
    y: npt.NDArray[np.float64],
    groups: npt.NDArray[np.int64],
    train: npt.NDArray[np.bool_],
    *,
    smoothing: float,
    folds: int,
    seed: int,
    rated: Rated = _as_it_is,
    settled: float = inf,
    whole: bool = True,
) -> tuple[FeatureEncoder, Matrix]:
    """Learn the encoders from the training rows and make the matrix of all rows.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n,)
        What `tagline.transform.compute.compute` gives.
    y : ndarray of shape (n,), float64
        The label; read on the training rows only.
    groups : ndarray of shape (n,), int64
        What hangs together.
    train : ndarray of shape (n,), bool
        The training rows; they get cross-fitted numbers, the others fitted ones.
    smoothing, folds, seed
        See `tagline.transform.encode`.
    rated : callable, optional
        Gives what is averaged in each category, shape (m,), of a text's values and the labels of
        the training rows; the labels themselves where left out.
    settled : float, optional
        From how many training rows on a category has one number for all: a row's own label is as
        good as nothing of it, and numbers that differ by fold would make categories overlap.
    whole : bool, optional
        Whether an input must have a value on some training row.

    Raises
    ------
    TaglineError
        An input is infinite somewhere, or missing on every training row.
    """
    encoders: dict[str, Encoder] = {}
    numbers, empty = [], list[str]()
    for name, given in values.items():
        if is_text(given):
            own = rated(given[train], y[train])
            encoders[name] = fit(given[train], own, smoothing=smoothing)
            number = encoders[name].transform(given)
            apart = cross_fitted(
                given[train], own, groups[train], smoothing=smoothing, folds=folds, seed=seed
            )
            few = rows_alike(given[train]) < settled
            number[train] = np.where(few, apart, number[train])
        else:
            number = given
        _expect_finite(name, number)
        if np.isnan(number[train] if whole else number).all():
            empty.append(name)
        numbers.append(number)
    _expect_some(empty)
    return FeatureEncoder(tuple(values), encoders), _matrix(numbers)


def _expect_finite(name: str, number: Column) -> None:
    with np.errstate(over="ignore"):
        endless = int(np.isinf(number.astype(np.float32)).sum())
    if endless:
        raise TaglineError(
            f"{endless} rows are infinite, or too great for single precision.",
            where=f"input {name!r}",
        )


def _expect_some(empty: list[str]) -> None:
    if empty:
        named = ", ".join(f'"{name}"' for name in empty)
        raise TaglineError(
            f"Missing on every training row: {', '.join(map(repr, empty))}.",
            where="inputs",
            todo=f"Leave out the columns, exclude = [{named}] under [table], or the inputs in the "
            "feature module; table.columns names those that are used, and leaves out new ones.",
        )


def _matrix(numbers: list[Column]) -> Matrix:
    matrix = np.empty((len(numbers[0]), len(numbers)), dtype=np.float32)
    for place, number in enumerate(numbers):
        matrix[:, place] = number
    return matrix
