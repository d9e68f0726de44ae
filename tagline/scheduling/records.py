"""What ran, what runs and what came of it: a file a run, written by the run itself."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

KEPT = 200


@dataclass(frozen=True)
class Run:
    """One run of a flow.

    Attributes
    ----------
    flow : str
        Its name, as in the config.
    due : str
        The time that it was due, ISO 8601.
    began, ended : str
        When, UTC; ``ended`` is empty while it runs, and stays so where it was killed.
    code : int or None
        Its exit code; None while there is none.
    pid : int
        Its process.
    said : str
        The end of what it printed.
    """

    flow: str
    due: str
    began: str
    ended: str = ""
    code: int | None = None
    pid: int = 0
    said: str = ""

    @property
    def name(self) -> str:
        """Name it, in the order of time."""
        return f"{self.began.replace(':', '')}-{self.flow}"


class Records:
    """The runs of a case.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, run: Run) -> None:
        """Keep a run, in the place of what was kept of it before."""
        unfinished = self.folder / f".{run.name}.tmp"
        unfinished.write_text(json.dumps(asdict(run)))
        unfinished.replace(self.folder / f"{run.name}.json")

    def all(self) -> list[Run]:
        """Give the runs, the newest first; of the oldest only so many are kept."""
        paths = sorted(self.folder.glob("*.json"), reverse=True)
        for old in paths[KEPT:]:
            old.unlink(missing_ok=True)
        return [Run(**json.loads(path.read_text())) for path in paths[:KEPT]]

    def state(self, run: Run) -> str:
        """Say how a run stands: done, failed, running, or cut short."""
        if run.ended:
            return "done" if run.code == 0 else "failed"
        return "running" if self.is_running(run.flow) else "cut short"

    def is_running(self, flow: str) -> bool:
        """Tell whether a flow runs now, whoever started it."""
        with self._open(flow) as file:
            return not _locked(file)

    @contextmanager
    def alone(self, flow: str) -> Iterator[bool]:
        """Hold a flow's lock, which ends with the process; give whether it was free."""
        with self._open(flow) as file:
            yield _locked(file)

    def last_due(self) -> dict[str, str]:
        """Give the last time of each flow that was seen to."""
        try:
            found: dict[str, str] = json.loads((self.folder / "due").read_text())
        except FileNotFoundError:
            return {}
        return found

    def seen_to(self, flow: str, due: str) -> None:
        """Remember that a time was seen to, before anything is started: it is not run twice."""
        unfinished = self.folder / f".due.{os.getpid()}.tmp"
        unfinished.write_text(json.dumps({**self.last_due(), flow: due}))
        unfinished.replace(self.folder / "due")

    def _open(self, flow: str) -> IO[Any]:
        return (self.folder / f"{flow}.lock").open("w")


def _locked(file: IO[Any]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def ended(run: Run, *, at: str, code: int, said: str) -> Run:
    """Give a run that has ended."""
    return replace(run, ended=at, code=code, said=said)
