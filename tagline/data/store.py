"""Big tables beside the run: Parquet files named by their content."""

import io
from typing import TypedDict

import pandas as pd

from tagline.storage.blobs import blobs

PARQUET = ".parquet"


class TableRef(TypedDict):
    """Which table: what it is named by wherever it is kept, and its length."""

    sha256: str
    rows: int


def put_table(frame: pd.DataFrame) -> TableRef:
    """Keep a frame as Parquet under the SHA-256 of the file's bytes.

    Parameters
    ----------
    frame : DataFrame of shape (rows, columns)
        The table; its index is not kept.
    """
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    return {"sha256": blobs().put(buffer.getvalue()), "rows": len(frame)}


def get_table(reference: TableRef) -> pd.DataFrame:
    """Read a stored table back.

    Raises
    ------
    TaglineError
        It is gone, or its bytes are not those that were stored.
    """
    return pd.read_parquet(io.BytesIO(blobs().get(reference["sha256"])))


def storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Give columns that mix types as text, which Parquet needs."""
    # A column as it came in may mix types, which Parquet does not hold.
    mixed = [name for name in frame.columns if frame[name].dtype == object]
    return frame.assign(**{name: frame[name].map(str, na_action="ignore") for name in mixed})
