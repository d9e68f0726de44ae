"""The rows that models learn from, written once and shared by every task of the search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.case.tasks import BINARY
from tagline.errors import TaglineError
from tagline.storage.files import new_folder

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class TrainingData:
    """Training and tuning rows, with the quantile cuts that trees may split at.

    Attributes
    ----------
    X, X_tune : float32 [n, p], [m, p]
        Model inputs; NaN is missing.
    y, y_tune : float32 or, of numbers, float64 [n], [m]
        Labels, as the case's task reads them.
    cuts : float32 [at most max_bin, p]
        Values of each input that begin a bin, rising; NaN fills up the shorter columns.
    monotone : int8 [p]
        1 where the answer may only rise with the input, -1 where it may only fall, else 0.
    interactions : int8 [groups, p]
        1 where an input is of a group whose inputs may be in one branch of a tree; no group where
        all may be.
    task : str
        The name of the case's task, which says what the labels are.
    folds : tuple of TrainingData
        Training rows and, in place of tuning rows, those that they judge; none where there are
        rows enough for a tuning part.
    judged : int64 [m]
        Places of the rows that the folds judge, one fold after the other, among training and
        tuning rows.
    weight, weight_tune : float64 [n], [m], or None
        What each row weighs as models are fitted, in any unit; the same where None. Figures count
        rows once.
    """

    X: Floats
    y: Floats
    X_tune: Floats
    y_tune: Floats
    cuts: Floats
    monotone: npt.NDArray[np.int8]
    interactions: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros((0, 0), np.int8))
    task: str = BINARY
    folds: tuple["TrainingData", ...] = ()
    judged: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    weight: Floats | None = None
    weight_tune: Floats | None = None

    def of(self, task: str) -> "TrainingData":
        """Give the same rows of a task's question, and so its folds."""
        return replace(self, task=task, folds=tuple(each.of(task) for each in self.folds))

    def whole(self) -> "TrainingData":
        """Give training and tuning rows together, to fit once more what was judged by folds."""
        X, y = np.concatenate([self.X, self.X_tune]), np.concatenate([self.y, self.y_tune])
        cuts = quantile_cuts(X, max_bin=max(2, len(self.cuts)))
        weight = None
        if self.weight is not None and self.weight_tune is not None:
            weight = np.concatenate([self.weight, self.weight_tune])
        return replace(self, X=X, y=y, cuts=cuts, folds=(), weight=weight)

    def only(self, rows: npt.NDArray[np.bool_]) -> "TrainingData":
        """Give some of the training rows, by a mask of shape (n,)."""
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, X=self.X[rows], y=self.y[rows], weight=weight)

    @property
    def relative_weight(self) -> npt.NDArray[np.float64] | None:
        """What each row weighs, 1 on average over those that are fitted; None where all alike.

        Penalties and the least weight of a leaf are in rows' worth.

        Raises
        ------
        TaglineError
            Every row weighs 0.
        """
        if self.weight is None:
            return None
        weight = np.asarray(self.weight, dtype=np.float64)
        largest = weight.max(initial=0.0)
        if not largest > 0:
            raise TaglineError("Every row that is fitted weighs 0.", where="table.weight")
        weight = weight / largest
        return np.asarray(weight / weight.mean())

    @property
    def classes(self) -> int:
        """How many classes the labels have; every one has a training row."""
        return int(self.y.max()) + 1


_SHARED = ("monotone", "interactions")
_OF_ROWS = ("X", "y", "X_tune", "y_tune", "cuts")
_WEIGHTS = ("weight", "weight_tune")
JUDGED = "judged"


def write(
    folder: Path,
    *,
    X: Floats,
    y: Floats,
    split: Sequence[str] | npt.NDArray[np.str_],
    max_bin: int = 256,
    monotone: Sequence[int] | None = None,
    interactions: npt.NDArray[np.int8] | None = None,
    weight: Floats | None = None,
    folds: Sequence[tuple[Floats, npt.NDArray[np.str_]]] = (),
    beside: Mapping[str, npt.NDArray[Any]] = MappingProxyType({}),
) -> TrainingData:
    """Write the rows that train and tune to a folder, each array a memory-mapped ``.npy``.

    All is written aside and renamed at last, so that no reader meets half of it. A folder that
    is there already is kept: its name has to say all that it depends on.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    X : floating [n, p]
        Model inputs; NaN is missing.
    y : floating [n]
        Labels, as the case's task reads them.
    split : str [n]
        ``train`` and ``tune`` name the rows that are kept; a row with another name is left out.
    max_bin : int
        Most values of one input that the trees tell apart.
    monotone : sequence of int [p], optional
        Direction in which each input may move the answer: -1, 0 or 1.
    interactions : int8 [groups, p], optional
        Which inputs each group names; see `TrainingData`.
    weight : floating [n], optional
        What each row weighs as models are fitted.
    folds : sequence of tuple, optional
        Inputs and parts of all rows for each fold, as `X` and `split`.
    beside : mapping of str to ndarray, optional
        Other arrays that belong to these, by the names of their files without ``.npy``.

    Raises
    ------
    TaglineError
        No input, or an infinite value.
    """
    own = _of_rows(X, y, weight, split, max_bin=max_bin)
    width = X.shape[1]
    own |= {
        "monotone": _directions(monotone, width),
        "interactions": np.zeros((0, width), np.int8) if interactions is None else interactions,
    }
    written = {**own, **beside}
    for number, (inputs, part) in enumerate(folds):
        made = _of_rows(inputs, y, weight, part, max_bin=max_bin)
        written |= {_of_fold(number, name): array for name, array in made.items()}
    if folds:
        written[JUDGED] = _judged(split, [part for _, part in folds])
    _put(folder, written)
    return TrainingData(**own)


