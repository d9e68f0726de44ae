"""Which answers a log holds, so that an outcome of none is told to whoever reports it."""

import logging
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

from tagline.predictions.frames import frames
from tagline.predictions.records import Answers, Outcome, decode
from tagline.predictions.segment import OPEN, TABLE
from tagline.predictions.tables import BATCH, PREDICTIONS, segments

log = logging.getLogger(__name__)
Hashes = npt.NDArray[np.uint64]
NEWEST = 1_000_000  # 16 bytes each once their segment is closed
ROWS = 100_000
EVERY = 30.0  # seconds between two looks at all tables
NONE = np.empty(0, np.uint64)
NAMES = ("prediction_id", "row_id")


class KnownIds:
    """The ids of the newest answers of a log, by their 64-bit hashes.

    Parameters
    ----------
    folder : Path
        The case's log, with what was answered in batch.
    newest : int, optional
        How many answers are remembered; older ones are not known.
    """

    def __init__(self, folder: Path, *, newest: int = NEWEST) -> None:
        self.folder, self.newest = folder, newest
        self._tables: dict[Path, tuple[int, Hashes]] = {}
        self._open: dict[Path, tuple[int, set[int]]] = {}
        self._closed: set[str] = set()
        self._lock, self._again_at = threading.Lock(), 0.0

    def unknown(self, outcomes: Sequence[Outcome]) -> int:
        """Count the outcomes that name none of the newest answers."""
        wanted = np.concatenate(
            [_hashes(name, [getattr(each, name) for each in outcomes]) for name in NAMES]
        )
        with self._lock:
            if time.monotonic() >= self._again_at:
                self._again_at = time.monotonic() + EVERY
                self._read()
            else:
                self._read_new()
            for _, found in self._open.values():
                wanted = wanted[[each not in found for each in wanted.tolist()]]
            for _, known in self._tables.values():
                wanted = wanted[~_among(wanted, known)]
        return len(wanted)

    def _read_new(self) -> None:
        # A year has a hundred thousand tables, which are not looked at each time.
        for path in segments(self.folder / PREDICTIONS):
            if path.suffix == OPEN or path.stem not in self._closed:
                self._one(path)

    def _one(self, path: Path) -> int:
        if path.suffix != OPEN:
            self._closed.add(path.stem)
        return self._table(path) if path.suffix == TABLE else self._segment(path)

    def _read(self) -> None:
        held, kept, listed = 0, set(), self._all()
        self._closed = {path.stem for path in listed if path.suffix != OPEN}
        for path in sorted(listed, key=_written, reverse=True):
            if held >= self.newest:
                break
            kept.add(path)
            held += self._one(path)
        self._tables = {path: each for path, each in self._tables.items() if path in kept}
        self._open = {path: each for path, each in self._open.items() if path in kept}

    def _all(self) -> list[Path]:
        return [*segments(self.folder / PREDICTIONS), *(self.folder / BATCH).glob(f"*{TABLE}")]

    def _table(self, path: Path) -> int:
        written, held = _written(path), self._tables.get(path)
        if held is None or held[0] != written:  # what is forgotten is written anew
            try:
                found = [each for part in _parts(path) for each in part]
            except (OSError, pa.ArrowInvalid) as unread:
                # Deleted since it was listed, or damaged: its answers are not known.
                log.warning(f"{path.name} can not be read: {unread}")
                return 0
            self._tables[path] = written, np.sort(np.concatenate([NONE, *found]))
        return len(self._tables[path][1]) // len(NAMES)

    def _segment(self, path: Path) -> int:
        at, found = self._open.get(path, (0, set()))
        try:
            with path.open("rb") as file:
                file.seek(at)
                new = frames(file.read())
        except FileNotFoundError:
            return 0  # closed since it was listed; it is a table the next time
        for record in new.records:
            try:
                said = decode(record)
            except msgspec.DecodeError:
                continue  # what is damaged names no answer
            if isinstance(said, Answers):
                found |= set(_hashes("prediction_id", said.prediction_ids).tolist())
                found |= set(_hashes("row_id", said.row_ids).tolist())
        self._open[path] = at + new.sound, found
        return len(found) // len(NAMES)


def _parts(path: Path) -> Iterator[list[Hashes]]:
    """Read the ids of a table in bounded memory."""
    with pq.ParquetFile(path) as file:
        names = [name for name in NAMES if name in file.schema_arrow.names]
        for batch in file.iter_batches(ROWS, columns=names):
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


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
