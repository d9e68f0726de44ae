"""New York's clock from UTC, in plain arithmetic that can be traced."""

from typing import Any

DAY, HOUR = 86_400, 3_600
EASTERN_STANDARD = -5 * HOUR
THURSDAY = 3  # 1970-01-01; Monday is 0
SWITCH_TO_SUMMER = 2 * HOUR - EASTERN_STANDARD
SWITCH_TO_WINTER = 2 * HOUR - EASTERN_STANDARD - HOUR


def local_clock(xp: Any, seconds: Any) -> tuple[Any, Any]:
    """Give the hour of the day, with its fraction, and the weekday in New York.

    Summer time runs from the second Sunday in March to the first Sunday in November, as it has
    since 2007 (Energy Policy Act of 2005, section 110).

    Parameters
    ----------
    xp : namespace
        The Array API.
    seconds : array of shape (n,), int64
        Since 1970 UTC.

    Returns
    -------
    hour, weekday : array of shape (n,), float64
        0 <= hour < 24; Monday is 0.
    """
    year = _year(seconds // DAY)
    march = _first_day(year, month=3)
    november = _first_day(year, month=11)
    summer = (_sunday_from(march + 7) * DAY + SWITCH_TO_SUMMER <= seconds) & (
        seconds < _sunday_from(november) * DAY + SWITCH_TO_WINTER
    )
    local = seconds + EASTERN_STANDARD + xp.astype(summer, xp.int64) * HOUR
    hour = xp.astype(local % DAY, xp.float64) / HOUR
    return hour, xp.astype((local // DAY + THURSDAY) % 7, xp.float64)


def _year(days: Any) -> Any:
    # Hinnant (2013), "chrono-compatible low-level date algorithms", civil_from_days: years begin
    # in March, eras have 400 of them; here for days after 1970.
    shifted = days + 719_468
    of_era = shifted % 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    from_march = (5 * of_year + 2) // 153
    return year + shifted // 146_097 * 400 + from_march // 10


def _first_day(year: Any, *, month: int) -> Any:
    # The same paper's days_from_civil, for months from March on.
    of_era = year % 400
    of_year = (153 * (month - 3) + 2) // 5
    return year // 400 * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _sunday_from(day: Any) -> Any:
    return day + (6 - (day + THURSDAY) % 7) % 7