def _of_rows(
    X: Floats,
    y: Floats,
    weight: Floats | None,
    split: Sequence[str] | npt.NDArray[np.str_],
    *,
    max_bin: int,
) -> dict[str, Any]:
    rows = {name: np.flatnonzero(np.asarray(split) == name) for name in ("train", "tune")}
    train, tune = (np.ascontiguousarray(X[at], dtype=np.float32) for at in rows.values())
    y_train, y_tune = (np.asarray(y)[at] for at in rows.values())
    _check(train, "training")
    _check(tune, "tuning")
    cuts = quantile_cuts(train, max_bin=max_bin)
    made = dict(zip(_OF_ROWS, (train, y_train, tune, y_tune, cuts), strict=True))
    if weight is None:
        return made
    return made | {n: weight[at] for n, at in zip(_WEIGHTS, rows.values(), strict=True)}


def _judged(
    split: Sequence[str] | npt.NDArray[np.str_], parts: Sequence[npt.NDArray[np.str_]]
) -> npt.NDArray[np.int64]:
    """Give the places of rows that folds judge, among training rows and then tuning rows."""
    named = np.asarray(split)
    order = np.concatenate([np.flatnonzero(named == name) for name in ("train", "tune")])
    place = np.zeros(len(named), np.int64)
    place[order] = np.arange(len(order))
    return np.concatenate([place[part == "tune"] for part in parts])


def _of_fold(number: int, name: str) -> str:
    return f"fold{number}_{name}"


def _put(folder: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    with new_folder(folder) as made:
        for name, array in arrays.items():
            np.save(made / f"{name}.npy", array)


def read(folder: Path) -> TrainingData:
    """Open what `write` wrote; the arrays stay on the disk until they are used.

    Raises
    ------
    TaglineError
        An array is missing or truncated.
    """
    shared = {name: _opened(folder / f"{name}.npy") for name in _SHARED}
    weighed = [name for name in _WEIGHTS if (folder / f"{name}.npy").exists()]
    names = (*_OF_ROWS, *weighed)
    own = {name: _opened(folder / f"{name}.npy") for name in names}
    if not (folder / f"{JUDGED}.npy").exists():
        return TrainingData(**own, **shared)
    folds: list[TrainingData] = []
    while (folder / f"{_of_fold(len(folds), 'X')}.npy").exists():
        made = {n: _opened(folder / f"{_of_fold(len(folds), n)}.npy") for n in names}
        folds.append(TrainingData(**made, **shared))
    judged = np.asarray(_opened(folder / f"{JUDGED}.npy"))
    return TrainingData(**own, **shared, folds=tuple(folds), judged=judged)


def quantile_cuts(X: Floats, *, max_bin: int) -> npt.NDArray[np.float32]:
    """Choose the values that begin a bin: all of an input's values, or quantiles of them.

    Parameters
    ----------
    X : float32 [n, p]
        Model inputs; NaN is missing.
    max_bin : int
        Most bins of one input.

    Returns
    -------
    float32 [at most max_bin, p]
        Rising in each column, filled up with NaN; all NaN for an input without any value.
    """
    columns = [_cuts(column, max_bin) for column in X.T]
    # XGBoost takes cuts as a matrix of rows; it bins each column by its own values.
    table = np.full((max(1, *map(len, columns)), len(columns)), np.nan, dtype=np.float32)
    for position, cuts in enumerate(columns):
        table[: len(cuts), position] = cuts
    return table


def _cuts(column: Floats, max_bin: int) -> Floats:
    known = np.sort(column[~np.isnan(column)])
    values = known[np.concatenate([[True], known[1:] != known[:-1]])] if len(known) else known
    if len(values) <= max_bin:
        return values
    # Values that occur, so that a row on a cut falls on the same side in bins and in the raw.
    return np.unique(known[np.linspace(0, len(known) - 1, max_bin).astype(np.int64)])


def _check(X: Floats, period: str) -> None:
    if X.ndim != 2 or X.shape[1] == 0:
        raise TaglineError("There is no input to learn from.", where=f"the {period} rows")
    if np.isinf(X).any():
        column = int(np.flatnonzero(np.isinf(X).any(axis=0))[0])
        raise TaglineError(f"Input {column} has an infinite value.", where=f"the {period} rows")


def _directions(monotone: Sequence[int] | None, width: int) -> npt.NDArray[np.int8]:
    directions = np.zeros(width, np.int8) if monotone is None else np.asarray(monotone, np.int8)
    if directions.shape != (width,) or not np.isin(directions, (-1, 0, 1)).all():
        raise TaglineError(f"Monotone directions must be {width} numbers of -1, 0 and 1.")
    return directions


def _opened(path: Path) -> Any:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as wrong:
        raise TaglineError(f"This array can not be read: {wrong}.", where=str(path)) from wrong
