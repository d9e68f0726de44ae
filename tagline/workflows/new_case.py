"""A new case from a table: what was found, and the config that asks the question."""

import json
import logging
import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tagline.case.config import NO_TIME, ROW_ID, UTF_8
from tagline.case.load import parse_case
from tagline.case.tasks import BINARY, CLASSES, NUMBER, TASK_METRICS
from tagline.columns.infer import BUT_FOR, recognise
from tagline.data.checks import is_speakable
from tagline.data.origins import S3, Origin
from tagline.data.rehearsal import suspects
from tagline.data.survey import FEWEST_DAYS, Survey, days_of, survey
from tagline.errors import TaglineError
from tagline.names import near
from tagline.workflows.questions import Question, Wished, askable, question

log = logging.getLogger("tagline")
MEANS = {CLASSES: "one of several classes", NUMBER: "a number, with an interval"}


@dataclass(frozen=True)
class NewCase:
    """What a person has said of a new case.

    Attributes
    ----------
    name : str
        The case's.
    table : Path or str
        Its file, or what else `table.source` may be.
    target, positive, negative, id, time, weight : str or None
        Columns and values; None where nothing was said.
    task : str or None
        The kind of question; found by the target's values where None.
    encoding : str
        How the bytes of a CSV are letters.
    database : str or None
        Whom a query asks.
    """

    name: str
    table: Path | str
    target: str | None = None
    positive: str | None = None
    negative: str | None = None
    id: str | None = None
    time: str | None = None
    encoding: str = UTF_8
    task: str | None = None
    weight: str | None = None
    database: str | None = None


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
    asked: Question
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
    if wished.task not in (None, *TASK_METRICS):
        raise TaglineError(
            f"There is no question {wished.task!r}: there are {', '.join(TASK_METRICS)}.",
            where="task",
        )
    seen = survey(wished.table, encoding=wished.encoding, database=wished.database)
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
        able = ", ".join(askable(seen)) or "none"
        raise TaglineError(
            f"Which column is to be predicted? There are {able}.",
            where=str(wished.table),
            todo="Say it with --target COLUMN.",
        )
    for option in ("target", "id", "time", "weight"):
        name = getattr(wished, option)
        if name is not None and name not in names:
            raise TaglineError(
                f"There is no column {name!r}{near(name, names)}; there are "
                f"{', '.join(map(repr, names[:20]))}{' and more' if len(names) > 20 else ''}.",
                where=f"{wished.table}: --{option}",
            )


def _answered(wished: NewCase, seen: Survey) -> _Answered:
    where = f"{wished.table}: {wished.target}"
    said = Wished(str(wished.target), wished.task, wished.positive, wished.negative, where)
    asked = question(said, seen)
    identity, why = _id(wished, seen)
    time, when = _time(wished, seen)
    used = (wished.target, identity, time, wished.weight)
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
    return _Answered(said.target, asked, identity, time, [asked.told, why, when], excluded)


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
    able = [each for each in seen.ids() if each not in (wished.target, wished.weight)]
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
    yield from seen.notes
    if seen.repeated:
        yield f"{seen.repeated:,} rows are the same as an earlier one"


def _config(wished: NewCase, seen: Survey, answered: _Answered, *, file: Path) -> str:
    folder = file.absolute().parent
    table = {
        "source": _from(str(wished.table), folder),
        **({"database": _database(wished.database, folder)} if wished.database else {}),
        **({"max_rows": seen.most} if seen.most else {}),
        **({"id": answered.id} if answered.id else {}),
        **({"time": answered.time} if answered.time else {}),
        "target": answered.target,
        **({"weight": wished.weight} if wished.weight else {}),
        **answered.asked.labels,
    }
    task = answered.asked.task
    lines = [
        "# Written by `tagline new`. Every key, and what it is when left out: docs/case.md",
        f"name = {_toml(wished.name)}",
        f"title = {_toml(f'{answered.target}?')}  # the question, in words",
        *([f"task = {_toml(task)}  # {MEANS[task]}"] if task != BINARY else []),
        "",
        "[table]",
        *(f"{key} = {_toml(value)}" for key, value in table.items()),
        *_comments(answered),
        *([f"encoding = {_toml(wished.encoding)}"] if wished.encoding != UTF_8 else []),
        *_excluded(answered.excluded),
        *_others(answered.asked),
        *_personal(seen, answered),
        *_messy(seen, answered),
    ]
    return "\n".join(lines) + "\n"


def _from(named: str, folder: Path) -> str:
    """Name a table as a config in another folder does."""
    if named.startswith(S3) or Origin(named, Path()).is_function:
        return named
    return os.path.relpath(Path(named).absolute(), folder)


def _database(named: str, folder: Path) -> str:
    """Name a database as a config in another folder does: a file of DuckDB's is beside it."""
    if named.startswith("$") or "://" in named:
        return named
    return os.path.relpath(Path(named).absolute(), folder)


def _others(asked: Question) -> Iterator[str]:
    if asked.others:
        yield ""
        yield "[contract]"
        yield f"max_quarantined = {asked.quarantined:g}  # rows of other values"


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


def _messy(seen: Survey, answered: _Answered) -> Iterator[str]:
    out = (answered.target, answered.id, answered.time, *answered.excluded)
    for column in seen.columns:
        note = next((each for each in column.notes if BUT_FOR in each), None)
        if note and column.name not in out:
            yield ""
            yield f"# {_one_line(column.name)}: {_one_line(note)}"
            yield "# Uncomment these lines, and they are one category, in requests too:"
            yield f"# [fields.{_toml(column.name)}]"
            yield "# strip = true"
            yield "# lower = true"


def _toml(value: Any) -> str:
    """Write a value: what JSON writes, TOML reads, but for objects."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + " }"
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
