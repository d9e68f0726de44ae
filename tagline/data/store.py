"""Big tables beside the run: Parquet files named by their content."""

import hashlib
import io
from pathlib import Path
from typing import TypedDict

import pandas as pd

from tagline.errors import TaglineError
from tagline.files import write_whole


class TableRef(TypedDict):
    """Where a table is, and how to know that it is still the same."""

    path: str
    sha256: str
    rows: int


def put_table(frame: pd.DataFrame, folder: Path) -> TableRef:
    """Store a frame as Parquet under the SHA-256 of the file's bytes.

    Parameters
    ----------
    frame : DataFrame of shape (rows, columns)
        The table; its index is not kept.
    folder : Path
        Where such files are kept; made when missing.
    """
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    content = buffer.getvalue()
    name = hashlib.sha256(content).hexdigest()
    path = folder / f"{name}.parquet"
    # The name is the content: what is there whole is the same.
    if not path.exists() or path.stat().st_size != len(content):
        write_whole(path, content)
    return {"path": str(path), "sha256": name, "rows": len(frame)}


def get_table(reference: TableRef) -> pd.DataFrame:
    """Read a stored table back.

    Raises
    ------
    TaglineError
        The file is gone, or its bytes are not those that were stored.
    """
    path = Path(reference["path"])
    if not path.is_file():
        raise TaglineError("The table is gone.", where=str(path))
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != reference["sha256"]:
        raise TaglineError("The table is not the one that was stored.", where=str(path))
    return pd.read_parquet(io.BytesIO(content))


def storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Give columns that mix types as text, which Parquet needs."""
    # A column as it came in may mix types, which Parquet does not hold.
    mixed = [name for name in frame.columns if frame[name].dtype == object]
    return frame.assign(**{name: frame[name].map(str, na_action="ignore") for name in mixed})
