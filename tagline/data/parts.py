"""Read back the rows that `tagline.data.prepare` made, one part at a time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.data.prepare import Prepared
from tagline.data.store import get_table
from tagline.data.training_set import matrix_folder, part_groups, part_matrix
from tagline.transform.feature_encoder import Matrix


@dataclass(frozen=True)
class Part:
    """The rows of one part.

    Attributes
    ----------
    frame : DataFrame of shape (n, columns)
        Raw fields, history and label, in the types of their kinds.
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
    folder = matrix_folder(prepared.matrix, prepared.matrix_files)
    return Part(
        frame=frame,
        X=part_matrix(folder, name),
        y=frame[target].to_numpy(dtype=np.float64),
        group=part_groups(folder, name),
    )
