"""Which question a column asks: one of two answers, one of several classes, or a number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import pandas as pd

from tagline.case.tasks import BINARY, CLASSES, NUMBER
from tagline.data.survey import RARE, ColumnSummary, Survey, positive_of
from tagline.errors import TaglineError
from tagline.names import near

SHOWN = 8
MOST_CLASSES = 100
MOST_WHOLE = 10  # of more different whole numbers they are amounts
FEWEST_ROWS = 6  # of a class: of fewer a part may have none
ONE = ("1", "1.0", "true", "True", "TRUE")
FLAGS = {*ONE, "0", "0.0", "false", "False", "FALSE"}
NUMBERS = ("integer", "number")


@dataclass(frozen=True)
class Wished:
    """What a person has said of the question.

    Attributes
    ----------
    target : str
        The column.
    task, positive, negative : str or None
        The kind of question, and values; None where nothing was said.
    where : str
        What to call the column in messages.
    """

    target: str
    task: str | None
    positive: str | None
    negative: str | None
    where: str


@dataclass(frozen=True)
class Question:
    """What a column asks.

    Attributes
    ----------
    task : str
        The kind of question.
    labels : dict
        What ``[table]`` says of the column's values.
    told : str
        What was found and decided, in a sentence.
    others : float
        The share of rows whose value is none of the labels.
    """

    task: str
    labels: Mapping[str, Any] = field(default_factory=dict)
    told: str = ""
    others: float = 0.0

    @property
    def quarantined(self) -> float:
        """The least ``contract.max_quarantined`` that lets the rows of other values go."""
        return min(1.0, ceil(100 * self.others + 1) / 100)


def askable(seen: Survey) -> Iterator[str]:
    """Name the columns that could be asked for, each with its question."""
    never = {*seen.texts(), *seen.times()}
    for column in seen.columns:
        if column.kind is None or column.distinct < 2 or column.name in never:
            continue
        task, _ = _task(column, seen)
        if task == BINARY:
            yield f"{column.name} (two answers)"
        elif task == NUMBER:
            yield f"{column.name} (a number)"
        elif column.distinct <= MOST_CLASSES:
            yield f"{column.name} ({column.distinct} classes)"


def question(wished: Wished, seen: Survey) -> Question:
    """Say which question a column asks, and what its values mean.

    Raises
    ------
    TaglineError
        It can not be asked, or not as it was said; says how it could.
    """
    column, counts = seen.of(wished.target), seen.counts(wished.target)
    found = [str(each) for each in counts.index]
    if len(found) < 2:
        has = "has one value only" if found else "has no value in any row"
        raise TaglineError(f"{wished.target!r} {has}.", where=wished.where)
    for each in (wished.positive, wished.negative):
        if each is not None and each not in found:
            raise TaglineError(
                f"No row has {wished.target} = {each!r}{near(each, found)}.", where=wished.where
            )
    task, why = _task(column, seen)
    if wished.task is not None:
        task, why = wished.task, ""
    elif wished.positive is not None:
        task, why = BINARY, ""
    if task != BINARY and (wished.positive or wished.negative):
        raise TaglineError(
            f"--positive and --negative are of two answers, and --task says {task!r}.",
            where=wished.where,
            todo="Leave them out, or --task.",
        )
    asked = {BINARY: _two, CLASSES: _several, NUMBER: _number}[task](wished, column, counts)
    rows = int(counts.sum())
    without = len(seen.frame) - rows
    told = asked.told + why + (f"; {without:,} other rows have no value" if without else "")
    return Question(asked.task, asked.labels, told, asked.others)


def _task(column: ColumnSummary, seen: Survey) -> tuple[str, str]:
    """Say which question a column asks by itself, and why, where another could be meant."""
    if column.distinct == 2:
        return BINARY, ""
    if column.kind not in NUMBERS:
        return CLASSES, ""
    few = column.distinct <= MOST_WHOLE
    if few and not column.format and _whole(seen.counts(column.name)):
        return CLASSES, (
            f": {column.distinct} different whole numbers are taken for classes; where twice as "
            "much means twice, say --task number"
        )
    return NUMBER, (
        f": {column.distinct} different numbers; where they only name classes, say --task classes"
        if few
        else ""
    )


def _whole(counts: "pd.Series[int]") -> bool:
    """Say whether all are whole numbers; beside a gap many tools write 1 as 1.0."""
    return all(float(each).is_integer() for each in counts.index)


def _two(wished: Wished, column: ColumnSummary, counts: "pd.Series[int]") -> Question:
    found = [str(each) for each in counts.index]
    named = [each for each in (wished.positive, wished.negative) if each is not None]
    if len(found) > 2 and len(named) < 2:
        raise TaglineError(
            f"{wished.target!r} has {len(found):,} values: {_listed(found, counts)}.",
            where=wished.where,
            todo="Name two of them, --positive A --negative B, and the other rows are left out; "
            "or ask for all of them: --task classes.",
        )
    left = [each for each in found if each != wished.negative]
    positive = wished.positive or positive_of(left)
    rows, ones = int(counts.sum()), int(counts[positive])
    labels: dict[str, Any] = {}
    if len(found) > 2 or positive not in ONE or not set(found) <= FLAGS:
        labels = {"positive": _typed(positive, column)}
    if len(found) > 2 and wished.negative is not None:
        labels["negative"] = _typed(wished.negative, column)
        rows = ones + int(counts[wished.negative])
    told = (
        f"{wished.target}: {positive!r} counts as 1, {ones:,} of {rows:,} rows ({ones / rows:.1%})"
    )
    told += ": one class is rare" if min(ones, rows - ones) < RARE * rows else ""
    other = int(counts.sum()) - rows
    told += f"; {other:,} rows of other values are not used" if other else ""
    return Question(BINARY, labels, told, other / int(counts.sum()))


def _several(wished: Wished, column: ColumnSummary, counts: "pd.Series[int]") -> Question:
    found, rows = [str(each) for each in counts.index], int(counts.sum())
    if len(found) > MOST_CLASSES:
        able = ": --task number" if column.kind in NUMBERS else ""
        raise TaglineError(
            f"{wished.target!r} has {len(found):,} values: {_listed(found, counts)}. These are "
            f"more than {MOST_CLASSES} classes.",
            where=wished.where,
            todo="Ask for another column, put rare values together, or ask for a number" + able,
        )
    kept = [each for each in found if counts[each] >= FEWEST_ROWS]
    if len(kept) < 2:
        raise TaglineError(
            f"{wished.target!r} has {len(kept)} values of {FEWEST_ROWS} rows or more: "
            f"{_listed(found, counts)}.",
            where=wished.where,
            todo="Bring more rows.",
        )
    classes = sorted((_typed(each, column) for each in kept), key=_order)
    told = f"{wished.target}: one of {len(kept)} classes: {_listed(kept, counts)}"
    least = min(int(counts[each]) for each in kept)
    told += "; one class is rare" if least < RARE * rows else ""
    others = rows - sum(int(counts[each]) for each in kept)
    if others:
        rare = [each for each in found if each not in kept]
        told += f"; {others:,} rows of {_listed(rare, counts)} are too few to learn, and not used"
    return Question(CLASSES, {"classes": classes}, told, others / rows)


def _number(wished: Wished, column: ColumnSummary, counts: "pd.Series[int]") -> Question:
    if column.kind not in NUMBERS:
        found = [str(each) for each in counts.index]
        raise TaglineError(
            f"{wished.target!r} holds {column.kind or 'nothing that can be read'}, and no numbers: "
            f"{_listed(found, counts)}.",
            where=wished.where,
            todo="Ask for its classes: --task classes." if column.kind else "",
        )
    labels = {"formats": {wished.target: column.format}} if column.format else {}
    return Question(NUMBER, labels, f"{wished.target}: a number of {column.distinct:,} values")


def _listed(found: Sequence[str], counts: "pd.Series[int]") -> str:
    shown = ", ".join(f"{each!r} ({counts[each]:,})" for each in found[:SHOWN])
    return shown + (" …" if len(found) > SHOWN else "")


def _order(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value.casefold() if isinstance(value, str) else value


def _typed(value: str, column: ColumnSummary) -> Any:
    if column.kind == "boolean":
        return value in ONE
    # A number as people write it, such as 10%, names a class as it is written.
    if column.kind not in NUMBERS or column.format:
        return value
    if value.lstrip("+-").isdigit():
        return int(value)
    number = float(value)
    return int(number) if number.is_integer() else number
