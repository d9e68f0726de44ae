"""Columns that know the answer: found before the search, and never used without a word."""

from collections.abc import Iterator, Mapping
from math import log10

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.data.features import Features
from tagline.data.split import PARTS
from tagline.errors import TaglineError
from tagline.tasks.task import Task
from tagline.tasks.tasks import task_of
from tagline.transform.compute import Columns

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Looked = Mapping[str, pd.Series]

LATER = 0.9
SURPRISE = -6.0
LEAST_ROWS = 20
LEAST_GROUPS = 5
MOST_ROWS = 30_000
ROWS_A_BIN = 20
MOST_BINS = 256
FOLDS = 5


def suspected(
    case: Case,
    features: Features,
    train: pd.DataFrame,
    values: Columns,
    part: npt.NDArray[np.str_],
    y: Floats,
    groups: Integers,
    alone: dict[str, float] | None = None,
) -> dict[str, str]:
    """Name the columns that, alone, say more of the target than can be known at the decision.

    Looked at are the training rows only, ranks on 30,000 of them at most. A column is suspected
    where

    - alone it ranks them with an AUC of 0.98 or more (of several classes: each of them against the
      rest; of a number: with a rank correlation of 0.995), as it is or by the mean of the target
      in each category or bin, learned from other groups than the row's own;
    - it is a time, and later than the decision in nine of ten rows;
    - it is missing, or there, for one class only, and by chance that would happen in less than
      one of a million such tables.

    Parameters
    ----------
    case : Case
        Its ``table.known`` names what is known at the decision all the same.
    features : Features
        The fields.
    train : DataFrame of shape (m, columns)
        The training rows, in the types of their fields.
    values : dict of str to ndarray of shape (n,)
        The inputs of all used rows.
    part : ndarray of shape (n,), str
        Which of them train.
    y : ndarray of shape (n,), float64
        Their labels.
    groups : ndarray of shape (n,), int64
        What hangs together.
    alone : dict of str to float, optional
        Is given how much each column tells alone; see `telling_alone`.

    Returns
    -------
    dict of str to str
        Column to why it is suspected.
    """
    own, task = part == PARTS[0], task_of(case.task)
    inputs = {name: given[own] for name, given in values.items()}
    columns = looked_at(case, features, train, inputs)
    found, telling = {}, {} if alone is None else alone
    for name, column in columns.items():
        told = telling_alone(*_some(column, y[own], groups[own]), task)
        telling[name] = max(told)
        why = _by_gaps(column.isna().to_numpy(dtype=bool), y[own], groups[own])
        why = why or _by_rank(min(told), task)
        if why and name not in case.table.known:
            found[name] = why
    return found | {
        name: why for name, why in _later(case, features, train) if name not in case.table.known
    }


def expect_no_leak(case: Case, found: Mapping[str, str]) -> None:
    """Refuse columns that seem to know the answer.

    Parameters
    ----------
    case : Case
        The case.
    found : mapping of str to str
        What `suspected` gave.

    Raises
    ------
    TaglineError
        Names every such column, why it is suspected, and the two ways on.
    """
    if not found:
        return
    message = " ".join(f"{name!r} {why}." for name, why in found.items())
    names = ", ".join(f'"{name}"' for name in found)
    past = [name for name in found if name in case.history]
    hint = (
        f"{', '.join(past)}: an event that became known at the decision's very second counts: "
        "strictly_before = true leaves it out, or known names a later time. "
        if past
        else ""
    )
    raise TaglineError(
        f"A column seems to know the answer: {message}",
        where=f"{case.file}: table",
        todo=f"{hint}If it is known only after the decision, leave it out{_how(case, names)}; if "
        f"it is known at the decision, say so: known = [{names}] under [table].",
    )


def _how(case: Case, names: str) -> str:
    return f": exclude = [{names}] under [table]" if case.table.source else " of the feature module"


def looked_at(case: Case, features: Features, train: pd.DataFrame, inputs: Columns) -> Looked:
    """Give what is looked at of training rows: fields as numbers or text, and inputs beside."""
    own = {field.name: train[field.name] for field in features.fields}
    for field in features.fields:
        if field.type.moments:
            before = train[case.table.time_column] - own.pop(field.name)
            if field.name != case.table.time_column:
                own[field.name] = before.dt.total_seconds()
    # Inputs that nobody wrote are the fields, some under another name, and the history.
    past = {each.name for each in features.history}
    made = inputs if case.features else {name: inputs[name] for name in inputs if name in past}
    return own | {name: as_series(given) for name, given in made.items() if name not in own}


