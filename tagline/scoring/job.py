"""Score a file: batch by batch, side by side, each part written once; go on where it stopped."""

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tagline.bundle.load import Bundle
from tagline.errors import TaglineError
from tagline.inputs.compute import arrays, columns
from tagline.inputs.rows import faults, read_rows
from tagline.scoring.places import Place, Source

log = logging.getLogger(__name__)
ROWS = 32_768  # few enough that all threads end at about the same time
FIELD = "field:"
REASON = "reason"
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
    id, time : str
        The columns that name a row and tell when it is decided.
    with_history : callable or None
        Adds history to rows as they came in, given the same rows as they were read; None where
        the bundle takes none.
    """

    bundle: Bundle
    run: str
    entry: int
    id: str
    time: str
    with_history: WithHistory | None


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
    finished : str
        When, UTC; empty while it is not.
    """

    file: str
    digest: str
    run: str
    rows: int = 0
    scored: int = 0
    rejected: int = 0
    reasons: dict[str, int] | None = None
    finished: str = ""


def begun(to: Place, source: Source) -> Scored | None:
    """Read what is known of a file; None where it was not begun."""
    content = to.read(f"{source.known_as}.json")
    return None if content is None else Scored(**json.loads(content))


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
    totals: dict[str, Any] = {"rows": 0, "scored": 0, "rejected": 0, "reasons": {}}
    for part in _side_by_side(source, model, to, threads):
        for name in ("rows", "scored", "rejected"):
            totals[name] += part[name]
        for reason, count in part["reasons"].items():
            totals["reasons"][reason] = totals["reasons"].get(reason, 0) + count
        log.info(f"{source.path}: {totals['rows']:,} rows, {totals['rejected']:,} rejected")
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    done = Scored(**{**asdict(note), **totals, "finished": finished})
    _note(to, source, done)
    return done


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
    frame = batch.to_pandas()
    _expect(frame, model)
    read = read_rows(frame, model.bundle.fields)
    wrong = {reason: mask for reason, mask in faults(read, model.bundle.fields) if mask.any()}
    broken = np.logical_or.reduce(list(wrong.values())) if wrong else np.zeros(len(frame), bool)
    good = frame[~broken].reset_index(drop=True) if wrong else frame
    answers = _answers(good, read.frame[~broken].reset_index(drop=True), model)
    to.write_table(f"{name}.parquet", answers)
    if broken.any():
        to.write_table(f"rejected/{name}.parquet", _rejected(frame, broken, wrong))
    said = {
        "rows": len(frame),
        "scored": len(good),
        "rejected": int(broken.sum()),
        "reasons": {reason: int(mask.sum()) for reason, mask in wrong.items()},
    }
    # Last: what has no such file is scored again, over the same name.
    to.write(f"{name}.json", json.dumps(said).encode())
    return said


def _expect(frame: pd.DataFrame, model: Scorer) -> None:
    wanted = [model.id] if model.with_history is None else [model.id, model.time]
    missing = [name for name in wanted if name not in frame]
    if missing:
        raise TaglineError(
            f"There is no column {missing[0]!r}.",
            where="the rows to score",
            todo="Each row needs its id, and its time where the model takes history.",
        )


def _answers(good: pd.DataFrame, typed: pd.DataFrame, model: Scorer) -> pa.Table:
    bundle, times = model.bundle, None
    if model.time in good:
        times = pd.to_datetime(good[model.time], utc=True)
        typed = typed.assign(**{model.time: times})
    if model.with_history is None:
        given = arrays(typed, bundle.fields)
    else:
        rows = model.with_history(good, typed)
        given = columns(rows, fields=bundle.fields, history=bundle.history)
    p = bundle.answer(given)
    same = dict.fromkeys(("run", "digest"), "") | {"run": model.run, "digest": bundle.digest}
    table: dict[str, Any] = {
        "row_id": pa.array(good[model.id].astype(str)),
        "decided_at": pa.array(times) if times is not None else pa.nulls(len(good)),
        "probability": pa.array(p),
        "decision": pa.array(p >= bundle.threshold),
        **{name: _repeated(value, len(good)) for name, value in same.items()},
        "entry": pa.array(np.full(len(good), model.entry, np.int64)),
        "scored_at": pa.array(np.full(len(good), np.datetime64("now", "us"))),
    }
    for field in bundle.fields:
        table[f"{FIELD}{field.name}"] = pa.array(typed[field.name], from_pandas=True)
    return pa.table(table)


def _repeated(value: str, times: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(np.zeros(times, np.int32), [value])


def _rejected(frame: pd.DataFrame, broken: Any, wrong: dict[str, Any]) -> pa.Table:
    kept = frame[broken].copy()
    kept[REASON] = [
        "; ".join(reason for reason, mask in wrong.items() if mask[place])
        for place in np.flatnonzero(broken)
    ]
    return pa.Table.from_pandas(kept, preserve_index=False)


def _note(to: Place, source: Source, said: Scored) -> None:
    to.write(f"{source.known_as}.json", json.dumps(asdict(said)).encode())
