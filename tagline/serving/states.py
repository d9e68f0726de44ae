"""Which model each worker of a server has: on its machine, and in the store."""

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from tagline.errors import TaglineError
from tagline.lifecycle.entry import Deployment
from tagline.prediction_log.log import PredictionLog
from tagline.storage.files import write_whole
from tagline.workflows.servers import Report, name_of

log = logging.getLogger(__name__)


@dataclass
class Refusal:
    """A champion that is not served, and why."""

    entry: int
    digest: str
    why: str


class WorkerStates:
    """Which model each worker of a server has, for whoever asks any of them, and in the store.

    Parameters
    ----------
    folder : Path
        A file for each worker, called by its process id.
    report : Report
        What is said of this worker in the store.
    log : PredictionLog
        Of the case; its store is where it is said.
    """

    def __init__(self, folder: Path, report: Report, log: PredictionLog) -> None:
        self.folder, self.report, self.log = folder, report, log
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def note(
        self,
        deployed: Deployment | None,
        refusal: Refusal | None,
        *,
        arms: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Say what this worker has: its champion, and who answers beside it."""
        refused = msgspec.to_builtins(refusal) if refusal else None
        said = {
            "digest": deployed.bundle if deployed else "",
            "refused": refused,
            "arms": list(arms),
        }
        write_whole(self.folder / str(os.getpid()), msgspec.json.encode(said))
        self.say(
            entry=deployed.since if deployed else 0,
            digest=deployed.bundle if deployed else "",
            refused=refused,
            arms=list(arms),
        )

    def say(self, **changed: Any) -> None:
        """Say in the store what this worker has, and that it is alive; never raises."""
        with self._lock:
            self.report = replace(self.report, **changed)
            try:
                self.report.write(self.log.store, self.log.workspace.case)
            except TaglineError as unsaid:
                log.warning(f"What this worker has can not be said in the store: {unsaid}")

    def end(self) -> None:
        """Say nothing of this worker any more."""
        (self.folder / str(os.getpid())).unlink(missing_ok=True)
        with suppress(TaglineError):
            self.log.store.remove(name_of(self.log.workspace.case, self.report))

    def all(self) -> dict[str, Any]:
        """Give what every living worker has, by process: digest and arms; and the first refusal."""
        import psutil  # noqa: PLC0415 - asked for rarely

        found: dict[str, Any] = {}
        for file in sorted(self.folder.glob("[0-9]*")):
            if psutil.pid_exists(int(file.name)):
                found[file.name] = msgspec.json.decode(file.read_bytes())
        digests = {each["digest"] for each in found.values()}
        return {
            "digest": digests.pop() if len(digests) == 1 else "",
            "workers": {pid: each["digest"] for pid, each in found.items()},
            "arms": {pid: each["arms"] for pid, each in found.items() if each["arms"]},
            "refused": next((each["refused"] for each in found.values() if each["refused"]), None),
        }
