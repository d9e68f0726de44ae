"""What becomes of a snapshot's history between its moment and a decision."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from tagline.history.declare import Age, Declaration, Last, Windowed

Floats = npt.NDArray[np.float64]
STALE, FUTURE = "stale", "future"
COMPANION = "tagline: age of "


def companions(declarations: Sequence[Declaration]) -> list[Age]:
    """Declare the ages that a snapshot keeps beside latest values that hold for a time only."""
    return [
        Age(COMPANION + each.name, each.events, by=each.by, where=each.where, value=each.value)
        for each in declarations
        if isinstance(each, Last) and each.within is not None
    ]


@dataclass(frozen=True)
class Ageing:
    """How each column of a snapshot goes on after its moment.

    Ages are counted on to the decision; a latest value ends when its event is older than `within`
    allows. A window that is asked for once more than its own length has passed holds nothing that
    it should, and is missing. So is all history where the decision lies before the snapshot, which
    knows more than was known then.

    Attributes
    ----------
    as_of : int
        The snapshot's moment, whole seconds since 1970 UTC.
    names : tuple of str
        The columns, in the order in which they are looked up.
    limits : tuple of float
        How long after the moment each holds, in seconds.
    ages, lasts : tuple
        Place and greatest age of each age; place, place of the age, and greatest age of each latest
        value that holds for a time only.
    """

    as_of: int
    names: tuple[str, ...]
    limits: tuple[float, ...]
    ages: tuple[tuple[int, float], ...]
    lasts: tuple[tuple[int, int, float], ...]

    @classmethod
    def of(
        cls,
        declarations: Sequence[Declaration],
        names: Sequence[str],
        *,
        as_of: float,
        within: float | None,
    ) -> Self:
        """Say it of a snapshot.

        Parameters
        ----------
        declarations : sequence of declarations
            What its columns were computed by.
        names : sequence of str
            The columns.
        as_of : float
            Its moment.
        within : float or None
            How long all of it holds, in seconds; each window for as long as itself where None.
        """
        place = {name: at for at, name in enumerate(names)}
        known = [each for each in declarations if each.name in place]
        limits = [math.inf] * len(names)
        for each in known:
            holds = math.inf if within is None else within
            if isinstance(each, Windowed) and within is None:
                holds = float(each.window_seconds)
            if isinstance(each, Last) and COMPANION + each.name not in place:
                # An older snapshot does not say how old the value was.
                holds = min(holds, _limit(each))
            limits[place[each.name]] = holds
        return cls(
            math.floor(as_of),
            tuple(names),
            tuple(limits),
            tuple((place[a.name], _limit(a)) for a in known if isinstance(a, Age)),
            tuple(
                (place[a.name], place[COMPANION + a.name], _limit(a))
                for a in known
                if isinstance(a, Last) and COMPANION + a.name in place
            ),
        )

    def row(self, past: Sequence[float], at: float) -> tuple[Sequence[float], str]:
        """Give the history of one decision.

        Parameters
        ----------
        past : sequence of float
            What was looked up.
        at : float
            When it is made, seconds since 1970 UTC.

        Returns
        -------
        past : sequence of float
        outside : str
            ``future`` or ``stale`` where any of it is missing for that; else empty.
        """
        lag = math.floor(at) - self.as_of
        if lag < 0:
            return [math.nan] * len(past), FUTURE
        found = list(past)
        for place, most in self.ages:
            age = found[place] + lag
            found[place] = age if age <= most else math.nan
        for place, age_place, most in self.lasts:
            if found[age_place] + lag > most:
                found[place] = math.nan
        if lag <= self._shortest:
            return found, ""
        return [
            x if lag <= limit else math.nan for x, limit in zip(found, self.limits, strict=True)
        ], STALE

    def columns(
        self, past: Mapping[str, Floats], at: Floats
    ) -> tuple[dict[str, Floats], npt.NDArray[np.str_]]:
        """As `row`, of many decisions; the columns by name, without the ages that are kept beside.

        Parameters
        ----------
        past : mapping of str to ndarray of shape (n,)
            What was looked up.
        at : ndarray of shape (n,), float64
            When each is made.
        """
        lag = np.floor(at) - self.as_of
        listed = [past[name] for name in self.names]
        for place, most in self.ages:
            age = listed[place] + lag
            listed[place] = np.where(age <= most, age, np.nan)
        for place, age_place, most in self.lasts:
            over = listed[age_place] + lag > most
            listed[place] = np.where(over, np.nan, listed[place])
        for place, limit in enumerate(self.limits):
            listed[place] = np.where((lag < 0) | (lag > limit), np.nan, listed[place])
        stale = np.where(lag > self._shortest, STALE, "")
        outside = np.where(lag < 0, FUTURE, stale)
        named = zip(self.names, listed, strict=True)
        return {name: each for name, each in named if not name.startswith(COMPANION)}, outside

    @cached_property
    def _shortest(self) -> float:
        return min(self.limits, default=math.inf)


def _limit(declared: Age | Last) -> float:
    seconds = declared.within_seconds
    return math.inf if seconds is None else float(seconds)
