"""Keeps to a plan: starts what is due, catches up on what was missed, never two of the same."""

import logging
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from apscheduler.schedulers.blocking import BlockingScheduler

from tagline.deploying.plan import Line, due_now
from tagline.deploying.records import Records

log = logging.getLogger(__name__)


class Keeper:
    """Starts the flows of a case when they are due.

    Parameters
    ----------
    lines : sequence of Line
        The plan.
    records : Records
        What ran.
    missed : {"once", "skip"}
        What is done about times that passed while nothing ran.
    """

    def __init__(
        self, lines: Sequence[Line], records: Records, *, missed: Literal["once", "skip"]
    ) -> None:
        self.lines, self.records, self.missed = list(lines), records, missed
        self._started: list[subprocess.Popen[bytes]] = []

    def catch_up(self) -> None:
        """See to the times that passed since the last one that was seen to."""
        now = datetime.now(UTC)
        found = due_now(self.lines, self.records, now=now, missed=self.missed)
        for line in self.lines:
            if times := found.get(line.flow):
                log.info(f"{line.flow}: {len(times)} times were missed, it runs once")
                self.start(line, times[-1])

    def start(self, line: Line, due: datetime) -> subprocess.Popen[bytes]:
        """Start a flow in a session of its own: it goes on where this process is killed."""
        self.records.seen_to(line.flow, due.isoformat())
        job = [sys.executable, "-m", "tagline.deploying.job", self.records.case]
        log.info(f"{line.flow} starts, due {due.isoformat(timespec='seconds')}")
        process = subprocess.Popen(
            [*job, line.flow, due.isoformat(), *line.words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._started = [each for each in self._started if each.poll() is None]
        self._started.append(process)
        return process

    def run(self) -> None:
        """Keep to the plan until it is interrupted."""
        self.catch_up()
        scheduler: Any = BlockingScheduler(timezone=UTC)
        for line in self.lines:
            scheduler.add_job(
                self._due, line.trigger, args=[line], id=line.flow, coalesce=True, max_instances=1
            )
            following = line.next_after(datetime.now(UTC))
            log.info(f"{line.flow}: {line.cron}, next {following and following.isoformat()}")
        try:
            scheduler.start()
        except (KeyboardInterrupt, SystemExit):
            log.info("The scheduler stops; what it started goes on by itself")

    def _due(self, line: Line) -> None:
        self.start(line, datetime.now(UTC))
