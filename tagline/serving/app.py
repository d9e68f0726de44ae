"""One worker: the pages, the thread that follows the ledger, the one that keeps house."""

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from uvicorn.config import STARTUP_FAILURE

from tagline.case.load import check_case
from tagline.errors import TaglineError
from tagline.prediction_log.log import PredictionLog
from tagline.prediction_log.maintenance import LogMaintenance
from tagline.prediction_log.pseudonyms import pseudonyms_of
from tagline.serving import metrics
from tagline.serving.access import Access, Scope
from tagline.serving.endpoint import Endpoint, Receive, Scopes, Send
from tagline.serving.endpoints import Explain, Outcomes, Predict
from tagline.serving.follower import (
    LOOK_EVERY,
    LOOK_EVERY_S3,
    Follower,
    Housekeeping,
    Once,
    every,
    within,
)
from tagline.serving.monitor_metrics import MonitorFigures
from tagline.serving.openapi import openapi
from tagline.serving.problems import MEDIA_TYPE, TITLES, Problem
from tagline.serving.service import Service
from tagline.serving.settings import Settings
from tagline.serving.states import WorkerStates
from tagline.serving.workers import WorkersEnded
from tagline.workflows.exporting import card_of
from tagline.workflows.servers import Report
from tagline.workflows.standings import ModelRegistry

log = logging.getLogger(__name__)
TICK = 1.0
LIMITS = "limits"
FAREWELL = 5.0  # seconds; what is not done by then is done by who comes next
# What a page may load: its own, and nothing from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
SAFE = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}


class Worker:
    """One worker: the pages that answer come first, all others by Starlette's router.

    Parameters
    ----------
    answering : mapping of str to Endpoint
        By path; each answers whatever happens, so that it needs nobody around it.
    pages : Starlette
        All others.
    """

    def __init__(self, answering: Mapping[str, Endpoint], pages: Starlette) -> None:
        self.answering, self.pages = dict(answering), pages

    async def __call__(self, scope: Scopes, receive: Receive, send: Send) -> None:
        """Answer one request, or start and end with the server."""
        answering = self.answering.get(scope["path"]) if scope["type"] == "http" else None
        await (answering or self.pages)(scope, receive, send)


def create() -> Worker:
    """Make a worker from the settings that its server left in the environment."""
    try:
        return application(Settings.of_environment())
    except TaglineError as wrong:
        log.error(f"The worker can not start: {wrong}")
        raise SystemExit(STARTUP_FAILURE) from None


def application(settings: Settings) -> Worker:
    """Make a worker.

    Parameters
    ----------
    settings : Settings
        What is served, and how.
    """
    case = check_case(settings.case)
    service = Service(
        case,
        log=PredictionLog.of(case.name),
        access=Access(
            Path(settings.keys) if settings.keys else None,
            limits=Path(settings.states) / LIMITS,
        ),
        pseudonyms=pseudonyms_of(case.name, case.serving.personal),
        access_log=settings.access_log,
    )
    report = Report(
        server=settings.server,
        worker=os.getpid(),
        host=socket.gethostname(),
        url=settings.url,
        load_seconds=case.serving.load_seconds,
    )
    states = WorkerStates(Path(settings.states), report, service.log)
    follower = Follower(service, ModelRegistry.of(case), states)
    answering = (Predict(service), Explain(service), Outcomes(service))
    if settings.parent:
        every(TICK, partial(_end_without, settings.parent), threading.Event())
    return Worker({each.page: each for each in answering}, _pages(service, states, follower))


def _end_without(parent: int) -> None:
    # A worker that outlives its parent would hold the port, and nobody could end it.
    if os.getppid() != parent:
        log.error("The server's first process is gone: this worker ends")
        os.kill(os.getpid(), signal.SIGTERM)


def _pages(service: Service, states: WorkerStates, follower: Follower) -> Starlette:
    pages = Pages(service, states)
    return Starlette(
        routes=[
            Route("/v1/model", pages.model),
            Route("/healthz", pages.health),
            Route("/readyz", pages.ready),
            Route("/metrics", pages.metrics),
            Route("/openapi.json", pages.openapi),
            Route("/docs", pages.docs),
            Route("/", pages.form),
            Mount("/static", StaticFiles(packages=[("tagline.serving", "static")])),
            Mount("/swagger", StaticFiles(directory=_swagger())),
        ],
        exception_handlers={HTTPException: _told, Problem: _told, Exception: _failed},
        lifespan=_lifespan(service, follower),
    )


