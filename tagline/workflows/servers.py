"""What running servers say of themselves in the store: which model each of their workers has.

Each worker writes ``servers/CASE/SERVER-PID.json`` every ten seconds and at each switch; who has
not for half a minute, by the store's own clock, is gone.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.prediction_log.erasing import asked_name
from tagline.prediction_log.log import PredictionLog
from tagline.storage.contract import Store
from tagline.storage.location import own_store
from tagline.storage.workspace import JSON, Workspace

log = logging.getLogger(__name__)
FORMAT = 1
EVERY, GONE_AFTER = 10.0, 30.0  # seconds
LEAST_PATIENCE = 60.0
LOOK_EVERY = 0.5


@dataclass(frozen=True)
class Report:
    """What one worker of a server says.

    Attributes
    ----------
    server : str
        The server's name.
    worker : int
        Its process.
    host, url : str
        Where.
    entry : int
        The ledger's entry by which the model that it answers with stands; 0 while there is none.
    digest : str
        That model's.
    refused : dict or None
        ``entry``, ``digest`` and ``why`` of a model that it does not take.
    load_seconds : float
        How long a new model may take.
    asked : str
        The id of the last demand, to put its answers into the store, that it has met.
    held : int
        Requests that it has answered and not yet put into the store.
    age : float
        Seconds since it said so.
    arms : list of dict
        Who answers beside that model: ``run``, ``digest``, ``entry``, ``arm`` (``challenger`` or
        ``shadow``) and ``share`` in percent.
    """

    server: str
    worker: int
    host: str
    url: str
    entry: int = 0
    digest: str = ""
    refused: dict[str, Any] | None = None
    load_seconds: float = LEAST_PATIENCE
    asked: str = ""
    held: int = 0
    age: float = 0.0
    arms: list[dict[str, Any]] = field(default_factory=list)

    @property
    def said(self) -> str:
        """Name it for a person."""
        return f"{self.server} at {self.url} on {self.host} (worker {self.worker})"

    def refuses(self, entry: int) -> str:
        """Say why it refuses the model of an entry; empty where it does not."""
        mine = self.refused is not None and self.refused["entry"] == entry
        return str(self.refused["why"]) if mine and self.refused else ""

    def write(self, store: Store, case: str) -> None:
        """Say it."""
        said = {name: each for name, each in asdict(self).items() if name != "age"}
        store.write(name_of(case, self), as_json({"format": FORMAT, **said}))


def name_of(case: str, report: Report) -> str:
    """Name a worker's report in the store."""
    return f"{Workspace(case).servers}/{report.server}-{report.worker}{JSON}"


def running(store: Store, case: str) -> list[Report]:
    """Read what the workers say that are alive."""
    folder = Workspace(case).servers
    listed = store.listing(folder)
    alive = [e for e in listed if e.age < GONE_AFTER and not e.name.endswith("/asked.json")]
    found = []
    for each, content in zip(alive, store.read_all([e.name for e in alive]), strict=True):
        report = _parsed(content or b"")
        if report is None:
            log.warning(f"{each.name} is no report of a server that this version reads")
        else:
            found.append(replace(report, age=each.age))
    return found


def _parsed(content: bytes) -> Report | None:
    try:
        said = dict(json.loads(content))
        if int(said["format"]) > FORMAT:
            return None
        known = {each.name for each in fields(Report)}
        return Report(**{name: each for name, each in said.items() if name in known})
    except (ValueError, TypeError, KeyError):
        return None


def remove_the_gone(store: Store, case: str) -> None:
    """Remove what was said by workers that have been gone for long."""
    for each in store.listing(Workspace(case).servers):
        if each.age > GONE_AFTER * 20:
            store.remove(each.name)


@dataclass(frozen=True)
class Confirmation:
    """How the running servers stand to an entry of the ledger.

    Attributes
    ----------
    having, late, refusing : list of str
        Who answers by it, who does not yet, and who refuses it, with the reason.
    """

    having: list[str]
    late: list[str]
    refusing: list[str]

    def lines(self) -> list[str]:
        """Say it, a line each."""
        return [
            *(f"{each} has it" for each in self.having),
            *(f"{each} does not have it yet" for each in self.late),
            *(f"{each} refuses it" for each in self.refusing),
        ]


def confirmation(
    case: str, entry: int, *, seconds: float, stop: Callable[[], bool]
) -> Confirmation:
    """Wait until every running server answers by an entry, or one refuses it.

    Parameters
    ----------
    case : str
        The case.
    entry : int
        The entry of the ledger.
    seconds : float
        How long to wait at least; not less than a minute, and than a model may take to load.
    stop : callable
        Whether there is no more reason to wait.
    """
    store, began = own_store(), time.monotonic()
    told: set[str] = set()
    while True:
        found = running(store, case)
        having = [each.said for each in found if each.entry >= entry]
        refusing = [f"{e.said}: {why}" for e in found if (why := e.refuses(entry))]
        silent = [e for e in found if e.entry < entry and not e.refuses(entry)]
        for each in having:
            if each not in told:
                log.info(f"{each} has it")
        told |= set(having)
        patience = max([seconds, LEAST_PATIENCE, *(each.load_seconds for each in silent)])
        if refusing or not silent or time.monotonic() - began >= patience or stop():
            return Confirmation(having, [each.said for each in silent], refusing)
        time.sleep(LOOK_EVERY)


def still_writing(prediction_log: PredictionLog) -> Callable[[str], list[str]]:
    """Give what names the servers of a case that have not met a demand yet."""
    store, case = prediction_log.store, prediction_log.workspace.case

    def waiting(asked: str) -> list[str]:
        return [each.said for each in running(store, case) if each.asked != asked]

    return waiting


def demanded(prediction_log: PredictionLog) -> str:
    """Give the id of the last demand to put all answers into the store; empty without any."""
    try:
        content = prediction_log.store.read(asked_name(prediction_log))
    except TaglineError:
        return ""
    return "" if content is None else str(json.loads(content)["id"])
