"""The vocabulary in which a case declares its history features.

A declaration says what is aggregated, by which key, over which window, and each stream says
when an event becomes known. A decision at time t sees an event only if it was known by then; an
event known at that very second counts for the latest event, and not yet for a window, whose last
bucket is over.
Windows are made of whole buckets of knowledge time: with bucket b and window w, a decision at t
sees the events with ``floor(t/b)*b - w <= known_at < floor(t/b)*b``. A live counter per bucket
can therefore give exactly what the bulk computation gives.
"""

from dataclasses import dataclass, field

import pandas as pd

from tagline.errors import TaglineError


@dataclass(frozen=True)
class Events:
    """A stream of events.

    Parameters
    ----------
    name : str
        The stream's name in the mapping of event frames.
    occurred_at, known_at : str, optional
        Columns with the time of the event and the time when it becomes known, datetime64 UTC.
        An event that lacks either is never known.

    Examples
    --------
    >>> Events("departed").known_at
    'known_at'
    """

    name: str
    occurred_at: str = "occurred_at"
    known_at: str = "known_at"


def seconds(length: str, *, where: str) -> int:
    """Give a length of time in whole seconds.

    Raises
    ------
    TaglineError
        It is not a length of time, or not a positive number of whole seconds.
    """
    try:
        found = pd.Timedelta(length).total_seconds()
    except ValueError as wrong:
        raise TaglineError(f"{length!r} is not a length of time.", where=where) from wrong
    if found <= 0 or found % 1:
        raise TaglineError(f"{length!r} is not a positive number of whole seconds.", where=where)
    return int(found)


@dataclass(frozen=True, kw_only=True)
class _Keyed:
    """What every declaration has.

    Parameters
    ----------
    by : tuple of str, optional
        Key columns, in the events and in the decisions; empty is one key for all.
        A missing key matches nothing.
    where : str, optional
        Boolean column of the events; only events where it is true count.
    """

    by: tuple[str, ...] = ()
    where: str | None = None


@dataclass(frozen=True)
class _Named:
    name: str
    events: Events


@dataclass(frozen=True)
class _Valued(_Named):
    value: str


@dataclass(frozen=True, kw_only=True)
class _Windowed(_Keyed):
    """What every windowed declaration has.

    Parameters
    ----------
    window : str
        Length of the window, such as ``"2h"``; a whole number of buckets.
    bucket : str, optional
        Length of a bucket.
    """

    window: str
    bucket: str = "5min"

    def __post_init__(self) -> None:
        if self.window_seconds % self.bucket_seconds:
            raise TaglineError(
                f"The window {self.window!r} is not a whole number of buckets of {self.bucket!r}.",
                where=_place(self),
            )

    @property
    def window_seconds(self) -> int:
        """The window in seconds."""
        return seconds(self.window, where=_place(self))

    @property
    def bucket_seconds(self) -> int:
        """The bucket in seconds."""
        return seconds(self.bucket, where=_place(self))


@dataclass(frozen=True, kw_only=True)
class _Latest(_Keyed):
    """What every declaration of a latest event has.

    Parameters
    ----------
    within : str, optional
        How long ago the event may have occurred; any age where None.
    strictly_before : bool, optional
        Whether an event that became known at the decision's very second is left out, such as the
        row's own, whose age is 0 in every row.
    """

    within: str | None = None
    strictly_before: bool = False

    @property
    def within_seconds(self) -> int | None:
        """The greatest age in seconds."""
        return None if self.within is None else seconds(self.within, where=_place(self))


@dataclass(frozen=True)
class Count(_Windowed, _Named):
    """The number of events in the window; 0 where there are none.

    Examples
    --------
    >>> Count("departed_2h", Events("departed"), by=("origin",), window="2h").window_seconds
    7200
    """


@dataclass(frozen=True)
class Sum(_Windowed, _Valued):
    """The sum of a value over the events in the window; 0 where there are none.

    Values are added exactly, so that any order of addition gives the same bits; a missing value
    is no event.

    Examples
    --------
    >>> Sum("rain_6h", Events("weather"), "precip", by=("origin",), window="6h", bucket="1h").value
    'precip'
    """


