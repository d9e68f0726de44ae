"""Rows that a person wants to see one by one."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Why = Literal["highest", "lowest", "most wrong"]


@dataclass(frozen=True)
class Chosen:
    """One row, and why it was chosen.

    Attributes
    ----------
    row : int
        Where it stands among the rows.
    why : {"highest", "lowest", "most wrong"}
        Its probability is among the highest or lowest, or furthest from what came true.
    p, y : float
        Probability of 1, and label.
    """

    row: int
    why: Why
    p: float
    y: float


def choose_rows(y: Floats, p: Floats, *, each: int) -> list[Chosen]:
    """Choose the rows of highest, lowest and most wrong probability, none of them twice.

    Parameters
    ----------
    y, p : ndarray of shape (n,), float64
        Label and probability of 1.
    each : int
        How many of each kind, where there are so many rows.
    """
    orders: dict[Why, Floats] = {"highest": -p, "lowest": p, "most wrong": -np.abs(y - p)}
    found: list[Chosen] = []
    for why, key in orders.items():
        taken = {chosen.row for chosen in found}
        free = [int(row) for row in np.argsort(key, kind="stable") if int(row) not in taken]
        found += [Chosen(row, why, float(p[row]), float(y[row])) for row in free[:each]]
    return found
