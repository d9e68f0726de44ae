"""Which decisions train, tune and test."""

import logging
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.case.evaluation import DAY, ROW
from tagline.case.split import Period, SplitSection
from tagline.data.tables import require_columns
from tagline.errors import TaglineError

log = logging.getLogger(__name__)
PARTS = ("train", "tune", "test")
UNUSED = ""
EPOCH = date(1970, 1, 1)


def split(times: pd.Series, section: SplitSection) -> npt.NDArray[np.str_]:
    """Give each decision its part, in time order, days kept whole.

    Parameters
    ----------
    times : Series of shape (n,), datetime64 with time zone
        The decisions' times.
    section : SplitSection
        Dates, or shares of the rows.

    Returns
    -------
    ndarray of shape (n,), str
        ``train``, ``tune``, ``test``, or empty for a decision outside all three.

    Raises
    ------
    TaglineError
        A part has no rows.
    """
    days = local_days(times, section.timezone)
    periods = _given(section) or _by_share(days, section)
    parts = np.full(len(times), UNUSED, dtype="U5")
    for name, (first, after) in zip(PARTS, periods, strict=True):
        inside = (days >= np.datetime64(first, "D")) & (days < np.datetime64(after, "D"))
        if not inside.any():
            raise TaglineError(
                f"No row lies in {name}, {first} to {after}.",
                where=f"split.{name}",
                todo=f"The rows reach from {days.min()} to {days.max()}.",
            )
        parts[inside] = name
    return parts


def too_late(
    times: pd.Series, part: npt.NDArray[np.str_], case: Case, *, takes: pd.Timedelta
) -> npt.NDArray[np.bool_]:
    """Tell which rows production could not have learned from when the next part began.

    By how long labels take, and not by when each was known: of the newest decisions the labels of
    one class may be known long before those of the other, and alone they would mislead.

    Parameters
    ----------
    times : Series of shape (n,)
        When the decisions were made.
    part : ndarray of shape (n,), str
        Their parts.
    case : Case
        Its ``split.as_known`` and ``split.gap``.
    takes : Timedelta
        How long labels take; see `tagline.data.horizon.Horizon`.

    Returns
    -------
    ndarray of shape (n,), bool
        Rows that train and lie less than that before the first decision that tunes, or that tune
        and lie less than that before the first that tests.
    """
    late, section = np.zeros(len(times), dtype=bool), case.split
    asked = _given(section) is None if section.as_known is None else section.as_known
    gap = pd.Timedelta(section.gap) if section.gap else takes if asked else pd.Timedelta(0)
    for own, following in pairwise(PARTS):
        begins = times[part == following].min()
        late |= (part == own) & (times > begins - gap).to_numpy(dtype=bool)
    if section.as_known or section.gap:
        for name in (name for name in PARTS[:2] if late[part == name].all()):
            key = "gap" if section.gap else "as_known"
            raise TaglineError(
                f"No row is left in {name}: all lie less than {gap} before the next part.",
                where=f"split.{key}",
                todo="Ask for a shorter one, or give the parts larger shares.",
            )
        return late
    if not _empties(late, part):
        return late
    log.warning(
        f"Labels take {takes}, so that few rows would have been known when the next part began: "
        "all train and tune all the same (split.as_known = true leaves them out)"
    )
    return np.zeros(len(times), dtype=bool)


def _empties(late: npt.NDArray[np.bool_], part: npt.NDArray[np.str_]) -> bool:
    """Tell whether more than half of a part would be left out."""
    return any(late[part == name].mean() > 0.5 for name in PARTS[:2])


def day_name(day: int) -> str:
    """Give a day since 1970 as a date."""
    return (EPOCH + timedelta(days=day)).isoformat()


def local_days(times: pd.Series, timezone: str) -> npt.NDArray[np.datetime64]:
    """Give the calendar day of each time on the clocks of a zone, as datetime64[D]."""
    local = times.dt.tz_convert(timezone).dt.tz_localize(None)
    days: npt.NDArray[np.datetime64] = local.to_numpy().astype("datetime64[D]")
    return days


def _given(section: SplitSection) -> tuple[Period, Period, Period] | None:
    if section.train and section.tune and section.test:
        return section.train, section.tune, section.test
    return None


def _by_share(
    days: npt.NDArray[np.datetime64], section: SplitSection
) -> tuple[Period, Period, Period]:
    ordered = np.sort(days)
    if len(np.unique(ordered)) < len(PARTS):
        raise TaglineError(
            f"The rows are of {len(np.unique(ordered))} days, {ordered[0]} to {ordered[-1]}; days "
            "are kept whole, and training, tuning and testing need one each.",
            where="split",
            todo="Bring rows of more days; or look whether the column of table.time is the right "
            "one.",
        )
    tests = _day_at(ordered, 1 - section.test_share)
    before = ordered[ordered < tests]
    if not len(before):
        raise TaglineError("Too few days to split.", where="split")
    tunes = _day_at(before, 1 - section.tune_share)
    first = ordered[0].astype(object)
    after = (ordered[-1] + np.timedelta64(1, "D")).astype(object)
    middle, last = tunes.astype(object), tests.astype(object)
    return (first, middle), (middle, last), (last, after)


def _day_at(ordered: npt.NDArray[np.datetime64], share: float) -> np.datetime64:
    return np.datetime64(ordered[min(int(len(ordered) * share), len(ordered) - 1)], "D")


def resampling_groups(
    rows: pd.DataFrame, *, time: str | None, section: SplitSection, group: str
) -> npt.NDArray[np.int64]:
    """Give each row the number of what it hangs together with.

    Parameters
    ----------
    rows : DataFrame of shape (n, columns)
        The decisions.
    time : str or None
        Their time column, if any: without one, `day` is what the split keeps together, else a row.
    section : SplitSection
        Its time zone parts the days.
    group : str
        ``day``, ``row``, or a column of `rows`.

    Returns
    -------
    ndarray of shape (n,), int64
        In the order of time for days, else in the order of appearance.

    Raises
    ------
    TaglineError
        There is no such column, or it is missing somewhere.
    """
    if group == DAY and time is None:
        group = section.group or ROW
    if group == DAY:
        return local_days(rows[time], section.timezone).astype(np.int64)
    if group == ROW:
        return np.arange(len(rows))
    require_columns(rows, (group,), where="evaluation.group")
    found, _ = pd.factorize(rows[group])
    if (found < 0).any():
        raise TaglineError(
            f"{int((found < 0).sum())} rows have no {group!r}.", where="evaluation.group"
        )
    return found.astype(np.int64)
