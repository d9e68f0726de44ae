"""Erase a person's rows, and keep that it was done."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.keys import public_hex
from tagline.prediction_log.log import (
    JSON,
    PredictionLog,
    hidden_subject,
    parts_of,
    read_rows,
    written,
)
from tagline.prediction_log.maintenance import LogMaintenance
from tagline.prediction_log.tables import FIELD

FORMAT = 1
PATIENCE = 45.0
LOOK_EVERY = 0.2
Theirs = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Erasure:
    """What was erased.

    Attributes
    ----------
    predictions, outcomes : int
        How many rows.
    segments : int
        How many tables were written anew.
    """

    predictions: int
    outcomes: int
    segments: int


def asked_name(log: PredictionLog) -> str:
    """Name what asks all servers of a case to put their segments into the store."""
    return f"{log.workspace.servers}/asked{JSON}"


def forget(
    maintenance: LogMaintenance,
    *,
    column: str,
    subject: str,
    who: str,
    key: Ed25519PrivateKey,
    waiting: Callable[[str], list[str]],
) -> Erasure:
    """Erase the rows of a subject, in every table of the log, also of what is merged.

    All servers are asked to put what they have into the store first.

    Parameters
    ----------
    maintenance : LogMaintenance
        The log.
    column : str
        ``row_id``, or the name of a field.
    subject : str
        As the log has it: a pseudonym, where the column is personal.
    who : str
        Who asks.
    key : Ed25519PrivateKey
        Signs the entry that is left.
    waiting : callable
        Names the running servers that have not yet done what was asked by an id.

    Raises
    ------
    TaglineError
        A running server goes on writing to a segment, or somebody else is at the log.
    """
    log = maintenance.log
    name = column if column == "row_id" else f"{FIELD}{column}"
    _ask_all(maintenance, waiting)
    _remember(log, name, subject)
    with maintenance.turn() as own:
        if not own:
            raise TaglineError(
                "Another process is merging or deleting tables of this log.",
                where=log.store.where,
                todo="Ask again in some minutes; nothing was erased.",
            )
        erased: set[str] = set()
        rows: set[str] = set()

        def is_theirs(row: Mapping[str, Any]) -> bool:
            return str(row.get(name)) == subject

        predictions, changed = _without(log, log.workspace.predictions, is_theirs, erased, rows)

        def follows(row: Mapping[str, Any]) -> bool:
            mine = column == "row_id" and row["row_id"] == subject
            return mine or row["prediction_id"] in erased or row["row_id"] in rows

        outcomes, also = _without(log, log.workspace.outcomes, follows, set(), set())
        found = Erasure(predictions, outcomes, changed + also)
        _note(log, found, column=column, who=who, key=key)
    return found


def _remember(log: PredictionLog, column: str, subject: str) -> None:
    """Let who is away now, or was killed, put none of these rows into the store later."""
    own = hidden_subject(column, subject)
    said = {"format": FORMAT, "column": column, "subject": own, "at": datetime.now(UTC).isoformat()}
    log.store.write(f"{log.workspace.erased}/{own}{JSON}", as_json(said))


def _ask_all(maintenance: LogMaintenance, waiting: Callable[[str], list[str]]) -> None:
    log, asked = maintenance.log, uuid4().hex
    log.store.write(asked_name(log), as_json({"format": FORMAT, "id": asked}))
    until = time.monotonic() + PATIENCE
    while late := waiting(asked):
        if time.monotonic() > until:
            raise TaglineError(
                f"These servers go on writing to their segments: {', '.join(late)}.",
                where=log.store.where,
                todo="Nothing was erased. Stop them, and ask again.",
            )
        time.sleep(LOOK_EVERY)
    # What a server of this machine left behind when it was killed is erased too.
    log.ship()


def _without(
    log: PredictionLog, folder: str, is_theirs: Theirs, erased: set[str], own_rows: set[str]
) -> tuple[int, int]:
    count = changed = 0
    clean: set[tuple[str, str]] = set()
    # Until nothing is new: somebody may put tables into the store, or merge them, meanwhile.
    while True:
        found = {(each.name, each.etag) for each in log.store.listing(folder)} - clean
        if not found:
            return count, changed
        for name, etag in sorted(found):
            content, now = log.store.read_with_etag(name)
            if content is None or now != etag:
                continue
            rows = read_rows(name, content)
            kept = [row for row in rows if not is_theirs(row)]
            if len(kept) == len(rows):
                clean.add((name, etag))
            elif log.store.replace(name, _again(log, name, kept), etag=etag):
                theirs = [row for row in rows if is_theirs(row)]
                erased.update(row["prediction_id"] for row in theirs if row["prediction_id"])
                own_rows.update(row["row_id"] for row in theirs if row["row_id"])
                count, changed = count + len(rows) - len(kept), changed + 1


def _again(log: PredictionLog, name: str, rows: list[dict[str, Any]]) -> bytes:
    if name.endswith(JSON):
        said = [{**row, "at": row["at"].value} for row in rows]
        return as_json({"format": FORMAT, "outcomes": said})
    return written(rows, sorted(parts_of(log.store, name)))


def _note(
    log: PredictionLog, found: Erasure, *, column: str, who: str, key: Ed25519PrivateKey
) -> None:
    now = datetime.now(UTC)
    # Not even a pseudonym of the subject: what is erased must not live on in its audit entry.
    said = {
        "format": FORMAT,
        "at": now.isoformat(),
        "who": who,
        "column": column,
        "predictions": found.predictions,
        "outcomes": found.outcomes,
        "segments": found.segments,
        "key": public_hex(key),
    }
    signed = {**said, "signature": key.sign(as_json(said)).hex()}
    name = f"{log.workspace.erasures}/{now:%Y%m%dT%H%M%S%fZ}{JSON}"
    log.store.create(name, json.dumps(signed, indent=1).encode())
