"""What can not be, said before the search."""

import logging
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.canonical import as_json
from tagline.case.classes import Value
from tagline.case.config import Case
from tagline.case.tasks import CLASSES
from tagline.data.features import Features
from tagline.data.own_code import saying
from tagline.errors import TaglineError
from tagline.history.written import to_dict
from tagline.names import near
from tagline.transform.feature_encoder import FeatureEncoder, Matrix

log = logging.getLogger(__name__)
TRIED = 100  # rows
UNSPEAKABLE = ('"', "\\")


def expect_servable(case: Case, features: Features) -> None:
    """Refuse names that a request can not carry.

    Raises
    ------
    TaglineError
        The id or a field has a double quote, a backslash or a control character in its name.
    """
    for name in (case.table.id_column, *(field.name for field in features.fields)):
        if not is_speakable(name):
            raise TaglineError(
                f"No server can read the column {name!r}: a double quote, a backslash or a control "
                "character is in its name.",
                where=features.module,
                todo="Give it another name in the table, or leave it out under table.exclude.",
            )


def expect_asked_keys(case: Case, features: Features) -> None:
    """Refuse history by a column that no request has.

    Raises
    ------
    TaglineError
        Names the column, and why it is no field.
    """
    fields = {field.name for field in features.fields}
    for declared in features.history if case.table.source else ():
        for key in (key for key in declared.by if key not in fields):
            raise TaglineError(
                f"The history {declared.name!r} is by {key!r}, which no request has"
                f"{near(key, fields)}.",
                where=f"{case.file}: history.{declared.name}",
                todo="A key is a column of the table that is not left out (table.exclude, "
                "table.columns); an input of it can be left out in the feature module.",
            )


def is_speakable(name: str) -> bool:
    """Tell whether a request can carry a name."""
    return not any(letter in UNSPEAKABLE or letter < " " for letter in name)


def tell_constants(names: tuple[str, ...], matrix: Matrix, train: npt.NDArray[np.bool_]) -> None:
    """Name the inputs that have one value in all training rows: nothing is learned of them.

    Parameters
    ----------
    names : tuple of str
        The inputs.
    matrix : ndarray of shape (n, p), float32
        All rows.
    train : ndarray of shape (n,), bool
        The training rows.
    """
    # Column by column: all at once would take as much memory as the matrix.
    found = [name for name, values in zip(names, matrix.T, strict=True) if _is_one(values[train])]
    if found:
        log.warning(
            f"One value in all training rows, so that nothing is learned of it: {', '.join(found)}"
        )


def tell_sources(features: Features, names: Sequence[str]) -> None:
    """Name the sources that no input belongs to, and the inputs that two could have."""
    for source, starts in features.sources.items():
        if not any(name.startswith(start) for name in names for start in starts):
            log.warning(f"SOURCES: no input begins as {source!r} says ({', '.join(starts)})")
    for name in names:
        fitting = sorted(
            source
            for source, starts in features.sources.items()
            if any(name.startswith(start) for start in starts)
        )
        if len(fitting) > 1:
            taken = features.source_of([name])[name]
            log.warning(f"SOURCES: {name} could be of {' or '.join(fitting)}; it counts as {taken}")


def _is_one(values: npt.NDArray[np.float32]) -> bool:
    first = values[0]
    return bool((np.isnan(values) if np.isnan(first) else values == first).all())


def expect_sealable(features: Features, inputs: FeatureEncoder) -> str:
    """Refuse an input function that can not answer one row, or is another when asked again.

    Returns
    -------
    str
        A digest of what a feature module makes of a row: fields, history and inputs.

    Raises
    ------
    TaglineError
        It does what one row can not do, such as a mean over the column; or it depends on a clock
        or on chance.
    """
    once, again = (_digest(features, tuple(inputs.encoders)) for _ in range(2))
    if once != again:
        raise TaglineError(
            "The input function is another when it is asked twice: a clock or chance is in it.",
            where=f"{features.module}: inputs",
            todo="Make inputs of the row alone; the time of the decision is one of its fields.",
        )
    return once


def expect_unchanged(features: Features, text: tuple[str, ...], digest: str) -> None:
    """Refuse a feature module that has changed since a run's rows were made.

    Parameters
    ----------
    features : Features
        The module as it is now.
    text : tuple of str
        The inputs that were categories.
    digest : str
        What `expect_sealable` gave.

    Raises
    ------
    TaglineError
        It makes something else of a row now.
    """
    try:
        same = _digest(features, text) == digest
    except TaglineError:
        same = False
    if not same:
        raise TaglineError(
            "The feature module has changed since this run made its rows, and would seal another "
            "model than it trained.",
            where=features.module,
            todo="Start a new run instead of resuming this one.",
        )


def _digest(features: Features, text: tuple[str, ...]) -> str:
    program = features.program(text)
    declared = [to_dict(each) for each in features.history]
    fields = [field.to_dict() for field in features.fields]
    return sha256(as_json([program.to_dict(), declared, fields])).hexdigest()


def expect_slices(case: Case, frame: pd.DataFrame) -> None:
    """Refuse a slice that names no column."""
    for name in case.evaluation.slices:
        if name not in frame:
            raise TaglineError(
                f"A slice names {name!r}{near(name, frame.columns)}, which is no column.",
                where=f"{case.file}: evaluation.slices",
            )


def expect_fitting(case: Case, features: Features) -> None:
    """Refuse what a module offers and its question has no answer to.

    Raises
    ------
    TaglineError
        It gives a direction to an answer that is no single number, or tests one that there is not.
    """
    if case.task == CLASSES and features.monotone:
        raise TaglineError(
            "MONOTONE is of an answer that is one number, and classes have one each.",
            where=features.module,
            todo="Leave MONOTONE out, or ask of one class against the others: task = 'binary'.",
        )
    for test in features.behaviour:
        _expect_class(test, case.table.classes, where=f"{features.module}: {test.name!r}")


def expect_changes(features: Features, rows: pd.DataFrame) -> None:
    """Try the changes of behaviour tests on a few rows, before the search.

    Raises
    ------
    TaglineError
        A change fails, or makes a column that there is not.
    """
    few = rows.head(TRIED)
    for test in features.behaviour:
        change = getattr(test, "change", None)
        if change is None:
            continue
        where = f"{features.module}: {test.name!r}"
        with saying(features.module, names=list(map(str, few))):
            changed = change(few.copy())
        if not isinstance(changed, pd.DataFrame):
            raise TaglineError(f"The change gives {type(changed).__name__}, no frame.", where=where)
        for name in (str(each) for each in changed if each not in few):
            raise TaglineError(
                f"The change makes a column {name!r}{near(name, few)}, which there is not.",
                where=where,
            )


def _expect_class(test: Any, classes: Sequence[Value], *, where: str) -> None:
    """Refuse a behaviour test that does not say which of several classes it is of."""
    if test.of is None:
        if classes and not test.of_all:
            raise TaglineError(
                "The behaviour test does not say which class it is of.",
                where=where,
                todo=f"Say whose probability is meant: of={classes[0]!r}.",
            )
        return
    if test.of not in classes:
        there = f"classes are {', '.join(map(repr, classes))}" if classes else "there are none"
        raise TaglineError(
            f"The behaviour test is of {test.of!r}{near(str(test.of), classes)}, which is no "
            f"class: {there}.",
            where=where,
        )
