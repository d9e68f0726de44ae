"""When the flows of a case are due, and which words run them."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from tagline import paths
from tagline.case import cron
from tagline.case.config import Case
from tagline.deploying.records import Records
from tagline.errors import TaglineError

MOST_MISSED = 1_000


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
        It has none.
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
        Line(flow, line, cron.trigger(line, zone), _words(flow, case))
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


def _words(flow: str, case: Case) -> list[str]:
    script = [sys.executable, str(paths.flows() / f"{flow}.py")]
    if flow == "train":
        # A file is what the next training reads; without it, it is trained as it was.
        if Path(case.file).is_file():
            return [*script, "--config", "case", case.file, "run"]
        return [*script, "--config-value", "case", json.dumps(case.to_dict()), "run"]
    own = ["run", "--case", case.name]
    return [*script, *own, "--retrain", "True"] if flow == "monitor" else [*script, *own]