@dataclass(frozen=True)
class Mean(_Windowed, _Valued):
    """The mean of a value over the events in the window; NaN where there are none.

    Added as `Sum` adds.

    Examples
    --------
    >>> Mean("late_share", Events("departed"), "late", by=("origin",), window="2h").name
    'late_share'
    """


@dataclass(frozen=True)
class Share(_Windowed, _Valued):
    """How often a flag holds, of the events in the window; NaN where there are none.

    Examples
    --------
    >>> Share("late_share", Events("departed"), "late", by=("origin",), window="2h").value
    'late'
    """


@dataclass(frozen=True)
class Min(_Windowed, _Valued):
    """The least value of the events in the window; NaN where there are none."""


@dataclass(frozen=True)
class Max(_Windowed, _Valued):
    """The greatest value of the events in the window; NaN where there are none."""


@dataclass(frozen=True)
class Std(_Windowed, _Valued):
    """The sample standard deviation of a value over the events in the window.

    ``sqrt((sum x^2 - (sum x)^2 / n) / (n - 1))``, with sums that are exact, so that a huge value
    leaves nothing behind once it has left the window; NaN with fewer than two events.
    """


@dataclass(frozen=True)
class Trend(_Windowed, _Valued):
    """The slope of a value over the time when it became known, in units a day.

    Ordinary least squares over the events in the window; NaN where fewer than two seconds have
    events.
    """


@dataclass(frozen=True)
class Distinct(_Windowed, _Valued):
    """How many different values the events in the window have; 0 where there are none.

    Parameters
    ----------
    most : int, optional
        More than so many are given as so many: what a live counter has room for.

    Examples
    --------
    >>> Distinct("airlines", Events("departed"), "carrier", by=("origin",), window="2h").most
    1000
    """

    most: int = field(default=1000, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.most < 1:
            raise TaglineError(f"most is {self.most}, and 1 is the least.", where=_place(self))


@dataclass(frozen=True)
class ExponentialMean(_Keyed, _Valued):
    """The mean of a value over all events before the bucket, younger ones weighing more.

    An event weighs half as much as one that became known a `halflife` later:
    ``sum(w x) / sum(w)`` with ``w = 2^(known / halflife)``; NaN where there are none.

    Parameters
    ----------
    halflife : str
        How much older an event weighs half as much.
    bucket : str, optional
        As of a window: an event counts once the bucket is over in which it became known.

    Examples
    --------
    >>> gone = Events("gone")
    >>> ExponentialMean("delay", gone, "delay", by=("tail",), halflife="7D").halflife_seconds
    604800
    """

    halflife: str = field(kw_only=True)
    bucket: str = field(default="5min", kw_only=True)

    @property
    def halflife_seconds(self) -> int:
        """The half-life in seconds."""
        return seconds(self.halflife, where=_place(self))

    @property
    def bucket_seconds(self) -> int:
        """The bucket in seconds."""
        return seconds(self.bucket, where=_place(self))


@dataclass(frozen=True)
class Last(_Latest, _Valued):
    """The value of the latest event that was known at the decision; NaN where there is none.

    The latest is the one with the greatest time of occurrence, then of knowledge, then the
    last row. A missing value is no event.

    Examples
    --------
    >>> Last("aircraft", Events("arrived"), "delay", by=("tailnum",), within="2D").within_seconds
    172800
    """


@dataclass(frozen=True)
class Age(_Latest, _Named):
    """Seconds since the latest known event occurred; NaN where there is none.

    Parameters
    ----------
    value : str, optional
        Only events that have this value count.

    Examples
    --------
    >>> Age("since_landing", Events("arrived"), by=("tailnum",)).by
    ('tailnum',)
    """

    value: str | None = field(default=None, kw_only=True)


Windowed = Count | Sum | Mean | Share | Min | Max | Std | Trend | Distinct
Latest = Last | Age
Declaration = Windowed | ExponentialMean | Latest
COUNTED = Count | Sum | Distinct  # 0 where there is no event


def _place(declared: object) -> str:
    return f"history {getattr(declared, 'name', '?')!r}"
