"""Answered rows, counted by day in the bins of a bundle's reference profile.

A day's counts are all that tests of movement need, so that a log of any length is read once, part
by part, and added up.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.bundle.load import Bundle
from tagline.bundle.profile import MISSING, NEW, OTHER, bin_of, expected, has_bins
from tagline.bundle.single import PROGRAM
from tagline.errors import TaglineError
from tagline.transform.compute import Column
from tagline.transform.program import Program

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Binned:
    """One column of a profile.

    Attributes
    ----------
    name : str
        As the profile has it: ``field:NAME``, ``input:NAME`` or ``score``.
    described : mapping
        Its part of the profile.
    start : int
        The place of its first bin among those of all columns.
    """

    name: str
    described: Mapping[str, Any]
    start: int

    @cached_property
    def reference(self) -> Floats:
        """The reference rows in each bin; the last bin holds missing values."""
        return np.array([*expected(self.described).values()])

    @property
    def width(self) -> int:
        """How many bins it has."""
        return len(self.reference)

    @property
    def places(self) -> slice:
        """Its bins among those of all columns."""
        return slice(self.start, self.start + self.width)

    @property
    def strange(self) -> list[int]:
        """The bins of what is missing, and of values that training never saw."""
        names = list(expected(self.described))
        # Earlier versions counted what is new among the others.
        new = NEW if NEW in names else OTHER
        return [place for place, name in enumerate(names) if name in (new, MISSING)]

    def labels(self) -> list[str]:
        """Name the bins, as a person reads them."""
        names = [name.removeprefix("=") for name in expected(self.described)]
        if self.described["kind"] != "number" or "rare" in self.described:
            return names
        own, edges = len(self.described.get("values", ())), self.described["edges"]
        if not edges:
            return [*names[:own], "any value", MISSING]
        inner = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)]
        outer = [f"below {edges[0]:.4g}", *inner, f"{edges[-1]:.4g} or more"]
        return [*names[:own], *outer, MISSING]

    def bins(self, values: Column) -> npt.NDArray[np.int64]:
        """Give the bin of each value, counted from `start`."""
        return self.start + bin_of(values, self.described)


class Layout:
    """The bins of all columns of a profile, side by side.

    Parameters
    ----------
    profile : mapping
        What `tagline.bundle.profile.profile` gave.
    without : sequence of str, optional
        Columns that are left out, such as fields that name persons.
    """

    def __init__(self, profile: Mapping[str, Any], *, without: Sequence[str] = ()) -> None:
        self.columns: list[Binned] = []
        start = 0
        for name, described in profile.items():
            if name not in without and has_bins(described):
                self.columns.append(Binned(name, described, start))
                start += self.columns[-1].width
        self.width = start

    def bins(self, columns: Mapping[str, Column]) -> dict[str, npt.NDArray[np.int64]]:
        """Give the bins of the columns that are there."""
        there = [each for each in self.columns if each.name in columns]
        # NumPy compares without Python's lock.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = pool.map(lambda each: each.bins(columns[each.name]), there)
            return {each.name: own for each, own in zip(there, found, strict=True)}

    def count(
        self,
        bins: Mapping[str, npt.NDArray[np.int64]],
        days: Days,
        weights: Floats | None = None,
    ) -> "DayCounts":
        """Add up rows, or their weights, by day and bin.

        Parameters
        ----------
        bins : mapping of str to ndarray of shape (n,)
            What `bins` gave.
        days : ndarray of shape (n,), int64
            Each row's day, since 1970.
        weights : ndarray of shape (n,), float64, optional
            What each row adds; 1 where left out.
        """
        distinct, place = np.unique(days, return_inverse=True)
        counts = np.zeros((len(distinct), self.width))
        for each in self.columns:
            if each.name in bins:
                cells = place * each.width + (bins[each.name] - each.start)
                added = np.bincount(cells, weights, minlength=len(distinct) * each.width)
                counts[:, each.places] = added.reshape(len(distinct), each.width)
        return DayCounts(self, distinct, counts)


def layout_of(bundle: Bundle) -> Layout:
    """Give the bins of a bundle's profile, without what moves by itself.

    Left out are times, and inputs that are made of nothing else, which only go forward or round
    with the calendar; and encoded categories, which training rows have from other folds than any
    later row; their fields are there.

    Raises
    ------
    TaglineError
        The profile has another form: it is of another version.
    """
    times = [f"field:{each.name}" for each in bundle.fields if each.type.moments]
    moving = [f"input:{name}" for name in _made_of_time(bundle)]
    encoded = [f"input:{name}" for name in bundle.inputs["encoders"]]
    profile = bundle.read_json("profile.json")
    try:
        profile["score"]
        return Layout(profile, without=[*times, *moving, *encoded])
    except (KeyError, TypeError, ValueError, AttributeError) as unknown:
        raise TaglineError(
            "Its reference profile has another form.",
            where=bundle.where,
            todo="Train again: rows are compared with profiles of this version.",
        ) from unknown


def _made_of_time(bundle: Bundle) -> list[str]:
    times = {each.name for each in bundle.fields if each.type.moments}
    needs = Program.from_dict(bundle.read_json(PROGRAM)).needs()
    return [name for name, needed in needs.items() if needed and needed <= times]


@dataclass(frozen=True)
class DayCounts:
    """Rows, or their weights, by day and bin.

    Attributes
    ----------
    layout : Layout
        The bins.
    days : ndarray of shape (d,), int64
        The days that have rows, since 1970, in order.
    counts : ndarray of shape (d, bins), float64
        What was added up.
    """

    layout: Layout
    days: Days
    counts: Floats

    def plus(self, other: "DayCounts") -> "DayCounts":
        """Add the counts of other rows of the same layout."""
        days = np.union1d(self.days, other.days)
        counts = np.zeros((len(days), self.layout.width))
        for each in (self, other):
            counts[np.searchsorted(days, each.days)] += each.counts
        return DayCounts(self.layout, days, counts)

    def between(self, first: int, last: int) -> "DayCounts":
        """Keep the days from the first to the last, both of them among these."""
        kept = (self.days >= first) & (self.days <= last)
        return DayCounts(self.layout, self.days[kept], self.counts[kept])

    def blocks(self, length: int) -> Floats:
        """Add up whole blocks of days, shape (blocks, bins); see `block_of`."""
        if not len(self.days):
            return np.zeros((0, self.layout.width))
        number = block_of(self.days, length)
        found = np.zeros((int(number.max()) + 1, self.layout.width))
        np.add.at(found, number, self.counts)
        return found


def block_of(days: Days, length: int) -> Days:
    """Give the number of each day's block, from 0 for the newest, which the newest day ends.

    Blocks without a day have no number.
    """
    if not len(days):
        return days
    _, number = np.unique((days.max() - days) // length, return_inverse=True)
    return number.astype(np.int64)


def no_days(layout: Layout) -> DayCounts:
    """Give the counts of no rows."""
    return DayCounts(layout, np.zeros(0, np.int64), np.zeros((0, layout.width)))
