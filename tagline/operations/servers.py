"""Running servers, and which bundle each of them has.

A server writes ``servers/NAME.json`` while it runs: ``case``, ``url`` and ``pid``. Asked for
``/v1/model``, it answers JSON with the ``digest`` of its champion.
"""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from tagline import paths
from tagline.errors import TaglineError

log = logging.getLogger(__name__)
LOOK_EVERY = 0.2
PATIENCE = 2.0
HTTP = ("http://", "https://")


@dataclass(frozen=True)
class Server:
    """A server that says that it runs.

    Attributes
    ----------
    name : str
        Its own name.
    case : str
        The case that it answers.
    url : str
        Where.
    """

    name: str
    case: str
    url: str

    def digest(self) -> str:
        """Give the digest of the bundle that answers there; empty where nothing does."""
        try:
            with urlopen(f"{self.url}/v1/model", timeout=PATIENCE) as answer:  # noqa: S310 - http
                return str(json.load(answer)["digest"])
        except (URLError, OSError, ValueError, KeyError, TypeError):
            return ""


def running(case: str) -> Iterator[Server]:
    """Find the servers of a case whose processes are alive."""
    for file in sorted(paths.servers().glob("*.json")):
        server, pid = _read(file)
        if server.case == case and psutil.pid_exists(pid):
            yield server


def unconfirmed(case: str, digest: str, *, seconds: float) -> list[str]:
    """Wait for every running server to have a bundle; give those that do not.

    Parameters
    ----------
    case : str
        The case.
    digest : str
        The bundle's digest.
    seconds : float
        How long to wait.
    """
    waiting = list(running(case))
    until = time.monotonic() + seconds
    while waiting:
        having = [server for server in waiting if server.digest() == digest]
        for server in having:
            log.info(f"{server.name} at {server.url} has it")
        waiting = [server for server in waiting if server not in having]
        if not waiting or time.monotonic() >= until:
            break
        time.sleep(LOOK_EVERY)
    return [f"{server.name} at {server.url}" for server in waiting]


def _read(file: Path) -> tuple[Server, int]:
    try:
        message = json.loads(file.read_text())
        if not str(message["url"]).startswith(HTTP):
            raise ValueError(f"{message['url']!r} is no web address")
        return Server(file.stem, str(message["case"]), str(message["url"])), int(message["pid"])
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise TaglineError(
            f"This says nothing of a running server: {wrong}.",
            where=str(file),
            todo="Remove it, if no server runs there.",
        ) from wrong
