"""What one model answered, gathered part by part: counts by day, answers, what came true."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.case.tasks import BINARY
from tagline.monitoring.days import Days, Floats, Layout, no_days
from tagline.tasks.task import Task
from tagline.tasks.tasks import TASKS
from tagline.transform.compute import Column


@dataclass(frozen=True)
class Predictions:
    """Answered rows, column by column.

    Attributes
    ----------
    day : ndarray of shape (n,), int64
        Since 1970.
    p : ndarray of shape (n,), or (n, k) of k classes, float64
        The answers.
    y : ndarray of shape (n,), float64
        What came true, as a label; NaN where nothing is known yet.
    slices : dict of str to ndarray of shape (n,)
        Texts of the fields that are judged by their values.
    """

    day: Days
    p: Floats
    y: Floats
    slices: Mapping[str, npt.NDArray[np.object_]] = field(default_factory=dict)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Whether it is known what came true."""
        return ~np.isnan(self.y)

    def only(self, kept: npt.NDArray[np.bool_]) -> "Predictions":
        """Keep some rows."""
        slices = {name: values[kept] for name, values in self.slices.items()}
        return Predictions(self.day[kept], self.p[kept], self.y[kept], slices)

    def between(self, first: int, last: int) -> "Predictions":
        """Keep the rows of the days from the first to the last."""
        return self.only((self.day >= first) & (self.day <= last))


def joined(parts: list[Predictions]) -> Predictions:
    """Put rows one after the other."""
    if not parts:
        empty = np.zeros(0)
        return Predictions(np.zeros(0, np.int64), empty, empty)
    names = parts[0].slices
    return Predictions(
        np.concatenate([each.day for each in parts]),
        np.concatenate([each.p for each in parts]),
        np.concatenate([each.y for each in parts]),
        {name: np.concatenate([each.slices[name] for each in parts]) for name in names},
    )


class Collected:
    """What one model answered.

    Parameters
    ----------
    layout : Layout
        The bins of its reference profile.
    task : Task, optional
        What kind of question it answers.
    rule : mapping, optional
        What its decisions are made by.

    Attributes
    ----------
    counts, judged, costs : DayCounts
        All rows; those of which it is known what came true; and their excess loss.
    """

    def __init__(
        self,
        layout: Layout,
        task: Task = TASKS[BINARY],
        rule: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.layout, self.task, self.rule = layout, task, rule
        self.counts, self.judged, self.costs = no_days(layout), no_days(layout), no_days(layout)
        self._rows: list[Predictions] = []

    def add(self, columns: Mapping[str, Column], rows: Predictions) -> None:
        """Add rows.

        Parameters
        ----------
        columns : mapping of str to ndarray of shape (n,)
            The columns of the profile that are known, as it calls them; scores are added.
        rows : Predictions
            The same rows.
        """
        bins = self.layout.bins({**columns, **self.task.scores(rows.p, self.rule)})
        known = rows.known
        seen = {name: each[known] for name, each in bins.items()}
        day = rows.day[known]
        cost = self.task.excess(rows.y[known], rows.p[known], self.rule)
        self.counts = self.counts.plus(self.layout.count(bins, rows.day))
        self.judged = self.judged.plus(self.layout.count(seen, day))
        self.costs = self.costs.plus(self.layout.count(seen, day, cost))
        self._rows.append(rows)

    @property
    def rows(self) -> Predictions:
        """All rows."""
        self._rows = [joined(self._rows)]
        return self._rows[0]
