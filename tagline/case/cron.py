"""A cron line: five fields, weekdays counted from Sunday, as cron does it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def trigger(line: str, zone: ZoneInfo) -> CronTrigger:
    """Read a cron line.

    Raises
    ------
    ValueError
        It is no cron line, or its time never comes, such as 30 February.
    """
    parts = line.split()
    if len(parts) != 5:
        raise ValueError(f"{line!r} is no cron line of five parts")
    *clock, weekdays = parts
    try:
        # APScheduler counts weekdays from Monday, cron from Sunday: by name they are the same.
        named = ",".join(_named(part) for part in weekdays.lower().split(","))
        found = CronTrigger.from_crontab(" ".join([*clock, named]), timezone=zone)
    except ValueError as wrong:
        raise ValueError(f"{line!r} is no cron line: {wrong}") from wrong
    if found.get_next_fire_time(None, datetime.now(UTC)) is None:
        raise ValueError(f"{line!r} never comes: no month has such a day")
    return found


def _named(part: str) -> str:
    """Give a part of cron's fifth field by names: ``1-5/2`` is ``mon,wed,fri``."""
    span, _, step = part.partition("/")
    if span == "*" and step:
        span = "0-6"
    first, _, last = span.partition("-")
    if not first.isdigit() and not last.isdigit():
        return part
    if step and not last:
        raise ValueError(f"{part!r} has a step and no end")
    low, high = _weekday(first), _weekday(last or first)
    if first not in ("7", last) and (last == "7" or high < low):
        high += 7
    days = range(low, high + 1, int(step or 1))
    return ",".join(dict.fromkeys(WEEKDAYS[day % 7] for day in days))


def _weekday(text: str) -> int:
    if not text.isdigit():
        return WEEKDAYS.index(text)
    if int(text) > 7:
        raise ValueError(f"there is no weekday {text}")
    return int(text) % 7
