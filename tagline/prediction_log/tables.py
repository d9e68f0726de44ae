"""Records as tables: the rows of a segment, as plain data, as a frame, as Parquet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from tagline.prediction_log.frames import frames
from tagline.prediction_log.records import Answers, Outcome, decode
from tagline.prediction_log.segment import CLOSED, OPEN

FIELD = "field:"
LISTED = ("unknown", "missing")


def rows_of(content: bytes) -> Iterator[dict[str, Any]]:
    """Give the rows of a segment."""
    for record in frames(content).records:
        said = decode(record)
        yield from _answers(said) if isinstance(said, Answers) else [outcome_row(said)]


def segments(folder: Path) -> list[Path]:
    """Find every segment of a folder, whatever state it is in, the oldest first."""
    found: dict[str, Path] = {}
    for suffix in (OPEN, CLOSED):
        found |= {path.stem: path for path in folder.glob(f"*{suffix}")}
    return [found[name] for name in sorted(found)]


def as_frame(rows: list[dict[str, Any]] | pa.Table) -> pd.DataFrame:
    """Give rows as a frame."""
    if isinstance(rows, list):
        return pd.DataFrame(rows)
    found: pd.DataFrame = rows.to_pandas()
    # Arrow gives what was a list as an array.
    listed = [name for name in LISTED if name in found]
    return found.assign(**{name: found[name].map(list) for name in listed})


def as_table(records: list[dict[str, Any]]) -> pa.Table:
    """Give rows as a table."""
    names = list(dict.fromkeys(name for record in records for name in record))
    return pa.table({name: _column([each.get(name) for each in records]) for name in names})


def outcome_row(said: Outcome) -> dict[str, Any]:
    """Give an outcome as a row."""
    return {
        "prediction_id": said.prediction_id,
        "row_id": said.row_id,
        "outcome": said.outcome,
        "observed": said.observed,
        "at": pd.Timestamp(said.at, unit="ns", tz="UTC"),
        "request_id": said.request_id,
        "principal": said.principal,
    }


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
        "arm": said.arm,
    }
    for place, row in enumerate(said.rows()):
        yield {
            "prediction_id": said.prediction_ids[place],
            "row_id": said.row_ids[place],
            **common,
            **{name: values[place] for name, values in said.answer.items()},
            "unknown": said.unknown.get(place, []),
            "missing": said.missing.get(place, []),
            "outside_history": said.outside.get(place, ""),
            **{f"{FIELD}{name}": v for name, v in zip(said.fields, row, strict=True)},
        }


def _column(values: list[Any]) -> pa.Array:
    if any(isinstance(each, pd.Timestamp) for each in values):
        return pa.array(values, pa.timestamp("ns", "UTC"))
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # Two models may hold a field of one name differently: as text, nothing is lost.
        return pa.array(
            [None if each is None else json.dumps(each, default=str) for each in values]
        )
