"""What a figure of answers is: its name, which way is better, and how weighted rows give it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tagline.metrics.scored import Floats, Integers, Residuals, Rows, Weighted, residuals, scored

Figure = Callable[[Weighted], Floats]


@dataclass(frozen=True)
class Metric:
    """One figure.

    Attributes
    ----------
    name : str
        As the config has it.
    title : str
        As a person reads it.
    better : {"greater", "less"}
        Which way is better.
    ways : mapping of type to callable
        For each kind of rows (see `tagline.metrics.scored`) that it is defined of: weighted rows to
        one figure a resample, shape (resamples,), NaN where undefined.
    most : float
        The greatest figure that there can be.
    least : float
        The least.
    """

    name: str
    title: str
    better: Literal["greater", "less"]
    ways: Mapping[type[Rows], Figure]
    most: float = 1.0
    least: float = 0.0

    @property
    def sign(self) -> int:
        """+1 where greater is better, else -1."""
        return 1 if self.better == "greater" else -1

    def weighted(self, rows: Weighted) -> Floats:
        """Compute the figure of each resample, shape (resamples,)."""
        return self.ways[type(rows.rows)](rows)

    def rows(self, y: npt.ArrayLike, p: npt.ArrayLike, place: Integers, groups: int) -> Rows:
        """Take rows as it is computed of; raises TaglineError where they can not be judged."""
        return (residuals if Residuals in self.ways else scored)(y, p, place, groups)

    def of(self, y: npt.ArrayLike, p: npt.ArrayLike) -> float:
        """Compute the figure of labels, shape (n,), and answers; NaN if undefined.

        Answers are probabilities of 1, shape (n,), of each class, shape (n, k), or values, (n,).
        """
        rows = self.rows(y, p, np.zeros(len(np.asarray(y)), dtype=np.int64), 1)
        return float(self.weighted(rows.weighted(np.ones((1, 1))))[0])


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where the divisor is not above 0."""
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
