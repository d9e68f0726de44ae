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
        Its answer is among the highest or lowest (of classes: the probability of the likeliest), or
        furthest from what came true.
    p, y : float
        The answer, and the label.
    said, was : str
        Both, as a person reads them.
    """

    row: int
    why: Why
    p: float
    y: float
    said: str = ""
    was: str = ""


def choose_rows(y: Floats, p: Floats, *, wrong: Floats, each: int) -> list[Chosen]:
    """Choose the rows of highest, lowest and most wrong answer, none of them twice.

    Parameters
    ----------
    y, p : ndarray of shape (n,), float64
        Label and answer in short; see `tagline.tasks.task.Task.scores`.
    wrong : ndarray of shape (n,), float64
        How far each answer is from what came true.
    each : int
        How many of each kind, where there are so many rows.
    """
    orders: dict[Why, Floats] = {"highest": -p, "lowest": p, "most wrong": -wrong}
    found: list[Chosen] = []
    for why, key in orders.items():
        taken = {chosen.row for chosen in found}
        free = [int(row) for row in np.argsort(key, kind="stable") if int(row) not in taken]
        found += [Chosen(row, why, float(p[row]), float(y[row])) for row in free[:each]]
    return found
