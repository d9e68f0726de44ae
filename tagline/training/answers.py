"""What a run answered to its tuning and test rows, kept beside them."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.data.prepare import Prepared
from tagline.data.training_set import matrix_folder
from tagline.models.training_data import read

Floats = npt.NDArray[np.float64]
PART, PLACE, GIVEN = "part", "place", "given"


def kept_answers(
    prepared: Prepared, tuning: Floats, test: Floats, *, by_folds: bool
) -> pd.DataFrame:
    """Make one table of what the calibrated model gave.

    Parameters
    ----------
    prepared : Prepared
        The run's rows.
    tuning : ndarray of shape (m,) or (m, k), float64
        Answers to the rows that tuned: out of fold where folds judged.
    test : ndarray of shape (n,) or (n, k), float64
        Answers to the test rows.
    by_folds : bool
        Whether folds judged training and tuning rows.

    Returns
    -------
    DataFrame of shape (m + n, 2 + k)
        ``part``, ``place`` (the row in its part's table), and what the graph gives: ``given0``, ….
    """
    parts, places = _tuned(prepared, len(tuning), by_folds=by_folds)
    given = np.concatenate([_wide(tuning), _wide(test)])
    columns = {f"{GIVEN}{at}": column for at, column in enumerate(given.T)}
    part = np.concatenate([parts, np.full(len(test), "test")])
    return pd.DataFrame(
        {PART: part, PLACE: np.concatenate([places, np.arange(len(test))]), **columns}
    )


def given_of(answers: pd.DataFrame) -> Floats:
    """Give what the graph gave, shape (n,), or (n, k) of k classes."""
    names = [name for name in answers if str(name).startswith(GIVEN)]
    found = answers[names].to_numpy(dtype=np.float64)
    return found[:, 0] if len(names) == 1 else found


def _tuned(
    prepared: Prepared, rows: int, *, by_folds: bool
) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.int64]]:
    if not by_folds:
        return np.full(rows, "tune"), np.arange(rows)
    judged = read(matrix_folder(prepared.matrix, prepared.matrix_files)).judged
    trained = prepared.rows["train"]["rows"]
    return np.where(judged < trained, "train", "tune"), np.where(
        judged < trained, judged, judged - trained
    )


def _wide(given: Floats) -> Floats:
    return given[:, None] if given.ndim == 1 else given
