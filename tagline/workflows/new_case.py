"""A new case from a table: what was found, and the config that asks the question."""

import json
import logging
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd

from tagline.case.config import NO_TIME, ROW_ID
from tagline.case.load import parse_case
from tagline.columns.infer import recognise
from tagline.columns.kinds import Kind
from tagline.data.checks import is_speakable
from tagline.data.files import UTF_8
from tagline.data.prepare import suspects
from tagline.data.survey import FEWEST_DAYS, RARE, Survey, days_of, positive_of, survey
from tagline.errors import TaglineError
from tagline.names import near

log = logging.getLogger("tagline")
SHOWN = 8
ONE = ("1", "1.0", "true", "True", "TRUE")
FLAGS = {*ONE, "0", "0.0", "false", "False", "FALSE"}


@dataclass(frozen=True)
class NewCase:
    """What a person has said of a new case.

    Attributes
    ----------
    name : str
        The case's.
    table : Path
        Its file.
    target, positive, negative, id, time : str or None
        Columns and values; None where nothing was said.
    encoding : str
        How the bytes of a CSV are letters.
    """

    name: str
    table: Path
    target: str | None = None
    positive: str | None = None
    negative: str | None = None
    id: str | None = None
    time: str | None = None
    encoding: str = UTF_8


@dataclass(frozen=True)
class Begun:
    """A new case.

    Attributes
    ----------
    survey : Survey
        What its table holds.
    config : str
        Its config.
    told : list of str
        What was found and decided, a sentence each.
    excluded : dict of str to str
        Columns that are no inputs, and why.
    """

    survey: Survey
    config: str
    told: list[str]
    excluded: Mapping[str, str]


@dataclass(frozen=True)
class _Answered:
    """What the questions of a new case were answered with, each with its reason."""

    target: str
    labels: Mapping[str, Any]
    id: str | None
    time: str | None
    told: list[str] = field(default_factory=list)
    excluded: Mapping[str, str] = field(default_factory=dict)


def begin(wished: NewCase, *, file: Path) -> Begun:
    """Look at a table, and write the config of a case that asks for one of its columns.

    Parameters
    ----------
    wished : NewCase
        What a person has said.
    file : Path
        Where the config will lie; it is not written here.

    Raises
    ------
    TaglineError
        The table can not be read, no column is named as the target, or it can not be one.
    """
    seen = survey(wished.table, encoding=wished.encoding)
    _expect_columns(wished, seen)
    answered = _answered(wished, seen)
    leaks, stops = _leaks(wished, seen, answered, file=file)
    if leaks:
        answered = replace(answered, excluded={**answered.excluded, **leaks})
        _, stops = _leaks(wished, seen, answered, file=file)
    config = _config(wished, seen, answered, file=file)
    return Begun(seen, config, [*_of_rows(seen), *answered.told, *stops], answered.excluded)


def _expect_columns(wished: NewCase, seen: Survey) -> None:
    names = list(seen.frame.columns)
    if wished.target is None:
        able = ", ".join(seen.targets()) or "none"
        raise TaglineError(
            f"Which column is to be predicted? Those of two values: {able}.",
            where=str(wished.table),
            todo="Say it with --target COLUMN.",
        )
    for option, name in (("target", wished.target), ("id", wished.id), ("time", wished.time)):
        if name is not None and name not in names:
            raise TaglineError(
                f"There is no column {name!r}{near(name, names)}; there are "
                f"{', '.join(map(repr, names[:20]))}{' and more' if len(names) > 20 else ''}.",
                where=f"{wished.table}: --{option}",
            )


def _answered(wished: NewCase, seen: Survey) -> _Answered:
    labels, told = _labels(wished, seen)
    identity, why = _id(wished, seen)
    time, when = _time(wished, seen)
    used = (wished.target, identity, time)
    excluded = {c.name: c.notes[0] for c in seen.columns if c.kind is None and c.name not in used}
    alone = "is text that is different in each row: nothing is learned of it"
    excluded |= {name: alone for name in seen.texts() if name not in used}
    made = "is what a made column is called: name it with --id or --time, or call it otherwise"
    excluded |= {n: made for n in (ROW_ID, NO_TIME) if n in seen.frame and n not in used}
    unspoken = "has a name that no request can carry: call it otherwise"
    excluded |= {
        each.name: unspoken
        for each in seen.columns
        if each.name not in used and not is_speakable(each.name)
    }
    return _Answered(str(wished.target), labels, identity, time, [told, why, when], excluded)


