"""A table of more rows than are wanted, or than there is memory for: read in parts, by a hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import psutil
import pyarrow as pa

from tagline.columns.arrow import is_readable, of_arrow
from tagline.errors import TaglineError

WHOLE = 2**64
HASHED_BY = "tagline: a sampl"  # another key than that of parts: a sample has rows of each
TIMES = 6  # what a training takes, over the bytes of a table as Arrow holds it
BASE = 300_000_000  # bytes that its process takes without any table
CGROUP = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Sample:
    """Which rows of a table are read: always the same ones of it, and of a larger one some more.

    Attributes
    ----------
    share : float
        How many, above 0.
    by : tuple of str
        The columns that say which: rows that are alike in them are read together, or not at all;
        all columns where empty.
    """

    share: float
    by: tuple[str, ...] = ()

    def of(self, part: pa.Table) -> pa.Table:
        """Give the rows of a part that are read."""
        able = [name for name in part.column_names if is_readable(part.schema.field(name).type)]
        hashes = _hashes([of_arrow(part.column(name)) for name in (self.by or able)])
        return part.filter(pa.array(hashes < self.share * WHOLE))


def _hashes(columns: Sequence[pd.Series]) -> npt.NDArray[np.uint64]:
    found = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        texts = column.astype("str").fillna("").to_numpy(dtype=object)
        own = pd.util.hash_array(texts, hash_key=HASHED_BY, categorize=False)
        # FNV's way of putting hashes together; an odd factor keeps them even over all numbers.
        found = (found ^ own) * np.uint64(1_099_511_628_211)
    return found


def expect_room(size: int, rows: int, *, memory: int, where: str) -> None:
    """Refuse a table that a training has no memory for.

    Parameters
    ----------
    size : int
        Bytes of the table as Arrow holds it.
    rows : int
        Its rows.
    memory : int
        Bytes of a task.
    where : str
        What to call the table.

    Raises
    ------
    TaglineError
        Says how many rows there is room for.
    """
    room = rows_with_room(size, rows, memory=memory)
    if room >= rows:
        return
    needed = (BASE + TIMES * size) / 1e6
    raise TaglineError(
        f"A training on its {rows:,} rows takes some {needed:,.0f} MB of memory, and there are "
        f"{memory / 1e6:,.0f}.",
        where=where,
        todo=f"max_rows = {room:_} under [table] reads so many of them, or leave columns out; "
        "where a task has more: memory_mb under [resources].",
    )


def rows_with_room(size: int, rows: int, *, memory: int) -> int:
    """Give how many rows of a table a training has memory for; see `expect_room`."""
    fits = max(0, memory - BASE) / (TIMES * max(size, 1))
    if fits >= 1:
        return rows
    # Two digits: it is a rule of thumb.
    able = max(1, int(rows * fits))
    digits = 10 ** max(0, len(str(able)) - 2)
    return int(max(1, able // digits * digits))


def free() -> int:
    """Give the bytes of memory that are free on this machine, or in this container."""
    there = int(psutil.virtual_memory().available)
    try:
        return min(there, int(CGROUP.read_text()))
    except (OSError, ValueError):
        return there
