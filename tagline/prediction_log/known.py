"""Which answers a log holds, so that an outcome of none is told to whoever reports it."""

import logging
import math
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tagline.errors import TaglineError
from tagline.prediction_log.frames import frames
from tagline.prediction_log.log import PredictionLog
from tagline.prediction_log.records import Answers, Outcome, decode
from tagline.prediction_log.segment import TABLE
from tagline.prediction_log.tables import segments
from tagline.storage.contract import Stored

log = logging.getLogger(__name__)
Hashes = npt.NDArray[np.uint64]
NEWEST = 1_000_000  # 16 bytes each once their segment is closed
ROWS = 100_000
EVERY, AGAIN = 30.0, 1.0  # seconds between two looks at the store; where an id is not known
NONE = np.empty(0, np.uint64)
NAMES = ("prediction_id", "row_id")


class KnownIds:
    """The ids of the newest answers of a log, by their 64-bit hashes.

    Parameters
    ----------
    log : PredictionLog
        The case's; what was answered in batch is known too.
    newest : int, optional
        How many answers are remembered; older ones are not known.
    """

    def __init__(self, log: PredictionLog, *, newest: int = NEWEST) -> None:
        self.log, self.newest = log, newest
        self._tables: dict[str, tuple[str, Hashes]] = {}
        self._open: dict[Path, tuple[int, set[int]]] = {}
        self._lock, self._looked_at = threading.Lock(), -math.inf

    def unknown(self, outcomes: Sequence[Outcome]) -> int:
        """Count the outcomes that name none of the newest answers."""
        wanted = np.concatenate(
            [_hashes(name, [getattr(each, name) for each in outcomes]) for name in NAMES]
        )
        with self._lock:
            self._look(EVERY)
            wanted = self._without_known(wanted)
            if len(wanted):
                # It may have been put into the store since that was looked at.
                self._look(AGAIN)
                wanted = self._without_known(wanted)
        return len(wanted)

    def _look(self, every: float) -> None:
        # Those of this machine first: what is put into the store meanwhile is found there.
        due = time.monotonic() >= self._looked_at + every
        here = segments(self.log.folder) if self.log.folder.is_dir() else []
        for path in here:
            self._segment(path)
        if due:
            self._look_at_the_store()
            self._looked_at = time.monotonic()
            stems = {path.stem for path in here}
            self._open = {path: each for path, each in self._open.items() if path.stem in stems}

    def _without_known(self, wanted: Hashes) -> Hashes:
        for _, found in self._open.values():
            wanted = wanted[[each not in found for each in wanted.tolist()]]
        for _, known in self._tables.values():
            wanted = wanted[~_among(wanted, known)]
        return wanted

    def _look_at_the_store(self) -> None:
        held, kept = 0, {}
        for each in sorted(self._listed(), key=lambda each: each.age):
            if held >= self.newest:
                break
            known = self._tables.get(each.name)
            if known is None or known[0] != each.etag:  # what is forgotten is written anew
                known = each.etag, self._ids(each.name)
            kept[each.name] = known
            held += len(known[1]) // len(NAMES)
        self._tables = kept

    def _listed(self) -> list[Stored]:
        workspace, store = self.log.workspace, self.log.store
        batch = [each for each in store.listing(workspace.batch) if each.name.endswith(TABLE)]
        own = [each for each in batch if "/rejected/" not in each.name]
        return [*self.log.listed(workspace.predictions), *own]

    def _ids(self, name: str) -> Hashes:
        try:
            with self.log.store.open(name) as file, pq.ParquetFile(file) as table:
                found = [each for part in _parts(table) for each in part]
        except (OSError, TaglineError, pa.ArrowInvalid) as unread:
            # Deleted since it was listed, or damaged: its answers are not known.
            log.warning(f"{name} can not be read: {unread}")
            return NONE
        return np.sort(np.concatenate([NONE, *found]))

    def _segment(self, path: Path) -> None:
        stem = path.with_suffix("")
        at, found = self._open.get(stem, (0, set()))
        try:
            with path.open("rb") as file:
                file.seek(at)
                new = frames(file.read())
        except FileNotFoundError:
            return  # closed since it was listed
        for record in new.records:
            try:
                said = decode(record)
            except msgspec.DecodeError:
                continue  # what is damaged names no answer
            if isinstance(said, Answers):
                found |= set(_hashes("prediction_id", said.prediction_ids).tolist())
                found |= set(_hashes("row_id", said.row_ids).tolist())
        self._open[stem] = at + new.sound, found


def _parts(table: pq.ParquetFile) -> Iterator[list[Hashes]]:
    """Read the ids of a table in bounded memory."""
    names = [name for name in NAMES if name in table.schema_arrow.names]
    for batch in table.iter_batches(ROWS, columns=names):
        yield [_hashes(name, batch.column(name).to_pylist()) for name in names]


def _hashes(name: str, ids: Iterable[str | None]) -> Hashes:
    known = np.array([each for each in ids if each is not None], dtype=object)
    # A prediction's id and a row's own are apart, even where they are the same text.
    return pd.util.hash_array(known, hash_key=f"{name:_<16}")


def _among(wanted: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    if not len(known):
        return np.zeros(len(wanted), dtype=bool)
    place = np.searchsorted(known, wanted)
    found: npt.NDArray[np.bool_] = known[np.minimum(place, len(known) - 1)] == wanted
    return found