def _labels(wished: NewCase, seen: Survey) -> tuple[dict[str, Any], str]:
    """Say which value of the target counts as 1, and how many rows have it."""
    target, counts = str(wished.target), seen.counts(str(wished.target))
    found = [str(each) for each in counts.index]
    _expect_two(wished, found, counts)
    kind = seen.of(target).kind
    left = [each for each in found if each != wished.negative]
    positive = wished.positive or positive_of(left)
    rows, ones = int(counts.sum()), int(counts[positive])
    labels: dict[str, Any] = {}
    if len(found) > 2 or positive not in ONE or not set(found) <= FLAGS:
        labels = {"positive": _typed(positive, kind)}
    if len(found) > 2 and wished.negative is not None:
        labels["negative"] = _typed(wished.negative, kind)
        rows = ones + int(counts[wished.negative])
    told = f"{target}: {positive!r} counts as 1, {ones:,} of {rows:,} rows ({ones / rows:.1%})"
    told += ": one class is rare" if min(ones, rows - ones) < RARE * rows else ""
    without = len(seen.frame) - rows
    return labels, told + (f"; {without:,} other rows are not used" if without else "")


def _expect_two(wished: NewCase, found: Sequence[str], counts: "pd.Series[int]") -> None:
    target, where = str(wished.target), f"{wished.table}: {wished.target}"
    if len(found) < 2:
        has = "has one value only" if found else "has no value in any row"
        raise TaglineError(f"{target!r} {has}.", where=where)
    named = [each for each in (wished.positive, wished.negative) if each is not None]
    for each in named:
        if each not in found:
            raise TaglineError(f"No row has {target} = {each!r}{near(each, found)}.", where=where)
    if len(found) > 2 and len(named) < 2:
        listed = ", ".join(f"{each!r} ({counts[each]:,})" for each in found[:SHOWN])
        raise TaglineError(
            f"{target!r} has {len(found):,} values: {listed}{' …' if len(found) > SHOWN else ''}. "
            "This version answers questions with two answers.",
            where=where,
            todo="Name two of them, --positive A --negative B, and the other rows are left out; "
            "or make a column of two values.",
        )


def _typed(value: str, kind: Kind | None) -> Any:
    if kind == "boolean":
        return value in ONE
    if kind not in ("integer", "number"):
        return value
    number = float(value)
    return int(number) if number == number // 1 else number


def _id(wished: NewCase, seen: Survey) -> tuple[str | None, str]:
    if wished.id is not None:
        repeats = int(seen.frame[wished.id].duplicated().sum())
        if repeats:
            raise TaglineError(
                f"{wished.id!r} repeats an earlier row's in {repeats:,} rows: what is a row?",
                where=f"{wished.table}: --id",
                todo="Keep one row of each, or leave --id out: rows are numbered. Where a person "
                f'has several rows, keep them together: group = "{wished.id}" under [split].',
            )
        return wished.id, f"{wished.id} names a row"
    able = [each for each in seen.ids() if each != wished.target]
    if able:
        return able[0], f"{able[0]} names a row: it is different in each"
    return None, "no column names a row: rows are numbered"


def _time(wished: NewCase, seen: Survey) -> tuple[str | None, str]:
    if wished.time is None:
        able = [each for each in seen.times() if each != wished.target]
        if not able:
            return None, "no column says when a decision is made: rows are split at random"
        also = f" ({', '.join(able[1:])} could be it too)" if able[1:] else ""
        return able[0], f"{able[0]} says when a decision is made: in its order{also}"
    values = seen.frame[wished.time]
    written = recognise(values, kind="timestamp").format
    days = days_of(values, written)
    if days < FEWEST_DAYS:
        raise TaglineError(
            f"{wished.time!r} has times on {days} days, and training, tuning and testing need one "
            "each."
            if days
            else f"{wished.time!r} holds no times that can be read, such as {values.iloc[0]!r}.",
            where=f"{wished.table}: --time",
            todo="Leave --time out: rows are split at random then.",
        )
    how = f", written as {written}" if written and written != "ISO8601" else ""
    return wished.time, f"{wished.time} says when a decision is made{how}: in its order"