def as_series(given: npt.NDArray[np.generic]) -> pd.Series:
    """Give an input as a column: numbers, or text that may be missing."""
    if given.dtype.kind == "f":
        return pd.Series(given)
    texts = pd.Series(given.astype(object), dtype="str")
    return texts.where(texts != "")


def _some(column: pd.Series, y: Floats, groups: Integers) -> tuple[pd.Series, Floats, Integers]:
    spread = slice(None, None, -(-len(y) // MOST_ROWS))
    return column.iloc[spread].reset_index(drop=True), y[spread], groups[spread]


def _by_gaps(lacking: Mask, y: Floats, groups: Integers) -> str:
    for mask, state in ((~lacking, "there"), (lacking, "missing")):
        if mask.all() or mask.sum() < LEAST_ROWS or len(np.unique(groups[mask])) < LEAST_GROUPS:
            continue
        labels = np.unique(y[mask])
        if len(labels) == 1 and mask.sum() * log10((y == labels[0]).mean()) < SURPRISE:
            return (
                f"is {state} in {mask.sum():,} training rows, all of them with label {labels[0]:g}"
            )
    return ""


def _by_rank(told: float, task: Task) -> str:
    # Who knows one class of several does not know the answer: it is the least that counts.
    return f"alone ranks the training rows with {task.told(told)}" if told >= task.decides else ""


def telling_alone(column: pd.Series, y: Floats, groups: Integers, task: Task) -> list[float]:
    """Say how much a column tells alone of each of a task's targets: from 0.5, nothing, to 1.

    Parameters
    ----------
    column : Series of shape (n,)
        Numbers, or text.
    y : ndarray of shape (n,), float64
        The labels.
    groups : ndarray of shape (n,), int64
        What hangs together: means of a category or bin are of other groups than the row's own.
    task : Task
        Says what telling is: ROC AUC, or of a number the rank correlation, from 0.5 to 1.
    """
    bins = _bins(column)
    ranks = None
    if column.dtype != "str":
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        ranks = np.asarray(pd.Series(numbers).rank(pct=True).fillna(0.0), dtype=np.float64)
    return [_told(bins, ranks, own, groups, task) for own in task.targets(y).T]


def _told(bins: Integers, ranks: Floats | None, y: Floats, groups: Integers, task: Task) -> float:
    told = task.telling(_rates(bins, y, groups), y)
    if ranks is None:
        return told
    rising = task.telling(ranks, y)
    return max(told, rising, 1 - rising)


def _bins(column: pd.Series) -> Integers:
    if column.dtype == "str" or column.nunique() <= MOST_BINS:
        return pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64)
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(numbers)
    wanted = int(np.clip(known.sum() // ROWS_A_BIN, 2, MOST_BINS))
    edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, wanted + 1)[1:-1]))
    code = np.searchsorted(edges, np.where(known, numbers, 0.0), side="right")
    return np.where(known, code, len(edges) + 1).astype(np.int64)


def _rates(code: Integers, y: Floats, groups: Integers) -> Floats:
    fold = np.unique(groups, return_inverse=True)[1] % FOLDS
    shape = (int(code.max()) + 1, FOLDS)
    cell = code * FOLDS + fold
    counts = np.bincount(cell, minlength=shape[0] * FOLDS).reshape(shape)
    sums = np.bincount(cell, weights=y, minlength=shape[0] * FOLDS).reshape(shape)
    others = counts.sum(axis=1, keepdims=True) - counts
    rates: Floats = (sums.sum(axis=1, keepdims=True) - sums + y.mean()) / (others + 1)
    return rates[code, fold]


def _later(case: Case, features: Features, train: pd.DataFrame) -> Iterator[tuple[str, str]]:
    if case.table.time is None:
        return
    moment = train[case.table.time]
    for field in features.fields:
        if not field.type.moments or field.name == case.table.time:
            continue
        known = train[field.name].notna()
        share = float((train[field.name] > moment)[known].mean()) if known.any() else 0.0
        if known.sum() >= LEAST_ROWS and share >= LATER:
            yield field.name, f"is later than the decision in {share:.0%} of its training rows"
