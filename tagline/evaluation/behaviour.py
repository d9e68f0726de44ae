"""Behaviour tests that a case declares: what must not matter, what must push which way.

After Ribeiro et al. (2020), "Beyond accuracy: behavioral testing of NLP models with CheckList".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np
import pandas as pd

from tagline.evaluation.metrics import Floats

Change = Callable[[pd.DataFrame], pd.DataFrame]
Predict = Callable[[pd.DataFrame], Floats]


@dataclass(frozen=True)
class Invariance:
    """A change that must not move the answer.

    Attributes
    ----------
    name : str
        What is claimed, in words.
    change : callable
        Gives changed rows; rows that it leaves out are not tested.
    tolerance : float
        Largest move of the probability that counts as none.
    least_share : float
        Share of the rows for which it must hold.
    """

    name: str
    change: Change
    tolerance: float = 1e-6
    least_share: float = 1.0

    def holds(self, before: Floats, after: Floats) -> np.ndarray:
        """Tell for which rows the claim holds."""
        return np.abs(after - before) <= self.tolerance


@dataclass(frozen=True)
class Direction:
    """A change that may move the answer one way only.

    Attributes
    ----------
    name, change, tolerance, least_share
        As for `Invariance`.
    way : {"up", "down"}
        Which way the probability may move.
    """

    name: str
    change: Change
    way: Literal["up", "down"]
    tolerance: float = 0.0
    least_share: float = 1.0

    def holds(self, before: Floats, after: Floats) -> np.ndarray:
        """Tell for which rows the claim holds."""
        sign = 1 if self.way == "up" else -1
        return sign * (after - before) >= -self.tolerance


@dataclass(frozen=True)
class Minimum:
    """Rows of which the model must be right about a minimum: the least that it has to do.

    Attributes
    ----------
    name : str
        What is claimed, in words.
    change : callable
        Gives the clear rows, changed or chosen from the rows.
    way : {"up", "down"}
        On which side of `limit` the probability must lie.
    limit : float
        The probability.
    least_share : float
        Share of the rows for which it must hold.
    """

    name: str
    change: Change
    way: Literal["up", "down"]
    limit: float
    least_share: float = 0.9

    def holds(self, before: Floats, after: Floats) -> np.ndarray:  # noqa: ARG002 - one interface
        """Tell for which rows the claim holds."""
        return after >= self.limit if self.way == "up" else after <= self.limit


BehaviourTest = Invariance | Direction | Minimum


class BehaviourResult(TypedDict):
    """What came of one behaviour test."""

    name: str
    kind: str
    passed: bool
    rows: int
    share: float
    least_share: float


def check(
    tests: Sequence[BehaviourTest], rows: pd.DataFrame, predict: Predict
) -> list[BehaviourResult]:
    """Run behaviour tests on rows.

    Parameters
    ----------
    tests : sequence of behaviour tests
        What the case claims.
    rows : DataFrame of shape (n, columns)
        Raw fields and history columns.
    predict : callable
        Gives the probability of 1 for such rows.

    Returns
    -------
    list of dict
        A test without any row to try it on fails.
    """
    return [_checked(test, rows, predict) for test in tests]


def _checked(test: BehaviourTest, rows: pd.DataFrame, predict: Predict) -> BehaviourResult:
    changed = test.change(rows.copy())
    held = np.zeros(0, dtype=bool)
    if len(changed):
        held = test.holds(predict(rows.loc[changed.index]), predict(changed))
    share = float(held.mean()) if len(held) else 0.0
    return {
        "name": test.name,
        "kind": type(test).__name__.lower(),
        "passed": share >= test.least_share,
        "rows": len(held),
        "share": share,
        "least_share": test.least_share,
    }
