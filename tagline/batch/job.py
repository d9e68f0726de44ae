"""Score a file: batch by batch, side by side, each part written once; go on where it stopped."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tagline.batch.places import Place, Source
from tagline.bundle.load import Bundle
from tagline.bundle.single import SingleRow
from tagline.case.classes import class_texts
from tagline.case.config import Case
from tagline.columns.field import Field
from tagline.columns.rows import faults, read_rows
from tagline.columns.values import read
from tagline.data.files import frame_of, without_texts
from tagline.errors import TaglineError
from tagline.names import free
from tagline.transform.compute import Column, arrays, columns

log = logging.getLogger(__name__)
ROWS = 32_768  # few enough that all threads end at about the same time
FIELD = "field:"
COUNTED, NAMED = ("rows", "scored", "rejected"), ("reasons", "unknown", "absent")
REASON = "reason"
NO_ANSWER = "the model has no answer: a value is too great"
WithHistory = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Scorer:
    """What scores.

    Attributes
    ----------
    bundle : Bundle
        Verified.
    run : str
        Its run.
    entry : int
        The ledger's entry by which it stands.
    id : str
        The column that names a row.
    time : Field
        The column that tells when it is decided, and how its times are read.
    missing : tuple of str
        Texts that mean no value.
    with_history : callable or None
        Adds history to rows as they came in, given the same rows as they were read; None where
        the bundle takes none.
    """

    bundle: Bundle
    run: str
    entry: int
    id: str
    time: Field
    with_history: WithHistory | None
    missing: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        case: Case,
        bundle: Bundle,
        *,
        run: str,
        entry: int,
        with_history: WithHistory | None = None,
    ) -> "Scorer":
        """Make one for a case: its ids, times and missing values are read as in training."""
        table = case.table
        sealed = {field.name: field for field in bundle.fields}
        time = sealed.get(table.time_column) or Field(
            table.time_column,
            "timestamp",
            required=with_history is not None,
            format=table.formats.get(table.time_column),
            timezone=case.timezone,
        )
        return cls(bundle, run, entry, table.id_column, time, with_history, table.missing)

    @cached_property
    def single(self) -> SingleRow:
        """The way of one row, which knows what categories training has seen."""
        return SingleRow(self.bundle)


@dataclass(frozen=True)
class Scored:
    """What became of a file.

    Attributes
    ----------
    file : str
        Its path.
    digest, run : str
        The model.
    rows, scored, rejected : int
        All rows; those that were answered; those that can not be read.
    reasons : dict of str to int
        Why, and how many.
    unknown : dict of str to int
        Input to how many rows have a category that training never saw.
    absent : dict of str to int
        Optional field that the file lacks, to how many rows were answered without it.
    finished : str
        When, UTC; empty while it is not.
    """

    file: str
    digest: str
    run: str
    rows: int = 0
    scored: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    absent: dict[str, int] = field(default_factory=dict)
    finished: str = ""


def begun(to: Place, source: Source) -> Scored | None:
    """Read what is known of a file; None where it was not begun."""
    content = to.read(f"{source.known_as}.json")
    if content is None:
        return None
    known = {each.name for each in fields(Scored)}
    said = {name: value for name, value in json.loads(content).items() if name in known}
    return Scored(**{name: value for name, value in said.items() if value is not None})


def score(source: Source, model: Scorer, to: Place, *, threads: int) -> Scored:
    """Score a file.

    Parts that are there already are passed over: a row is a place in a file, and none is scored
    twice.

    Parameters
    ----------
    source : Source
        The file.
    model : Scorer
        What scores.
    to : Place
        Where parts go.
    threads : int
        How many batches are in memory, each with a thread of its own.
    """
    note = Scored(source.path, model.bundle.digest, model.run)
    _note(to, source, note)
    parts = []
    for part in _side_by_side(source, model, to, threads):
        parts.append(part)
        rows, rejected = (sum(each[name] for each in parts) for name in ("rows", "rejected"))
        log.info(f"{source.path}: {rows:,} rows, {rejected:,} rejected")
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    done = Scored(**{**asdict(note), **added_up(parts), "finished": finished})
    _note(to, source, done)
    return done


def added_up(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up what was said of the parts of a file; see `Scored`."""
    counts: Counter[str] = Counter()
    named: dict[str, Counter[str]] = {name: Counter() for name in NAMED}
    for part in parts:
        counts.update({name: part[name] for name in COUNTED})
        for name, each in named.items():
            each.update(part.get(name, {}))
    return {name: counts[name] for name in COUNTED} | {n: dict(each) for n, each in named.items()}


