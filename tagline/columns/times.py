"""Times written as text or by a clock on a wall: one format a column, one rule for each gap.

A local time that the clocks show twice, as summer time ends, is the earlier of the two moments
for a decision and the later one for an event: a decision then knows less, never more. A local
time that the clocks skip, as summer time begins, is the moment at which they jump.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.errors import TaglineError

Mask = npt.NDArray[np.bool_]
TimeUnit = Literal["s", "ms", "us", "ns"]

ISO = "ISO8601"
UNITS: tuple[TimeUnit, ...] = ("s", "ms", "us", "ns")
UTC_TIME: Final = "datetime64[us, UTC]"
LOCAL_TIME: Final = "datetime64[us]"
# What lies outside is as a rule of another unit, such as milliseconds taken for seconds.
FIRST_SECOND = int(np.datetime64("1800-01-01", "s").astype(np.int64))
AFTER_SECONDS = int(np.datetime64("2300-01-01", "s").astype(np.int64))
OUTSIDE = "is outside the years 1800 to 2299"
# Most formats are ruled out on a few values; the rest is tried on all.
SAMPLE = 200
HOPEFUL = 0.5
MOSTLY = 0.95

REPEATED = "in an hour that the clocks repeat"
SKIPPED = "in an hour that the clocks skip"

_DATE = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
_ZONE = r" ?(?:Z|[+-]\d{2}(?::?\d{2})?)"
ISO_LOCAL = rf"{_DATE}(?:[T ]{_CLOCK})?"
ISO_ZONED = rf"{_DATE}[T ]{_CLOCK}{_ZONE}"
LIKE_A_TIME = r"\d\D+\d|\d{4}"

_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%m/%d/%y", "%m-%d-%y", "%m.%d.%y")
_YEAR_FIRST = ("%Y/%m/%d", "%Y-%m-%d", "%Y.%m.%d", "%y/%m/%d", "%y-%m-%d")
_NAMED = ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d %Y")
# Day before month: where both fit every value, the person is asked, not the order.
_DATES = (*_DAY_FIRST, *_MONTH_FIRST, *_YEAR_FIRST, *_NAMED)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
TWO_DIGITS = "%y"
WHOLE_NUMBER = r"\d{4,19}(?:\.0)?"
NUMBERS: Final = {"%Y": 4, "%Y%m": 6, "%Y%m%d": 8}  # with how many digits
MONTHS: Final = {"%Y-%m": r"\d{4}-\d{2}", "%Y/%m": r"\d{4}/\d{2}", "%m/%Y": r"\d{2}/\d{4}"}
YEARS = (1900, 2100)
SINCE_1990 = (631_152_000, 4_102_444_800)  # to 2100, in seconds
PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
FORMATS = (
    ISO,
    *(date + clock for clock, date in product(_CLOCKS, _DATES)),
    *(f"{date} %H:%M:%S %z" for date in _DATES),
    *(f"%a, {date} %H:%M:%S %z" for date in ("%d %b %Y",)),
)


@dataclass(frozen=True)
class Times:
    """Times as they were read.

    Attributes
    ----------
    utc : Series of shape (n,), datetime64[us, UTC]
        NaT where nothing could be read.
    notes : dict
        `REPEATED` and `SKIPPED` to the number of times that they hold for; none where it is 0.
    """

    utc: pd.Series
    notes: dict[str, int]


def _stripped(texts: pd.Series, format: str) -> pd.Series:  # noqa: A002 - as pandas calls it
    utc = "%z" in format
    parsed: pd.Series = pd.to_datetime(texts, format=format, errors="coerce", utc=utc)
    return parsed


def parse(texts: pd.Series, format: str, *, timezone: str | None, later: bool = False) -> Times:  # noqa: A002 - as pandas calls it
    """Read times that are written in one format.

    Parameters
    ----------
    texts : Series of shape (n,), text
        What is written; missing gives NaT.
    format : str
        ``ISO8601``, or a format of `datetime.strptime`.
    timezone : str or None
        The zone of times that bear none; they give NaT where it is None.
    later : bool, optional
        See `on_a_clock`.
    """
    if format != ISO:
        return in_utc(_stripped(texts, format), timezone=timezone, later=later)
    # pandas reads a column as zoned or as local, not row by row.
    zoned = _matches(texts, ISO_ZONED)
    local = in_utc(
        _iso(texts, _matches(texts, ISO_LOCAL), utc=False), timezone=timezone, later=later
    )
    return Times(local.utc.where(~zoned, _iso(texts, zoned, utc=True)), local.notes)


def in_utc(times: pd.Series, *, timezone: str | None, later: bool = False) -> Times:
    """Give times in UTC; those that bear no zone are on the clocks of `timezone`.

    Parameters
    ----------
    times : Series of shape (n,), datetime64
        With or without a zone, in any unit.
    timezone : str or None
        The zone of times that bear none; they give NaT where it is None.
    later : bool, optional
        See `on_a_clock`.
    """
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        return Times(times.dt.tz_convert("UTC").astype(UTC_TIME), {})
    if timezone is None:
        return Times(pd.Series(pd.NaT, index=times.index, dtype=UTC_TIME), {})
    return on_a_clock(times.astype(LOCAL_TIME), timezone=timezone, later=later)


def on_a_clock(local: pd.Series, *, timezone: str, later: bool = False) -> Times:
    """Give the moments at which the clocks of a zone show some times.

    Parameters
    ----------
    local : Series of shape (n,), datetime64 without zone
        What the clocks show.
    timezone : str
        The zone, by its IANA name.
    later : bool, optional
        Whether a time that the clocks show twice is the later of the two, as for events; else it
        is the earlier one. A time that the clocks skip is the moment at which they jump.
    """
    # In an hour that is shown twice, pandas wants to be told which one is meant.
    earlier, after = (_localized(local, timezone, first=first) for first in (True, False))
    shown = earlier.dt.tz_convert(timezone).dt.tz_localize(None)
    notes = {
        REPEATED: int((earlier != after).sum() - earlier.isna().sum()),
        SKIPPED: int((shown != local).sum() - local.isna().sum()),
    }
    return Times(after if later else earlier, {why: count for why, count in notes.items() if count})


def _localized(local: pd.Series, timezone: str, *, first: bool) -> pd.Series:
    flags = np.full(len(local), first)
    zoned = local.dt.tz_localize(timezone, ambiguous=flags, nonexistent="shift_forward")
    found: pd.Series = zoned.dt.tz_convert("UTC").astype(UTC_TIME)
    return found


@dataclass(frozen=True)
class Found:
    """The format that a column of times is written in.

    Attributes
    ----------
    format : str
        As for `parse`.
    share : float
        Share of the rows that it reads.
    """

    format: str
    share: float


def expect_century(times: pd.Series, format: str, *, now: pd.Timestamp) -> None:  # noqa: A002
    """Ask about years of two digits that make a time later than now.

    Parameters
    ----------
    times : Series of shape (n,), datetime64 UTC
        What was read, named.
    format : str
        How, where nobody said so.
    now : Timestamp with time zone
        The time of day.

    Raises
    ------
    TaglineError
        There are such times: 00 to 68 are read as 2000 to 2068, as `datetime.strptime` does it.
    """
    later = times[times > now]
    if TWO_DIGITS not in format or later.empty:
        return
    raise TaglineError(
        f"Its years have two digits, and as {format!r} {len(later):,} of {times.count():,} values "
        f"({len(later) / times.count():.0%}) are later than today, up to {later.max():%Y}.",
        where=f"column {times.name!r}",
        todo=f"Write years of four digits; or, where that is meant, say so: formats = {{ "
        f'"{times.name}" = "{format}" }} under [table].',
    )


def find_format(texts: pd.Series, counts: Sequence[int], *, name: str) -> Found | None:
    """Find the one format in which a column's times are written, over all of its values.

    Parameters
    ----------
    texts : Series of shape (k,), text
        The distinct values.
    counts : sequence of int
        How many rows have each.
    name : str
        The column, for messages.

    Returns
    -------
    Found or None
        None where no format reads nearly all of the rows.

    Raises
    ------
    TaglineError
        Two formats fit and give different times, or the column mixes two; asks for one.
    """
    sample = texts.head(SAMPLE)
    # Trying eighty formats on a column of names would take seconds.
    if sample.str.contains(LIKE_A_TIME, regex=True).mean() < HOPEFUL:
        return None
    hopeful = [each for each in FORMATS if _readable(sample, each).mean() >= HOPEFUL]
    weights = np.asarray(counts, dtype=np.float64)
    read = {each: _readable(texts, each) for each in hopeful}
    shares = {each: float(weights[mask].sum() / weights.sum()) for each, mask in read.items()}
    best = max(shares, key=lambda each: shares[each], default=None)
    if best is None or shares[best] < MOSTLY:
        _expect_no_mixture(texts, read, weights, name=name)
        return None
    for other in (each for each in read if each != best):
        _expect_one(texts, best, other, read, name=name)
    return Found(best, shares[best])


def find_number_format(texts: pd.Series) -> str | None:
    """Find how times are written without a day, or as numbers, where a person says they are times.

    Parameters
    ----------
    texts : Series of shape (k,), text
        The distinct values.

    Returns
    -------
    str or None
        ``%Y``, ``%Y%m``, ``%Y%m%d``, ``%Y-%m`` or its like, or a unit since 1970; None where not
        all values are of one.
    """
    for written, pattern in MONTHS.items():
        if len(texts) and _matches(texts, pattern).all():
            return written if _stripped(texts, written).notna().all() else None
    if not len(texts) or not _matches(texts, WHOLE_NUMBER).all():
        return None
    stripped = texts.str.removesuffix(".0")
    for written, letters in NUMBERS.items():
        if (stripped.str.len() == letters).all():
            years = stripped.str.slice(0, 4).astype("int64")
            read = _stripped(stripped, written).notna()
            return written if years.between(*YEARS).all() and read.all() else None
    numbers = stripped.astype("float64")
    for unit in UNITS:
        seconds = numbers / PER_SECOND[unit]
        if seconds.between(*SINCE_1990).all():
            return unit
    return None


def _expect_one(
    texts: pd.Series, best: str, other: str, read: dict[str, Mask], *, name: str
) -> None:
    left = read[other] & ~read[best]
    if left.any():
        raise _mixed(texts, best, other, left, name=name)
    # Only a format that fits all values too could be the one that was meant.
    if not read[other].all():
        return
    ours, theirs = (parse(texts, each, timezone="UTC").utc for each in (best, other))
    apart = np.flatnonzero((ours != theirs).to_numpy())
    if len(apart):
        raise TaglineError(
            f"{texts.iloc[apart[0]]!r} and all its other values fit {best!r} and {other!r}.",
            where=f"column {name!r}",
            todo=f'Say which it is: formats = {{ "{name}" = "{best}" }} under [table].',
        )


def _expect_no_mixture(
    texts: pd.Series, read: dict[str, Mask], weights: npt.NDArray[np.float64], *, name: str
) -> None:
    for one, other in combinations(read, 2):
        both = read[one] | read[other]
        if weights[both].sum() >= MOSTLY * weights.sum():
            raise _mixed(texts, one, other, read[other] & ~read[one], name=name)


def _mixed(texts: pd.Series, one: str, other: str, left: Mask, *, name: str) -> TaglineError:
    example = texts.iloc[int(np.flatnonzero(left)[0])]
    return TaglineError(
        f"Its times are written in more than one way: some as {one!r}, but {example!r} as "
        f"{other!r}.",
        where=f"column {name!r}",
        todo=f'Write one format, or name it: formats = {{ "{name}" = "{one}" }} under [table]; '
        "what does not fit it then goes to quarantine.",
    )


def _readable(texts: pd.Series, format: str) -> Mask:  # noqa: A002 - as pandas calls it
    if format == ISO:
        return parse(texts, ISO, timezone="UTC").utc.notna().to_numpy()
    found: Mask = _stripped(texts, format).notna().to_numpy()
    return found


def _matches(texts: pd.Series, pattern: str) -> Mask:
    found: Mask = texts.str.fullmatch(pattern).eq(True).to_numpy(dtype=bool)
    return found


def _iso(texts: pd.Series, which: Mask, *, utc: bool) -> pd.Series:
    kept = texts.where(which)
    if not which.any():
        return pd.Series(pd.NaT, index=texts.index, dtype=UTC_TIME if utc else LOCAL_TIME)
    parsed: pd.Series = pd.to_datetime(kept, format="ISO8601", errors="coerce", utc=utc)
    return parsed.astype(UTC_TIME) if utc else parsed.astype(LOCAL_TIME)
