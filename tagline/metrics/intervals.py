"""Intervals that resample whole groups, because rows of one day are not independent."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.metrics.metric import Figure, ratio
from tagline.metrics.metrics import METRICS
from tagline.metrics.scored import Floats, Integers, Rows

# Cells of weights at once: half a megabyte, which stays in the processor's cache.
AT_ONCE = 2**16
LEAST_GROUPS = 8  # resamples of fewer wholes say too little of others (Cameron et al. 2008)


@dataclass(frozen=True)
class Interval:
    """A figure and where resamples of whole groups put it.

    Attributes
    ----------
    value : float
        The figure on the rows themselves; NaN where it is undefined.
    low, high : float
        Percentiles over the resamples where it is defined; NaN with fewer than two groups.
    undefined : int
        Resamples where it is undefined, for example for want of one class.
    note : str
        Why there is no interval, where there is none.
    """

    value: float
    low: float
    high: float
    undefined: int = 0
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the interval as plain data, with a note only where there is one."""
        return {name: value for name, value in asdict(self).items() if name != "note" or value}


@dataclass(frozen=True)
class Estimate:
    """One metric on the rows and on every resample.

    Attributes
    ----------
    value : float
        On the rows themselves.
    drawn : ndarray of shape (resamples,), float64
        On each resample; NaN where undefined.
    groups : int
        Groups that have a row.
    """

    value: float
    drawn: Floats
    groups: int

    def minus(self, other: "Estimate") -> "Estimate":
        """Give the difference from another model's figures on the same resamples."""
        groups = min(self.groups, other.groups)
        return Estimate(self.value - other.value, self.drawn - other.drawn, groups)

    def interval(self, level: float, *, least: int = 2) -> Interval:
        """Give the percentile interval; none where there are fewer than `least` groups."""
        # A resample may hold one class only, where AUC is undefined; how many is told.
        defined = self.drawn[~np.isnan(self.drawn)]
        undefined = len(self.drawn) - len(defined)
        if self.groups < least:
            return Interval(self.value, np.nan, np.nan, undefined, _too_few(self.groups, least))
        if not len(defined):
            note = "it is undefined in every resample"
            return Interval(self.value, np.nan, np.nan, undefined, note)
        low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
        return Interval(self.value, float(low), float(high), undefined)


class GroupBootstrap:
    """Resamples of whole groups, the same ones for every model that is judged with them.

    The percentile bootstrap (Efron and Tibshirani 1993, chapter 13) with whole groups drawn with
    replacement and all their rows kept (the cluster bootstrap, Field and Welsh 2007).

    Parameters
    ----------
    groups : array-like of shape (n,), integer
        What hangs together.
    resamples : int
        How many.
    seed : int
        The same seed gives the same resamples.
    """

    def __init__(self, groups: npt.ArrayLike, *, resamples: int, seed: int) -> None:
        distinct, place = np.unique(np.asarray(groups), return_inverse=True)
        self.place: Integers = place.astype(np.int64)
        self.groups = len(distinct)
        self.resamples = resamples
        self._seed = seed

    def figures(
        self,
        y: npt.ArrayLike,
        p: npt.ArrayLike,
        names: Iterable[str],
        *,
        rows: npt.NDArray[np.bool_] | None = None,
    ) -> dict[str, Estimate]:
        """Compute metrics on the rows and on every resample.

        Parameters
        ----------
        y, p : array-like of shape (n,), and (n,) or (n, k)
            Labels and answers; see `tagline.metrics.metric.Metric.of`.
        names : iterable of str
            Names of metrics, all of answers of one kind.
        rows : ndarray of shape (n,), bool, optional
            The rows to judge; all of them by default. The groups are drawn the same either way.

        Raises
        ------
        TaglineError
            The rows cannot be judged; see `tagline.metrics.scored`.
        """
        kept, wanted = slice(None) if rows is None else rows, [METRICS[name] for name in names]
        if not wanted:
            return {}
        own = np.asarray(y)[kept], np.asarray(p)[kept]
        table = wanted[0].rows(*own, self.place[kept], self.groups)
        return self.of(table, {metric.name: metric.weighted for metric in wanted})

    def of(self, table: Rows, figures: Mapping[str, Figure]) -> dict[str, Estimate]:
        """Compute figures of weighted rows, on the rows as they are and on every resample."""
        values = _each(table, np.ones((1, self.groups)), figures)
        drawn = self._drawn(table, figures)
        groups = len(np.unique(table.place))
        return {name: Estimate(float(values[name][0]), drawn[name], groups) for name in figures}

    def mean(self, values: Floats) -> Estimate:
        """Compute the mean of a value of each row, shape (n,), on the rows and on every resample.

        It is NaN where there are no rows.
        """
        sums = np.bincount(self.place, values, minlength=self.groups).astype(np.float64)
        sizes = np.bincount(self.place, minlength=self.groups).astype(np.float64)
        value = float(sums.sum() / sizes.sum()) if len(values) else np.nan
        if self.groups < 2:
            return Estimate(value, np.full(self.resamples, np.nan), self.groups)
        weights = self.weights()
        # As `Weighted.total`, and for its reason.
        above, below = (np.einsum("rg,g->r", weights, each) for each in (sums, sizes))
        return Estimate(value, above / below, self.groups)

    def mean_of(self, values: Floats, rows: npt.NDArray[np.bool_]) -> Estimate:
        """As `mean`, of some rows, shape (n,), bool; the groups are drawn the same."""
        kept = values[rows]
        table = Rows(kept, kept, self.place[rows], self.groups)
        found = self.of(table, {"mean": lambda own: ratio(own.total("value", _labels), own.size)})
        return found["mean"]

    def weights(self) -> Floats:
        """Give how many times each group is in each resample, shape (resamples, groups)."""
        return np.concatenate(list(self._weights(self.resamples)))

    def _drawn(self, table: Rows, figures: Mapping[str, Figure]) -> dict[str, Floats]:
        # Resamples of one group are all that group, and would claim certainty.
        if len(np.unique(table.place)) < 2:
            return {name: np.full(self.resamples, np.nan) for name in figures}
        most = max(1, AT_ONCE // max(len(table.p), self.groups))
        parts = [_each(table, weights, figures) for weights in self._weights(most)]
        return {name: np.concatenate([part[name] for part in parts]) for name in figures}

    def _weights(self, most: int) -> Iterator[Floats]:
        # The same weights whatever is measured: differences between models are paired.
        rng = np.random.default_rng(self._seed)
        for start in range(0, self.resamples, most):
            draws = min(most, self.resamples - start)
            drawn = rng.integers(0, self.groups, (draws, self.groups))
            # One count for all draws: each draw has cells of its own.
            cells = drawn + self.groups * np.arange(draws)[:, None]
            counts = np.bincount(cells.ravel(), minlength=draws * self.groups)
            yield counts.reshape(draws, self.groups).astype(np.float64)


def _labels(rows: Rows) -> Floats:
    return rows.y


def _too_few(groups: int, least: int) -> str:
    return f"{groups} groups are too few for an interval, which takes {least}"


def _each(table: Rows, weights: Floats, figures: Mapping[str, Figure]) -> dict[str, Floats]:
    seen = table.weighted(weights)
    return {name: figure(seen) for name, figure in figures.items()}
