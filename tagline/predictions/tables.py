"""Segments as tables: closed into Parquet, read as frames, outcomes joined to predictions."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tagline.predictions.frames import frames
from tagline.predictions.records import Answers, Outcome, decode
from tagline.predictions.segment import CLOSED, OPEN, TABLE

PREDICTIONS, OUTCOMES, BATCH = "predictions", "outcomes", "batch"
FIELD = "field:"
Keep = Callable[[dict[str, Any]], bool]


def close(path: Path) -> Path:
    """Make a Parquet file of a closed segment, and remove the segment.

    Parameters
    ----------
    path : Path
        ``NAME.log``.

    Returns
    -------
    Path
        ``NAME.parquet``; written aside and renamed, so that there is a whole one or none.
    """
    target = path.with_suffix(TABLE)
    if not target.exists():
        write(rows(path), target)
    path.unlink(missing_ok=True)
    return target


def write(records: Iterable[dict[str, Any]], target: Path) -> None:
    """Write rows as Parquet, aside, and rename it."""
    unfinished = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        pq.write_table(_table(list(records)), unfinished, compression="zstd")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Give the rows of a segment, whatever state it is in; none where it was deleted since.

    It may have been closed since it was listed, and is looked for under its next names too.
    """
    content, is_table = _content(path)
    if is_table:
        yield from pq.read_table(pa.BufferReader(content)).to_pylist()
    else:
        yield from _records(content)


def _records(content: bytes) -> Iterator[dict[str, Any]]:
    for record in frames(content).records:
        said = decode(record)
        yield from _answers(said) if isinstance(said, Answers) else [_outcome(said)]


def _table_frame(content: bytes) -> pd.DataFrame:
    found: pd.DataFrame = pq.read_table(pa.BufferReader(content)).to_pandas()
    # Arrow gives what was a list as an array.
    listed = [name for name in ("unknown", "missing") if name in found]
    return found.assign(**{name: found[name].map(list) for name in listed})


def _content(path: Path) -> tuple[bytes, bool]:
    for name in (path, path.with_suffix(CLOSED), path.with_suffix(TABLE)):
        try:
            return name.read_bytes(), name.suffix == TABLE
        except FileNotFoundError:
            continue
    return b"", False


def segments(folder: Path) -> list[Path]:
    """Find every segment once, whatever state it is in, the oldest first."""
    found: dict[str, Path] = {}
    for suffix in (OPEN, CLOSED, TABLE):
        # A table counts before what it was made of.
        found |= {path.stem: path for path in folder.glob(f"*{suffix}")}
    return [found[name] for name in sorted(found)]


def read_predictions(folder: Path) -> pd.DataFrame:
    """Read every answered row of a case's log.

    Parameters
    ----------
    folder : Path
        The case's log; see `tagline.paths.log_of`.

    Returns
    -------
    DataFrame
        A row for each answered row: ``prediction_id``, ``row_id``, ``at`` (UTC), ``request_id``,
        ``principal``, ``run``, ``digest``, ``entry``, ``latency_us``, ``snapshot``,
        ``probability``, ``decision``, ``unknown``, ``missing``, ``outside_history`` and
        ``field:NAME`` for each field.
    """
    return _frame(folder / PREDICTIONS)


def read_outcomes(folder: Path) -> pd.DataFrame:
    """Read what came true, once for each prediction or row: what was reported last counts.

    Parameters
    ----------
    folder : Path
        As for `read_predictions`.

    Returns
    -------
    DataFrame
        ``prediction_id``, ``row_id``, ``outcome``, ``observed`` and ``at`` (UTC), and ``reported``:
        how often it was.
    """
    found = _frame(folder / OUTCOMES)
    if found.empty:
        return found
    keys = ["prediction_id", "row_id"]
    ordered = found.sort_values("at", kind="stable")
    times = ordered.groupby(keys, dropna=False)["outcome"].transform("size")
    return ordered.assign(reported=times).drop_duplicates(keys, keep="last").reset_index(drop=True)


def read_joined(folder: Path) -> pd.DataFrame:
    """Read predictions with what came true; ``outcome`` is missing where nothing is known yet.

    An outcome by prediction id counts before one by the row's own id, which holds for every
    prediction of that row.
    """
    predictions, outcomes = read_predictions(folder), read_outcomes(folder)
    if predictions.empty or outcomes.empty:
        return predictions.assign(outcome=float("nan"))
    by_row = outcomes.dropna(subset="row_id").set_index("row_id")["outcome"]
    by_id = outcomes.dropna(subset="prediction_id").set_index("prediction_id")["outcome"]
    own = predictions["prediction_id"].map(by_id)
    return predictions.assign(outcome=own.fillna(predictions["row_id"].map(by_row)))


def prediction_parts(folder: Path) -> Iterator[pd.DataFrame]:
    """Read a case's answered rows segment by segment, so that memory does not grow with the log.

    Parameters
    ----------
    folder : Path
        As for `read_predictions`.

    Yields
    ------
    DataFrame
        As `read_predictions` gives it, of one segment.
    """
    return _parts(folder / PREDICTIONS)


def _frame(folder: Path) -> pd.DataFrame:
    parts = list(_parts(folder))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _parts(folder: Path) -> Iterator[pd.DataFrame]:
    for path in segments(folder):
        content, is_table = _content(path)
        found = _table_frame(content) if is_table else pd.DataFrame(list(_records(content)))
        if len(found):
            yield found.assign(at=pd.to_datetime(found["at"], utc=True))


def _answers(said: Answers) -> Iterator[dict[str, Any]]:
    common = {
        "at": pd.Timestamp(said.at, unit="ns", tz="UTC"),
        "request_id": said.request_id,
        "principal": said.principal,
        "run": said.run,
        "digest": said.digest,
        "entry": said.entry,
        "latency_us": said.latency,
        "snapshot": said.snapshot,
    }
    for place, row in enumerate(said.rows()):
        yield {
            "prediction_id": said.prediction_ids[place],
            "row_id": said.row_ids[place],
            **common,
            "probability": said.probability[place],
            "decision": said.decision[place],
            "unknown": said.unknown.get(place, []),
            "missing": said.missing.get(place, []),
            "outside_history": said.outside.get(place, ""),
            **{f"{FIELD}{name}": v for name, v in zip(said.fields, row, strict=True)},
        }


def _outcome(said: Outcome) -> dict[str, Any]:
    return {
        "prediction_id": said.prediction_id,
        "row_id": said.row_id,
        "outcome": said.outcome,
        "observed": said.observed,
        "at": pd.Timestamp(said.at, unit="ns", tz="UTC"),
        "request_id": said.request_id,
        "principal": said.principal,
    }


def _table(records: list[dict[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(name for record in records for name in record))
    return pa.table({name: _column([each.get(name) for each in records]) for name in names})


def _column(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # Two models may hold a field of one name differently: as text, nothing is lost.
        return pa.array([None if each is None else json.dumps(each) for each in values])
