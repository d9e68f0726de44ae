"""Rows without a time: split at random, each always into the same part.

What was learned from once must never be a test row later, however the table grows and in whatever
order it comes. So a row's part hangs on what it is: its group, else its id, else what it holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.columns.field import Field
from tagline.columns.rows import read_rows
from tagline.columns.values import as_ids
from tagline.data.split import PARTS, split
from tagline.data.tables import require_columns
from tagline.errors import TaglineError

HASHED_BY = "tagline: a part "  # the key of the hash, of 16 bytes


def parts_of(case: Case, rows: pd.DataFrame, fields: Sequence[Field]) -> npt.NDArray[np.str_]:
    """Give each decision of a case its part: by time where there is one, else at random.

    Parameters
    ----------
    case : Case
        The case.
    rows : DataFrame of shape (n, columns)
        The decisions.
    fields : sequence of Field
        As the rows were read.

    Raises
    ------
    TaglineError
        A part has no rows, or there is no such column.
    """
    if case.table.time is not None:
        return split(rows[case.table.time], case.split)
    parts = RandomSplit.of(case.to_dict()).parts(rows, fields)
    for part in PARTS:
        if not (parts == part).any():
            raise TaglineError(
                f"Of {len(rows):,} rows none fell into {part}.",
                where="split",
                todo="Bring more rows that differ, or of more groups, or name a column of their "
                "times with table.time.",
            )
    return parts


@dataclass(frozen=True)
class RandomSplit:
    """How a training has split, or will split, rows without a time.

    Attributes
    ----------
    group, id : str or None
        Columns; the first that is given says a row's part, and else all its fields do.
    test_share, tune_share : float
        Of all rows, and of those that do not test.
    """

    group: str | None
    id: str | None
    test_share: float
    tune_share: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Read it from a case's config, as a bundle has it too."""
        table, section = config["table"], config["split"]
        shares = float(section["test_share"]), float(section["tune_share"])
        return cls(section.get("group"), table.get("id"), *shares)

    def parts(self, rows: pd.DataFrame, fields: Sequence[Field]) -> npt.NDArray[np.str_]:
        """Split rows.

        Parameters
        ----------
        rows : DataFrame of shape (n, columns)
            Raw or read.
        fields : sequence of Field
            By which what they hold is read.

        Returns
        -------
        ndarray of shape (n,), str
            ``train``, ``tune`` or ``test``.

        Raises
        ------
        TaglineError
            A row has no group, or there is no such column.
        """
        drawn = self.hashes(rows, fields) / 2.0**64
        tests = drawn >= 1 - self.test_share
        tunes = drawn >= (1 - self.test_share) * (1 - self.tune_share)
        return np.where(tests, PARTS[2], np.where(tunes, PARTS[1], PARTS[0]))

    def hashes(self, rows: pd.DataFrame, fields: Sequence[Field]) -> npt.NDArray[np.uint64]:
        """Give a number for each row, the same for rows that stay together, shape (n,)."""
        name = self.group or self.id
        if name is None:
            # A column that is gone would make other rows of them.
            require_columns(rows, tuple(each.name for each in fields), where="what parts rows")
            return _of_content(read_rows(rows, fields).frame, fields)
        where = "split.group" if self.group else "table.id"
        require_columns(rows, (name,), where=where)
        # 7, 7.0 and "7" are one: tables change their types when a gap comes.
        names = as_ids(rows[name])
        if names.isna().any():
            raise TaglineError(
                f"{int(names.isna().sum()):,} rows have no {name!r}.",
                where=where,
                todo="Fill it, or name another column.",
            )
        hashed = pd.util.hash_array(names.to_numpy(dtype=object), hash_key=HASHED_BY)
        return np.asarray(hashed, dtype=np.uint64)


def _of_content(frame: pd.DataFrame, fields: Sequence[Field]) -> npt.NDArray[np.uint64]:
    alike = {each: _alike(frame[each]) for each in sorted(field.name for field in fields)}
    hashed = pd.util.hash_pandas_object(pd.DataFrame(alike), index=False, hash_key=HASHED_BY)
    return np.asarray(hashed, dtype=np.uint64)


def _alike(values: pd.Series) -> pd.Series:
    """Give values in the one type that each kind has, whatever the file's."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        local: pd.Series = values.dt.tz_localize(None).astype("datetime64[us]")
        return local
    if pd.api.types.is_numeric_dtype(values.dtype):
        return pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan), values.index) + 0.0
    return values.astype(object).where(values.notna(), "")
