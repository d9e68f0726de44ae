"""The processes that answer: each that dies is told, counted and replaced; none, if none starts."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from prometheus_client import multiprocess
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from tagline.storage.files import write_whole

log = logging.getLogger(__name__)
TRIES = 3
LONGEST_PAUSE = 30.0  # seconds between two tries
ENDED = "ended"


class Workers(Multiprocess):
    """Keeps a server's workers alive.

    Parameters
    ----------
    config : uvicorn.Config
        What they do.
    listening : socket
        Where.
    states : Path
        The folder of the server's state, where it is counted how many have died.
    before : callable
        Makes what a worker needs to start.

    Attributes
    ----------
    gave_up : bool
        Whether it ended because workers die before they answer.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        listening: socket.socket,
        *,
        states: Path,
        before: Callable[[], None],
    ) -> None:
        super().__init__(config, [listening])
        self.states, self.before, self.gave_up = states, before, False
        self._started: set[int | None] = set()
        self._due: dict[int, float] = {}
        self._in_a_row = 0

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that have died or hang."""
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if place in self._due:
                self._begin_again(place)
                continue
            if process.pid not in self._started and process.is_ready(timeout=0.1):
                self._started.add(process.pid)
                self._in_a_row = 0
            if not process.is_alive(timeout=self.config.timeout_worker_healthcheck):
                self._bury(place, process)

    def _bury(self, place: int, process: Process) -> None:
        hung = process.process.is_alive()
        process.kill()
        process.join()
        if self.should_exit.is_set():
            return
        why = "did not answer" if hung else f"ended with exit code {process.exitcode}"
        self._in_a_row += process.pid not in self._started
        if self._in_a_row >= TRIES and not any(map(self._answers, self.processes)):
            log.error(f"{TRIES} workers in a row {why} before they were ready: the server ends")
            self.gave_up = True
            self.should_exit.set()
            return
        log.error(f"The worker {process.pid} {why}: another one takes its place")
        count(self.states)
        # Else what it said last of the model that it had would stand for ever.
        multiprocess.mark_process_dead(process.pid)  # type: ignore[no-untyped-call]
        self._due[place] = time.monotonic() + min(2.0**self._in_a_row - 1, LONGEST_PAUSE)

    def _begin_again(self, place: int) -> None:
        if self.processes[place].process.is_alive():
            del self._due[place]  # another one has been put there meanwhile
        elif time.monotonic() >= self._due[place]:
            del self._due[place]
            self.before()
            self.processes[place] = Process(self.config, self.sockets)
            self.processes[place].start()

    def _answers(self, process: Process) -> bool:
        return process.pid in self._started and process.process.is_alive()


class WorkersEnded(Collector):
    """How many workers of a server have died.

    Parameters
    ----------
    states : Path
        The folder of its state.
    """

    def __init__(self, states: Path) -> None:
        self.states = states

    def collect(self) -> Iterator[Metric]:
        """Read it anew each time."""
        name, what = "tagline_workers_died", "Workers that died and were replaced."
        yield CounterMetricFamily(name, what, value=ended(self.states))


def count(states: Path) -> None:
    """Count one more worker that has died."""
    write_whole(states / ENDED, str(ended(states) + 1))


def ended(states: Path) -> int:
    """Say how many workers of a server have died since it began."""
    try:
        return int((states / ENDED).read_text())
    except (FileNotFoundError, ValueError):
        return 0
