"""What ran, what runs and what came of it: a file a run, written by the run itself."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tagline.files import locked, write_whole

KEPT = 200
PATIENCE = 1.0  # seconds


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
        write_whole(self.folder / f"{run.name}.json", json.dumps(asdict(run)))
        for old in self._paths()[KEPT:]:
            old.unlink(missing_ok=True)

    def all(self) -> list[Run]:
        """Give the runs, the newest first; of the oldest only so many are kept."""
        return [Run(**json.loads(path.read_text())) for path in self._paths()]

    def state(self, run: Run) -> str:
        """Say how a run stands: done, failed, running, or cut short."""
        if run.ended:
            return "done" if run.code == 0 else "failed"
        return "running" if self.is_running(run.flow) else "cut short"

    def is_running(self, flow: str) -> bool:
        """Tell whether a flow runs now, whoever started it."""
        with locked(self._lock(flow), wait=False, shared=True) as free:
            return not free

    @contextmanager
    def alone(self, flow: str) -> Iterator[bool]:
        """Hold a flow's lock, which ends with the process; give whether it was free."""
        until = time.monotonic() + PATIENCE
        while True:
            with locked(self._lock(flow), wait=False) as free:
                # Who only asks holds it for a moment.
                if free or time.monotonic() >= until:
                    yield free
                    return
            time.sleep(PATIENCE / 20)

    def _lock(self, flow: str) -> Path:
        return self.folder / f"{flow}.lock"

    def last_due(self) -> dict[str, str]:
        """Give the last time of each flow that was seen to."""
        try:
            found: dict[str, str] = json.loads((self.folder / "due").read_text())
        except FileNotFoundError:
            return {}
        return found

    def seen_to(self, flow: str, due: str) -> None:
        """Remember that a time was seen to, before anything is started: it is not run twice."""
        write_whole(self.folder / "due", json.dumps({**self.last_due(), flow: due}))

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.json"), reverse=True)


def ended(run: Run, *, at: str, code: int, said: str) -> Run:
    """Give a run that has ended."""
    return replace(run, ended=at, code=code, said=said)
