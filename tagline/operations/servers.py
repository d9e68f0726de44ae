"""Running servers, and which bundle each of them has.

A server writes ``servers/NAME.json`` while it runs: ``case``, ``url`` and ``pid``, and its
``certificate`` where it speaks TLS. Asked for ``/readyz``, it answers JSON with the ``digest`` that
all of its workers have, and what they have ``refused``.
"""

import json
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import psutil

from tagline import paths
from tagline.errors import TaglineError

log = logging.getLogger(__name__)
LOOK_EVERY = 0.2
PATIENCE = 2.0
SAME = 2.0  # seconds by which the start of one process may be read differently
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
    certificate : str
        The certificate that it shows; empty without TLS.
    """

    name: str
    case: str
    url: str
    certificate: str = ""

    def digest(self) -> str:
        """Give the digest of the bundle that answers there; empty where nothing does."""
        return str(self._said().get("digest", ""))

    def refuses(self, digest: str) -> str:
        """Say why it refuses a bundle; empty where it does not."""
        refused = self._said().get("refused")
        return str(refused["why"]) if refused and refused.get("digest") == digest else ""

    def _said(self) -> dict[str, Any]:
        url = f"{self.url}/readyz"
        try:
            # A proxy that the environment names knows nothing of this machine's own addresses.
            ways = [ProxyHandler({}), HTTPSHandler(context=self._trusting())]
            with build_opener(*ways).open(url, timeout=PATIENCE) as answer:
                return dict(json.load(answer))
        except HTTPError as not_ready:
            return _parsed(not_ready.read())
        except (URLError, OSError, ValueError, TypeError):
            return {}

    def _trusting(self) -> ssl.SSLContext | None:
        if not self.certificate:
            return None
        # It is known by its certificate, which is on this machine; its name may be any.
        context = ssl.create_default_context(cafile=self.certificate)
        context.check_hostname = False
        return context


def running(case: str) -> Iterator[Server]:
    """Find the servers of a case whose processes are alive."""
    for file in sorted(paths.servers().glob("*.json")):
        server = _read(file)
        if server.case == case and not has_ended(file):
            yield server


def running_process() -> dict[str, Any]:
    """Say by what this process is known: its number is another's on another machine, or later."""
    own = psutil.Process()
    return {"pid": own.pid, "host": socket.gethostname(), "began": own.create_time()}


def has_ended(file: Path) -> bool:
    """Tell whether the process that wrote a registration is gone; not known of another machine."""
    try:
        said = json.loads(file.read_text())
        if said.get("host", socket.gethostname()) != socket.gethostname():
            return False
        began = psutil.Process(int(said["pid"])).create_time()
        return bool(abs(began - said.get("began", began)) > SAME)
    except psutil.NoSuchProcess:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def unconfirmed(
    case: str, digest: str, *, seconds: float, stop: Callable[[], bool]
) -> tuple[list[str], int]:
    """Wait for every running server to have a bundle.

    Parameters
    ----------
    case : str
        The case.
    digest : str
        The bundle's digest.
    seconds : float
        How long to wait.
    stop : callable
        Whether there is no more reason to wait.

    Returns
    -------
    late : list of str
        The servers that do not have it.
    asked : int
        How many servers there are.
    """
    waiting = list(running(case))
    asked = len(waiting)
    until = time.monotonic() + seconds
    while waiting:
        having = [server for server in waiting if server.digest() == digest]
        for server in having:
            log.info(f"{server.name} at {server.url} has it")
        waiting = [server for server in waiting if server not in having]
        refusing = [server for server in waiting if server.refuses(digest)]
        if refusing or not waiting or time.monotonic() >= until or stop():
            break
        time.sleep(LOOK_EVERY)
    return [_named(server, digest) for server in waiting], asked


def _named(server: Server, digest: str) -> str:
    why = server.refuses(digest)
    return f"{server.name} at {server.url}" + (f" (it refuses it: {why})" if why else "")


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(content))
    except (ValueError, TypeError):
        return {}


def _read(file: Path) -> Server:
    try:
        message = json.loads(file.read_text())
        if not str(message["url"]).startswith(HTTP):
            raise ValueError(f"{message['url']!r} is no web address")
        int(message["pid"])
        return Server(
            file.stem,
            str(message["case"]),
            str(message["url"]),
            str(message.get("certificate", "")),
        )
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise TaglineError(
            f"This says nothing of a running server: {wrong}.",
            where=str(file),
            todo="Remove it, if no server runs there.",
        ) from wrong
