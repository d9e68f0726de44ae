"""When the flows of a case are due, and which words run them."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from tagline import paths
from tagline.case.config import Case
from tagline.errors import TaglineError
from tagline.scheduling.records import Records

MOST_MISSED = 1_000
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # as cron counts them


@dataclass(frozen=True)
class Line:
    """A flow and when it is due; without a line, when somebody asks for it.

    Attributes
    ----------
    flow : str
        Its name.
    cron : str
        The line.
    trigger : CronTrigger or None
        The same; None without one.
    words : list of str
        What runs it.
    """

    flow: str
    cron: str
    trigger: CronTrigger | None
    words: list[str]

    def next_after(self, moment: datetime) -> datetime | None:
        """Give the next time after a moment; None where there is none any more."""
        return self.trigger and self.trigger.get_next_fire_time(moment, moment)

    def missed(self, last: datetime, now: datetime) -> list[datetime]:
        """Give the times between one that was seen to and now."""
        found: list[datetime] = []
        if self.trigger is None:
            return found
        while len(found) < MOST_MISSED:
            due = self.trigger.get_next_fire_time(found[-1] if found else last, now)
            if due is None or due > now:
                break
            if due <= (found[-1] if found else last):
                break
            found.append(due)
        return found


def line_of(flow: str, case: Case) -> Line:
    """Give a flow that runs when somebody asks for it."""
    return Line(flow, "", None, _words(flow, case))


def plan(case: Case) -> list[Line]:
    """Read the lines of a case.

    Raises
    ------
    TaglineError
        It has none, or one is no cron line.
    """
    section = case.schedule
    if not section.cron:
        raise TaglineError(
            f"The case {case.name!r} schedules nothing.",
            where=f"{case.file}: schedule.cron",
            todo='Give it a line, as monitor = "0 6 * * *" under [schedule.cron].',
        )
    zone = ZoneInfo(section.timezone)
    return [
        Line(flow, line, _trigger(line, zone, case), _words(flow, case))
        for flow, line in section.cron.items()
    ]


def due_now(
    lines: list[Line], records: Records, *, now: datetime, missed: str
) -> Mapping[str, list[datetime]]:
    """Give the times that passed since each flow was last seen to.

    Parameters
    ----------
    lines : list of Line
        The lines.
    records : Records
        What was seen to; a flow that never was begins now.
    now : datetime
        With a time zone.
    missed : {"once", "skip"}
        What is done about times that passed while nothing ran; of those that are skipped, the
        last is remembered.
    """
    last = records.last_due()
    found = {}
    for line in lines:
        if line.flow not in last:
            records.seen_to(line.flow, now.isoformat())
            continue
        times = line.missed(datetime.fromisoformat(last[line.flow]), now)
        if times and missed == "skip":
            records.seen_to(line.flow, times[-1].isoformat())
        elif times:
            found[line.flow] = times
    return found


def _trigger(line: str, zone: ZoneInfo, case: Case) -> CronTrigger:
    *clock, weekdays = line.split()
    try:
        # APScheduler counts weekdays from Monday, cron from Sunday: by name they are the same.
        named = ",".join(_named(part) for part in weekdays.lower().split(","))
        return CronTrigger.from_crontab(" ".join([*clock, named]), timezone=zone)
    except ValueError as wrong:
        raise TaglineError(
            f"{line!r} is no cron line: {wrong}.", where=f"{case.file}: schedule.cron"
        ) from wrong


def _named(part: str) -> str:
    """Give a part of cron's fifth field by names: ``1-5/2`` is ``mon,wed,fri``."""
    span, _, step = part.partition("/")
    first, _, last = span.partition("-")
    if not first.isdigit() and not last.isdigit():
        return part
    if step and not last:
        raise ValueError(f"{part!r} has a step and no end")
    low, high = _weekday(first), _weekday(last or first)
    if last == "7" or high < low:
        high += 7
    days = range(low, high + 1, int(step or 1))
    return ",".join(dict.fromkeys(WEEKDAYS[day % 7] for day in days))


def _weekday(text: str) -> int:
    if not text.isdigit():
        return WEEKDAYS.index(text)
    if int(text) > 7:
        raise ValueError(f"there is no weekday {text}")
    return int(text) % 7


def _words(flow: str, case: Case) -> list[str]:
    script = [sys.executable, str(paths.flows() / f"{flow}.py")]
    if flow == "train":
        return [*script, "--config", "case", case.file, "run"]
    own = ["run", "--case", case.name, "--case-config", case.file]
    return [*script, *own, "--retrain", "True"] if flow == "monitor" else [*script, *own]
