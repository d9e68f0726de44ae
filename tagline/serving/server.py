"""Start the server: its address, its workers, its log lines, its end."""

import json
import logging
import os
import secrets
import shutil
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvicorn

from tagline import clock, paths
from tagline.case.config import Case
from tagline.errors import TaglineError
from tagline.serving.processes import has_ended, running_process
from tagline.serving.protocol import Http
from tagline.serving.settings import MULTIPROCESS, Settings
from tagline.storage.files import write_whole
from tagline.storage.location import own_store
from tagline.workflows.servers import remove_the_gone

LOOPBACK = ("127.0.0.1", "::1", "localhost")
GRACE = 30
BACKLOG = 2048
PARENT = "server.json"


@dataclass(frozen=True)
class Address:
    """Where a server listens.

    Attributes
    ----------
    host, port
        The port 0 is any that is free.
    certificate, private_key : Path or None
        For TLS.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    certificate: Path | None = None
    private_key: Path | None = None


def serve(
    case: Case,
    *,
    address: Address,
    keys: Path | None,
    workers: int,
    access_log: bool,
    idle_seconds: int,
) -> None:
    """Serve a case until told to stop.

    Parameters
    ----------
    case : Case
        The case.
    address : Address
        Where.
    keys : Path or None
        API keys; without any, only this machine is answered.
    workers : int
        How many processes answer.
    access_log : bool
        Whether each request is logged.
    idle_seconds : int
        How long a connection stays open without a request.

    Raises
    ------
    TaglineError
        Without keys, the address is not this machine's own; or it is taken.
    """
    if keys is None and address.host not in LOOPBACK:
        raise TaglineError(
            f"Without keys it listens on this machine only, not on {address.host}.",
            todo="Make a key with `tagline keys add NAME`, and name the file with --keys.",
        )
    _expect_certificate(address)
    clock.note()
    # uvicorn ends what it began and then raises the signal anew, which would skip our own end.
    signal.signal(signal.SIGTERM, _interrupt)
    listening = _bound(address)
    host, port = listening.getsockname()[:2]
    scheme = "https" if address.certificate else "http"
    url = f"{scheme}://{host if ':' not in host else f'[{host}]'}:{port}"
    # Told to stop, it ends what it began; there is nothing to tell of it.
    with (
        suppress(KeyboardInterrupt),
        _registered(case.name) as states,
    ):
        _make_metrics_folder(states)
        Settings(
            case=case.to_dict(),
            states=str(states),
            server=states.name,
            url=url,
            keys=str(keys.resolve()) if keys else "",
            workers=workers,
            access_log=access_log,
            parent=os.getpid() if workers > 1 else 0,
        ).to_environment()
        print(f"{case.name} is served at {url}", flush=True)  # noqa: T201 - what a person waits for
        if keys is None:
            print("without keys: only this machine is answered", flush=True)  # noqa: T201
        _run(listening, address, states=states, workers=workers, idle_seconds=idle_seconds)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _run(
    listening: socket.socket, address: Address, *, states: Path, workers: int, idle_seconds: int
) -> None:
    config = uvicorn.Config(
        "tagline.serving.app:create",
        factory=True,
        workers=workers,
        log_config=LOGGING,
        access_log=False,
        http=Http,
        timeout_keep_alive=idle_seconds,
        server_header=False,
        proxy_headers=False,  # who asks is known by a key, never by what a header says
        date_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.private_key,
        ws="none",
    )
    if workers == 1:
        uvicorn.Server(config).run(sockets=[listening])
        return
    from tagline.serving.workers import Workers  # noqa: PLC0415 - one worker needs none

    makes = partial(_make_metrics_folder, states)
    supervised = Workers(config, listening, states=states, before=makes)
    supervised.run()
    if supervised.gave_up:
        raise TaglineError(
            "The server has ended: its workers end before they are ready.",
            todo="The lines above say why.",
        )


def _expect_certificate(address: Address) -> None:
    if address.certificate is None:
        return
    try:
        ssl.create_default_context().load_cert_chain(address.certificate, address.private_key)
    except (OSError, ssl.SSLError) as wrong:
        raise TaglineError(
            f"The certificate and its private key can not be used: {wrong}.",
            where=str(address.certificate),
        ) from wrong


def _bound(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.host, address.port))
    except OSError as taken:
        raise TaglineError(
            f"{address.host}:{address.port} can not be listened on: {taken.strerror}.",
            todo="Name another one with --port, or 0 for any.",
        ) from taken
    # Whoever is told where it is served may ask at once, and waits for the first worker.
    listening.listen(BACKLOG)
    listening.set_inheritable(True)
    return listening


@contextmanager
def _registered(case: str) -> Iterator[Path]:
    # Two containers that share a home are each process 1.
    states = paths.workers() / f"{case}-{os.getpid()}-{secrets.token_hex(3)}"
    _remove_the_dead(case)
    states.mkdir(parents=True)
    write_whole(states / PARENT, json.dumps(running_process()))
    try:
        yield states
    finally:
        shutil.rmtree(states, ignore_errors=True)


def _remove_the_dead(case: str) -> None:
    # A server that was killed could not say that it is gone.
    for folder in paths.workers().glob(f"{case}-*-*"):
        if has_ended(folder / PARENT):
            shutil.rmtree(folder, ignore_errors=True)
    remove_the_gone(own_store(), case)


def _make_metrics_folder(states: Path) -> None:
    # Before anything imports the metrics: each worker counts in files that all can add up. Not in
    # /tmp, which is cleaned.
    folder = states / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[MULTIPROCESS] = str(folder)


class JsonLines(logging.Formatter):
    """Writes each record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        said = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
        }
        own = ("request_id", "status", "principal")
        said |= {name: getattr(record, name) for name in own if hasattr(record, name)}
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {
        "tagline": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}
