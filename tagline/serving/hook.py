"""A webhook for Alertmanager: an alert that rings lets the monitor look, and train where it may."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tagline.case.config import Case
from tagline.deploying.keeper import Keeper
from tagline.deploying.plan import line_of
from tagline.deploying.records import Records
from tagline.errors import TaglineError
from tagline.serving.access import Access
from tagline.serving.problems import MEDIA_TYPE, Problem
from tagline.serving.server import LOOPBACK

log = logging.getLogger(__name__)
MOST_BYTES = 1_000_000
FLOW = "monitor"


class Alert(msgspec.Struct):
    """One alert of a message."""

    status: str
    labels: dict[str, str]


class Message(msgspec.Struct):
    """What Alertmanager sends (its webhook format, version 4)."""

    alerts: list[Alert]


class Hook:
    """Answers Alertmanager.

    Parameters
    ----------
    case : str
        Whose alerts count: those that bear no label ``case``, or this one.
    access : Access
        Who may send them; the scope is ``admin``.
    start : callable
        Starts the monitor, and gives whether it did.
    """

    def __init__(self, case: str, access: Access, start: Callable[[Sequence[str]], bool]) -> None:
        self.case, self.access, self.start = case, access, start

    async def __call__(self, request: Request) -> JSONResponse:
        """Take a message; what rings starts the monitor, once at a time."""
        try:
            self.access.admit(request.scope["headers"], "admin")
            names = self._ringing(await self._body(request))
        except Problem as problem:
            content = msgspec.json.decode(problem.content(""))
            return JSONResponse(
                content, problem.status, headers=problem.headers, media_type=MEDIA_TYPE.decode()
            )
        started = bool(names) and self.start(names)
        return JSONResponse({"ringing": names, "started": started}, 202)

    async def _body(self, request: Request) -> bytes:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                raise Problem(413, f"A message has at most {MOST_BYTES:,} bytes.")
        return body

    def _ringing(self, body: bytes) -> list[str]:
        try:
            message = msgspec.json.decode(body, type=Message)
        except msgspec.DecodeError as wrong:
            raise Problem(400, f"This is no message of Alertmanager's: {wrong}.") from None
        return sorted(
            {
                each.labels.get("alertname", "an alert")
                for each in message.alerts
                if each.status == "firing" and each.labels.get("case", self.case) == self.case
            }
        )


def listen(case: Case, *, host: str, port: int, keys: Path | None, records: Records) -> None:
    """Listen for alerts until told to stop.

    Raises
    ------
    TaglineError
        Without keys, the address is not this machine's own.
    """
    if keys is None and host not in LOOPBACK:
        raise TaglineError(
            f"Without keys it listens on this machine only, not on {host}.",
            todo="Make a key with `tagline keys add NAME --scope admin`, and name it with --keys.",
        )
    keeper = Keeper([line := line_of(FLOW, case)], records, missed="skip")

    def start(names: Sequence[str]) -> bool:
        if keeper.records.is_running(FLOW):
            log.info(f"{', '.join(names)}: the monitor looks already")
            return False
        log.info(f"{', '.join(names)}: the monitor looks")
        keeper.start(line, datetime.now(UTC))
        return True

    hook = Hook(case.name, Access(keys, limits=records.folder / "limits"), start)
    app: Any = Starlette(routes=[Route("/alerts", hook.__call__, methods=["POST"])])
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False)
    log.info(f"Alerts of {case.name} are taken at http://{host}:{port}/alerts")
    uvicorn.Server(config).run()
