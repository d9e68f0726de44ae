"""What ran, what runs and what came of it: a file a run, written by the run itself."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from tagline import paths
from tagline.storage.contract import Store
from tagline.storage.files import locked, write_whole
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace

FORMAT = 1
KEPT = 200
DUE = ".due"
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
    host, pid : str, int
        Its machine and its process.
    said : str
        The end of what it printed.
    """

    flow: str
    due: str
    began: str
    ended: str = ""
    code: int | None = None
    host: str = field(default_factory=socket.gethostname)
    pid: int = 0
    said: str = ""

    @property
    def name(self) -> str:
        """Name it, in the order of time."""
        began = self.began.replace(":", "").replace("+0000", "Z")
        return f"{began}-{self.flow}-{self.host}-{self.pid}"


@dataclass(frozen=True)
class Records:
    """The runs of a case that machines have started by its schedule.

    Attributes
    ----------
    folder : Path
        Where this machine keeps what it holds and what it has seen to.
    store : Store
        Where what ran is told.
    case : str
        The case.
    """

    folder: Path
    store: Store
    case: str

    @classmethod
    def of(cls, case: str) -> Self:
        """Give those of a case, in the store that is in use."""
        store = own_store()
        return cls(paths.schedule(store.where, case), store, case)

    def write(self, run: Run) -> None:
        """Keep a run, in the place of what was kept of it before."""
        said = {"format": FORMAT, **asdict(run)}
        self.store.write(f"{self._told}/{run.name}.json", json.dumps(said).encode())
        for old in self._names()[KEPT:]:
            self.store.remove(f"{self._told}/{old}")

    def all(self) -> list[Run]:
        """Give the runs, the newest first; of the oldest only so many are kept."""
        found = self.store.read_all([f"{self._told}/{each}" for each in self._names()])
        told = [json.loads(each) for each in found if each is not None]
        return [Run(**{n: v for n, v in each.items() if n != "format"}) for each in told]

    def state(self, run: Run) -> str:
        """Say how a run stands: done, failed, running, cut short, or (elsewhere) not ended."""
        if run.ended:
            return "done" if run.code == 0 else "failed"
        if run.host != socket.gethostname():
            return "not ended"
        return "running" if self.is_running(run.flow) else "cut short"

    def is_running(self, flow: str) -> bool:
        """Tell whether a flow runs now, whoever started it."""
        if not self._lock(flow).exists():
            return False
        with locked(self._lock(flow), wait=False, shared=True) as free:
            return not free

    @contextmanager
    def alone(self, flow: str) -> Iterator[bool]:
        """Hold a flow's lock, which ends with the process; give whether it was free."""
        self.folder.mkdir(parents=True, exist_ok=True)
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
        return {each.stem: each.read_text() for each in self.folder.glob(f"*{DUE}")}

    def seen_to(self, flow: str, due: str) -> None:
        """Remember that a time was seen to, before anything is started: it is not run twice."""
        # A file each: two flows are due at one minute.
        write_whole(self.folder / f"{flow}{DUE}", due)

    @property
    def _told(self) -> str:
        return Workspace(self.case).schedule

    def _names(self) -> list[str]:
        found = self.store.children(self._told)
        return sorted((each for each in found if each.endswith(".json")), reverse=True)


def ended(run: Run, *, at: str, code: int, said: str) -> Run:
    """Give a run that has ended."""
    return replace(run, ended=at, code=code, said=said)
