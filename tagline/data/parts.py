"""Read back the rows that `tagline.data.prepare` made, one part at a time."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.data.prepare import GROUP, TEST, Prepared
from tagline.data.store import get_table
from tagline.inputs.matrix import Matrix
from tagline.training.matrix import read


@dataclass(frozen=True)
class Part:
    """The rows of one part.

    Attributes
    ----------
    frame : DataFrame of shape (n, columns)
        Raw fields, history and label.
    X : ndarray of shape (n, p), float32
        The model's inputs.
    y : ndarray of shape (n,), float64
        The label, 0 or 1.
    group : ndarray of shape (n,), int64
        What hangs together.
    """

    frame: pd.DataFrame
    X: Matrix
    y: npt.NDArray[np.float64]
    group: npt.NDArray[np.int64]


def read_parts(prepared: Prepared, *names: str, target: str) -> tuple[Part, ...]:
    """Read parts by name, their rows in the order of the stored table.

    Parameters
    ----------
    prepared : Prepared
        What `prepare` gave.
    names : str
        ``train``, ``tune`` or ``test``.
    target : str
        The label's column.

    Raises
    ------
    TaglineError
        The table or the matrix is gone, or has changed.
    """
    return tuple(_part(prepared, name, target) for name in names)


def _part(prepared: Prepared, name: str, target: str) -> Part:
    frame = get_table(prepared.rows[name])
    return Part(
        frame=frame,
        X=_matrix(prepared, name),
        y=frame[target].to_numpy(dtype=np.float64),
        group=frame[GROUP].to_numpy(dtype=np.int64),
    )


def _matrix(prepared: Prepared, name: str) -> Matrix:
    folder = Path(prepared.matrix)
    if name == "test":
        return np.asarray(np.load(folder / TEST, allow_pickle=False))
    data = read(folder)
    return np.asarray(data.X if name == "train" else data.X_tune, dtype=np.float32)
