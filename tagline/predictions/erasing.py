"""Erase a person's rows, and keep that it was done."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.keys import public_hex
from tagline.predictions.maintenance import LogMaintenance
from tagline.predictions.segment import CLOSED, OPEN, TABLE
from tagline.predictions.tables import FIELD, OUTCOMES, PREDICTIONS, close, rows, segments, write

ERASURES, ASKED = "erasures", "roll"
PATIENCE = 30.0
LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Erasure:
    """What was erased.

    Attributes
    ----------
    predictions, outcomes : int
        How many rows.
    segments : int
        How many files were written anew.
    """

    predictions: int
    outcomes: int
    segments: int


def forget(
    maintenance: LogMaintenance,
    *,
    column: str,
    subject: str,
    who: str,
    key: Ed25519PrivateKey,
) -> Erasure:
    """Erase the rows of a subject, in every segment on this machine and in its copy on S3.

    Running servers are asked to begin another segment, so that none is written to meanwhile.

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

    Raises
    ------
    TaglineError
        A running server goes on writing to a segment.
    """
    _close_all(maintenance)
    name = column if column == "row_id" else f"{FIELD}{column}"
    erased: set[str] = set()

    def is_theirs(row: Mapping[str, Any]) -> bool:
        return str(row.get(name)) == subject

    predictions, changed = _without(maintenance, PREDICTIONS, is_theirs, erased)
    ids = {name for name in erased if name}

    def follows(row: Mapping[str, Any]) -> bool:
        own = column == "row_id" and row["row_id"] == subject
        return own or row["prediction_id"] in ids

    outcomes, also = _without(maintenance, OUTCOMES, follows, set())
    found = Erasure(predictions, outcomes, changed + also)
    _note(maintenance.folder, found, column=column, who=who, key=key)
    return found


def _close_all(maintenance: LogMaintenance) -> None:
    kinds = [maintenance.folder / kind for kind in (PREDICTIONS, OUTCOMES)]
    before = {path for place in kinds for path in place.glob(f"*{OPEN}")}
    (maintenance.folder / ASKED).touch()
    until = time.monotonic() + PATIENCE
    while any(path.exists() for path in before):
        # Those of servers that are gone are closed here, others by their servers.
        maintenance.tidy()
        if time.monotonic() > until:
            raise TaglineError(
                "A running server goes on writing to its segment; nothing was erased.",
                where=str(maintenance.folder),
                todo="Stop the server, and ask again.",
            )
        time.sleep(LOOK_EVERY)
    for place in kinds:
        for path in place.glob(f"*{CLOSED}"):
            close(path)


def _without(
    maintenance: LogMaintenance,
    kind: str,
    is_theirs: Callable[[dict[str, Any]], bool],
    erased: set[str],
) -> tuple[int, int]:
    count = changed = 0
    for path in segments(maintenance.folder / kind):
        if path.suffix != TABLE:
            continue
        all_rows = list(rows(path))
        kept = [row for row in all_rows if not is_theirs(row)]
        if len(kept) == len(all_rows):
            continue
        erased |= {row["prediction_id"] for row in all_rows if is_theirs(row)}
        count, changed = count + len(all_rows) - len(kept), changed + 1
        write(kept, path)
        maintenance.upload_again(path)
    return count, changed


def _note(folder: Path, found: Erasure, *, column: str, who: str, key: Ed25519PrivateKey) -> None:
    now = datetime.now(UTC)
    # Not even a pseudonym of the subject: what is erased must not live on in its audit entry.
    said = {
        "at": now.isoformat(),
        "who": who,
        "column": column,
        "predictions": found.predictions,
        "outcomes": found.outcomes,
        "segments": found.segments,
        "key": public_hex(key),
    }
    place = folder / ERASURES
    place.mkdir(exist_ok=True)
    signed = {**said, "signature": key.sign(as_json(said)).hex()}
    (place / f"{now:%Y%m%dT%H%M%S%fZ}.json").write_text(json.dumps(signed, indent=1))