def _side_by_side(
    source: Source, model: Scorer, to: Place, threads: int
) -> Iterator[dict[str, Any]]:
    waiting: set[Future[dict[str, Any]]] = set()
    with ThreadPoolExecutor(threads) as pool:
        for number, batch in enumerate(source.batches(ROWS)):
            # Another model's answers stand beside these.
            name = f"{source.known_as}-{model.bundle.digest[:12]}-{number:06d}"
            if (kept := to.read(f"{name}.json")) is not None:
                yield json.loads(kept)
                continue
            if len(waiting) >= threads:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
            waiting.add(pool.submit(_part, batch, model, to, name))
        for each in waiting:
            yield each.result()


def _part(batch: pa.RecordBatch, model: Scorer, to: Place, name: str) -> dict[str, Any]:
    answers, rejected, said = answered(pa.Table.from_batches([batch]), model)
    to.write_table(f"{name}.parquet", answers)
    if len(rejected):
        to.write_table(f"rejected/{name}.parquet", rejected)
    # Last: what has no such file is scored again, over the same name.
    to.write(f"{name}.json", json.dumps(said).encode())
    return said


def answered(table: pa.Table, model: Scorer) -> tuple[pa.Table, pa.Table, dict[str, Any]]:
    """Answer some rows.

    Returns
    -------
    answers : Table
        A row for each that can be read.
    rejected : Table
        The others as they came in, with the reasons in a column of its own.
    said : dict
        ``rows``, ``scored``, ``rejected``, ``reasons``, ``unknown`` and ``absent``; see `Scored`.
    """
    rows = _read(table, model)
    good = np.flatnonzero(~rows.broken)
    values = _values(rows.taken(good), model)
    given = model.bundle.answer(values)
    # As a server refuses them: a sum of weights has no answer where an input is too great.
    finite = np.isfinite(given)
    none = ~(finite if finite.ndim == 1 else finite.all(axis=1))
    if none.any():
        rows = replace(rows, wrong={**rows.wrong, NO_ANSWER: _marked(good[none], len(table))})
        good, given = good[~none], given[~none]
        values = {name: each[~none] for name, each in values.items()}
    answers, unknown = _answers(rows.taken(good), model, values, given)
    said = {
        "rows": len(table),
        "scored": len(good),
        "rejected": int(rows.broken.sum()),
        "reasons": {reason: int(mask.sum()) for reason, mask in rows.wrong.items()},
        "unknown": dict(unknown),
        "absent": {field: len(table) for field in rows.absent},
    }
    return answers, _rejected(table, rows.broken, rows.wrong), said


@dataclass(frozen=True)
class _Rows:
    """Rows of a file: as they came in, as they were read, and what is wrong with each."""

    raw: pd.DataFrame
    typed: pd.DataFrame
    ids: pd.Series
    times: pd.Series | None
    wrong: dict[str, Any]
    absent: list[str]

    @property
    def broken(self) -> Any:
        none = np.zeros(len(self.raw), dtype=bool)
        return np.logical_or.reduce(list(self.wrong.values())) if self.wrong else none

    def taken(self, places: Any) -> "_Rows":
        def of(column: Any) -> Any:
            return None if column is None else column.iloc[places].reset_index(drop=True)

        return replace(
            self,
            raw=of(self.raw),
            typed=of(self.typed),
            ids=of(self.ids),
            times=of(self.times),
            wrong={},
        )