def _leaks(
    wished: NewCase, seen: Survey, answered: _Answered, *, file: Path
) -> tuple[dict[str, str], list[str]]:
    """Name what seems to know the answer, and say what would stop a training."""
    case = parse_case(_config(wished, seen, answered, file=file), file=str(file))
    try:
        found = suspects(case)
    except TaglineError as wrong:
        return {}, [f"A training would stop: {wrong}"]
    return {name: why for name, why in found.items() if name != answered.time}, []


def _of_rows(seen: Survey) -> Iterator[str]:
    yield f"{len(seen.frame):,} rows, {len(seen.columns):,} columns"
    if seen.repeated:
        yield f"{seen.repeated:,} rows are the same as an earlier one"


def _config(wished: NewCase, seen: Survey, answered: _Answered, *, file: Path) -> str:
    source = os.path.relpath(wished.table.absolute(), file.absolute().parent)
    table = {
        "source": source,
        **({"id": answered.id} if answered.id else {}),
        **({"time": answered.time} if answered.time else {}),
        "target": answered.target,
        **answered.labels,
    }
    lines = [
        "# Written by `tagline new`. Every key, and what it is when left out: docs/case.md",
        f"name = {_toml(wished.name)}",
        f"title = {_toml(f'{answered.target}?')}  # the question, in words",
        "",
        "[table]",
        *(f"{key} = {_toml(value)}" for key, value in table.items()),
        *_comments(answered),
        *([f"encoding = {_toml(wished.encoding)}"] if wished.encoding != UTF_8 else []),
        *_excluded(answered.excluded),
        *_others(seen, answered),
        *_personal(seen, answered),
    ]
    return "\n".join(lines) + "\n"


def _others(seen: Survey, answered: _Answered) -> Iterator[str]:
    if "negative" in answered.labels:
        counts = seen.counts(answered.target)
        named = {str(each) for each in answered.labels.values()}
        ours = sum(int(rows) for value, rows in counts.items() if str(value) in named)
        share = 1 - ours / len(seen.frame)
        yield ""
        yield "[contract]"
        yield f"max_quarantined = {min(1.0, ceil(100 * share + 1) / 100):g}  # rows of other values"


def _comments(answered: _Answered) -> Iterator[str]:
    if answered.id is None:
        yield '# id = "COLUMN"    # a column that names a row; without one rows are numbered'
    if answered.time is None:
        yield '# time = "COLUMN"  # when the decision is made; without one rows are split at random'


def _excluded(excluded: Mapping[str, str]) -> Iterator[str]:
    for name, why in excluded.items():
        yield f"# {_one_line(name)}: {_one_line(why)}"
    if excluded:
        yield f"exclude = [{', '.join(map(_toml, excluded))}]  # no inputs"
        yield "# what is known at the decision, however much it tells: known = [...], and not here"


def _personal(seen: Survey, answered: _Answered) -> Iterator[str]:
    out = (answered.target, answered.time, *answered.excluded)
    found = [name for name in seen.personal() if name not in out]
    if found:
        yield ""
        yield "[serving]"
        yield f"personal = [{', '.join(map(_toml, found))}]  # kept under a pseudonym"


def _toml(value: Any) -> str:
    """Write a value: what JSON writes, TOML reads."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def how_to_train(file: Path) -> str:
    """Give the command that trains a case, from the folder where somebody stands."""
    flow = Path(__file__).resolve().parents[2] / "flows" / "train.py"
    try:
        shown = flow.relative_to(Path.cwd())
    except ValueError:
        shown = flow
    return f"python {shlex.quote(str(shown))} --config case {shlex.quote(str(file))} run"
