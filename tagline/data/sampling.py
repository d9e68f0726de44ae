"""A table of more rows than are wanted, or than there is memory for: read in parts, by a hash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import psutil
import pyarrow as pa

from tagline.columns.arrow import is_readable, of_arrow
from tagline.columns.values import as_text
from tagline.errors import TaglineError
from tagline.names import near

WHOLE = 2**64
HASHED_BY = "tagline: a sampl"  # another key than that of parts: a sample has rows of each
FEWEST = 100  # rows that may be asked for
TIMES = 6  # what a training takes, over the bytes of a table as Arrow holds it
BASE = 300_000_000  # bytes that its process takes without any table
CGROUP = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Sample:
    """Which rows of a table are read: always the same ones; of a larger share these and more.

    Attributes
    ----------
    share : float
        How many, above 0.
    by : tuple of str
        The columns that say which: rows that are alike in them are read together, or not at all;
        all columns where empty, and of rows that lack one of them.
    """

    share: float
    by: tuple[str, ...] = ()

    def of(self, part: pa.Table) -> pa.Table:
        """Give the rows of a part that are read."""
        able = [name for name in part.column_names if is_readable(part.schema.field(name).type)]
        if not able:
            return part
        kept = self.keeps({name: of_arrow(part.column(name)) for name in able})
        return part.filter(pa.array(kept))

    def keeps(self, columns: Mapping[str, pd.Series]) -> npt.NDArray[np.bool_]:
        """Tell which rows are read, of their columns, shape (n,).

        Raises
        ------
        TaglineError
            One of the columns that say so is not there.
        """
        for name in (name for name in self.by if name not in columns):
            raise TaglineError(
                f"There is no column {name!r}{near(name, columns)}, by which rows are read.",
                where="table.max_rows",
            )
        own = [columns[name] for name in self.by] or list(columns.values())
        hashes = _hashes(own)
        lacking = np.logical_or.reduce([each.isna().to_numpy() for each in own])
        if self.by and lacking.any() and len(columns) > len(self.by):
            # Who has no id or group is told from others by all that the row holds.
            others = [each[lacking] for name, each in columns.items() if name not in self.by]
            hashes[lacking] = _hashes(others)
        return np.asarray(hashes < self.share * WHOLE)


def _hashes(columns: Sequence[pd.Series]) -> npt.NDArray[np.uint64]:
    found = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        own = pd.util.hash_array(_texts(column), hash_key=HASHED_BY, categorize=False)
        # FNV's way of putting hashes together; an odd factor keeps them even over all numbers.
        found = (found ^ own) * np.uint64(1_099_511_628_211)
    return found


def _texts(column: pd.Series) -> npt.NDArray[np.object_]:
    """Write values alike whatever stands beside them, and however a file holds them."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(column.dtype):
        column = column.astype("datetime64[us]").astype("int64").where(column.notna())
    return np.asarray(as_text(column).fillna(""), dtype=object)


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
    few = room < FEWEST
    reads = f"max_rows = {room:_} under [table] reads so many of them, or leave columns out. "
    needed = (BASE + TIMES * size) / 1e6
    raise TaglineError(
        f"A training on its {rows:,} rows takes some {needed:,.0f} MB of memory, and there are "
        f"{memory / 1e6:,.0f}.",
        where=where,
        todo=("" if few else reads) + "Where a task has more: memory_mb under [resources].",
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