def _read(table: pa.Table, model: Scorer) -> _Rows:
    sealed = model.bundle.fields
    _expect(table, model)
    names = [*(field.name for field in sealed), model.id, model.time.name]
    # History may need keys that are no fields; what nobody can read is of no use to it.
    kept = [
        each.name
        for each in table.schema
        if each.name in names or (model.with_history and not _is_unreadable(each.type))
    ]
    raw = frame_of(table.select(kept), where="the rows to score")
    raw = without_texts(raw, model.missing)
    # A misspelling may be among those that are left out.
    spelt = raw.reindex(columns=[*raw.columns, *(n for n in table.column_names if n not in kept)])
    own = [*sealed]
    if model.time.name in raw and model.time.name not in {field.name for field in sealed}:
        own.append(model.time)
    found = read_rows(spelt, own)
    ids = read(raw[model.id], "string")
    wrong = dict(faults(found, own)) | {
        f"{model.id} is missing": ids.series.isna().to_numpy() & ~ids.unread,
        f"{model.id} is no name": ids.unread,
    }
    return _Rows(
        raw=raw,
        typed=found.frame[[field.name for field in sealed]],
        ids=ids.series,
        times=found.frame.get(model.time.name),
        wrong={reason: mask for reason, mask in wrong.items() if mask.any()},
        absent=[field.name for field in sealed if field.name not in raw],
    )


def _is_unreadable(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    )


def _expect(table: pa.Table, model: Scorer) -> None:
    twice = [name for name, times in Counter(table.column_names).items() if times > 1]
    if twice:
        raise TaglineError(
            f"More than one column is called {twice[0]!r}.", where="the rows to score"
        )
    wanted = [model.id] if model.with_history is None else [model.id, model.time.name]
    missing = [name for name in wanted if name not in table.column_names]
    if missing:
        raise TaglineError(
            f"There is no column {missing[0]!r}.",
            where="the rows to score",
            todo="Each row needs its id, and its time where the model takes history.",
        )


def _marked(places: Any, rows: int) -> Any:
    found = np.zeros(rows, dtype=bool)
    found[places] = True
    return found


def _values(rows: _Rows, model: Scorer) -> dict[str, Column]:
    bundle = model.bundle
    if model.with_history is None:
        return dict(arrays(rows.typed, bundle.fields))
    typed = rows.typed.assign(**{model.time.name: rows.times})
    past = model.with_history(rows.raw, typed)
    return dict(columns(past, fields=bundle.fields, history=bundle.history))


def _answers(
    rows: _Rows, model: Scorer, values: dict[str, Column], given: Any
) -> tuple[pa.Table, Counter[str]]:
    bundle, count = model.bundle, len(rows.ids)
    answers = bundle.columns(given)
    same = {"run": model.run, "digest": bundle.digest}
    table: dict[str, Any] = {
        "row_id": pa.array(rows.ids, from_pandas=True),
        "decided_at": pa.nulls(count) if rows.times is None else pa.array(rows.times),
        **{name: pa.array(values, _type_of(name, bundle)) for name, values in answers.items()},
        **{name: _repeated(value, count) for name, value in same.items()},
        "entry": pa.array(np.full(count, model.entry, np.int64)),
        "scored_at": pa.array(np.full(count, np.datetime64("now", "us"))),
    }
    for each in bundle.fields:
        table[f"{FIELD}{each.name}"] = pa.array(rows.typed[each.name], from_pandas=True)
    unknown = Counter(chain.from_iterable(model.single.unknown(values).values()))
    return pa.table(table), unknown


def _type_of(name: str, bundle: Bundle) -> pa.DataType | None:
    """Give the type of a column of answers; None where its values tell it."""
    classes = bundle.rule.get("classes")
    if classes is None:
        return None
    if name == "probabilities":
        return pa.struct([(each, pa.float64()) for each in class_texts(classes)])
    return pa.array(classes).type


def _repeated(value: str, times: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(np.zeros(times, np.int32), [value])


def _rejected(table: pa.Table, broken: Any, wrong: dict[str, Any]) -> pa.Table:
    reasons = [
        "; ".join(reason for reason, mask in wrong.items() if mask[place])
        for place in np.flatnonzero(broken)
    ]
    kept = table.filter(pa.array(broken))
    return kept.append_column(free(REASON, kept.column_names), pa.array(reasons, pa.string()))


def _note(to: Place, source: Source, said: Scored) -> None:
    to.write(f"{source.known_as}.json", json.dumps(asdict(said)).encode())