class Pages:
    """The pages that are read.

    Parameters
    ----------
    service : Service
        Whose.
    states : WorkerStates
        Which model each worker has.
    """

    def __init__(self, service: Service, states: WorkerStates) -> None:
        self.service, self.states = service, states

    def model(self, request: Request) -> Response:
        """`GET /v1/model`: card, schema, digest."""
        self._admit(request, "predict")
        current = self.service.model()
        served, bundle = current.served, current.served.bundle
        how_old = current.history_age()
        return JSONResponse(
            {
                "case": self.service.case.name,
                "run": served.deployed.run,
                "entry": served.deployed.since,
                **self.states.all(),
                "digest": bundle.digest,
                **bundle.rule,
                "schema": bundle.read_json("schema.json"),
                "card": card_of(served.deployed.run, bundle),
                "provenance": dict(bundle.facts),
                **({"history": msgspec.to_builtins(how_old)} if how_old else {}),
            }
        )

    def health(self, _: Request) -> Response:
        """`GET /healthz`: it runs."""
        return JSONResponse({"running": True})

    def ready(self, _: Request) -> Response:
        """`GET /readyz`: it answers, and every worker of it with which model."""
        found = self.states.all()
        answers = self.service.current is not None
        return JSONResponse({"ready": answers, **found}, status_code=200 if answers else 503)

    def metrics(self, request: Request) -> Response:
        """`GET /metrics`: for Prometheus."""
        self._admit(request, "metrics")
        current = self.service.current
        self.service.count()
        how_old = current.history_age() if current else None
        served = current.served if current else None
        watched = MonitorFigures(self.service.case.name)
        died = WorkersEnded(self.states.folder)
        age = how_old.age_seconds if how_old else None
        try:
            content = metrics.exposition(served, age, watched, died)
        except (OSError, ValueError) as gone:
            raise Problem(503, f"The counts are gone, start the server again: {gone}.") from gone
        return Response(content, media_type="text/plain; version=0.0.4; charset=utf-8")

    def openapi(self, _: Request) -> Response:
        """`GET /openapi.json`: OpenAPI 3.1, with the case's own fields and example."""
        keys = self.service.access.file is not None
        return JSONResponse(openapi(self.service.model().served, self.service.case, keys=keys))

    def docs(self, _: Request) -> Response:
        """`GET /docs`: the API, to read and to try."""
        return HTMLResponse(_page("docs.html"), headers=SAFE)

    def form(self, _: Request) -> Response:
        """`GET /`: ask the model by a form, and see why it answers as it does."""
        return HTMLResponse(_page("index.html"), headers=SAFE)

    def _admit(self, request: Request, scope: Scope) -> None:
        self.service.access.admit(request.scope["headers"], scope)


def _lifespan(service: Service, follower: Follower) -> Callable[[Starlette], Any]:
    s3 = follower.standings.ledger.where.startswith("s3://")
    section = service.section
    maintenance = LogMaintenance(service.log, retention_days=section.retention_days)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        stop = threading.Event()
        follower.states.note(None, None)
        with suppress(TimeoutError):
            await asyncio.to_thread(within, section.load_seconds, follower.look)
        if service.current is None and service.refusal is None:
            log.warning(f"{service.case.name} has no champion yet: `tagline promote` makes one")
        house = Housekeeping(service, maintenance, follower.states)
        every(LOOK_EVERY_S3 if s3 else LOOK_EVERY, follower.look, stop)
        # Each by itself: an upload that hangs must not keep a key that has ended alive.
        for work in house.work:
            every(TICK, work, stop)
        try:
            yield
        finally:
            stop.set()
            service.count()
            service.close()
            metrics.leave()
            last = partial(within, FAREWELL, maintenance.ship)
            await asyncio.to_thread(Once(), last, "putting the last answers into the store")
            await asyncio.to_thread(Once(), partial(within, FAREWELL, follower.states.end), "end")

    return lifespan


def _told(_: Request, wrong: Exception) -> Response:
    if isinstance(wrong, HTTPException):
        status = wrong.status_code if wrong.status_code in TITLES else 400
        wrong = Problem(status, str(wrong.detail), headers=dict(wrong.headers or {}))
    assert isinstance(wrong, Problem)  # noqa: S101 - Starlette calls it with these two only
    content = wrong.content(f"{time.time_ns():x}")
    kind = MEDIA_TYPE.decode()
    return Response(content, wrong.status, headers=wrong.headers, media_type=kind)


def _failed(_: Request, wrong: Exception) -> Response:
    log.error("A page has failed", exc_info=wrong)
    content = Problem(500, "The fault is logged.").content(f"{time.time_ns():x}")
    return Response(content, 500, media_type=MEDIA_TYPE.decode())


@cache
def _page(name: str) -> str:
    return (files("tagline.serving") / "static" / name).read_text()


def _swagger() -> str:
    # The package is a folder of pages here: its own code is for other servers.
    return str(files("swagger_ui") / "static")
