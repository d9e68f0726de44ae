"""What every page that takes a body does: who asks, the body, the answer, the counts."""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from http import HTTPStatus
from itertools import count
from typing import Any, NamedTuple

import msgspec
from anyio import CapacityLimiter, to_thread

from tagline.columns.body import Body, TooMany
from tagline.columns.request import InvalidRows
from tagline.columns.strict_json import Malformed
from tagline.serving import metrics
from tagline.serving.access import Scope
from tagline.serving.problems import MEDIA_TYPE, Problem, of_faults
from tagline.serving.routing import Routing
from tagline.serving.served import Flags
from tagline.serving.service import ActiveModel, RequestContext, Service

log = logging.getLogger(__name__)
JSON = b"application/json"
SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
AT_ONCE, WAITING = 2, 64
PATIENCE = 8  # how many times the largest body is read, and thrown away

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scopes = MutableMapping[str, Any]


class AnsweredPart(NamedTuple):
    """The rows of a request that one model has answered, not logged yet.

    Attributes
    ----------
    model : ActiveModel
        Which.
    places : list of int
        Of the rows in the request.
    body : Body
        The rows.
    rows : list of Struct
        What is said of each.
    answer : list of list
        The columns of the answer.
    flags : Flags
        What is to be said of some.
    """

    model: ActiveModel
    places: list[int]
    body: Body
    rows: list[Any]
    answer: list[list[Any]]
    flags: Flags


class Endpoint:
    """A page that takes a body and answers JSON.

    Parameters
    ----------
    service : Service
        Answers.
    """

    page: str
    scope: Scope
    encode = msgspec.json.Encoder().encode

    def __init__(self, service: Service) -> None:
        self.service = service
        self._told = ""
        self.limiter: CapacityLimiter | None = None
        self.counts = metrics.Page(self.page)
        service.pages.append(self.counts)

    async def answer(self, body: bytes, context: RequestContext) -> tuple[int, bytes]:
        """Give status and content."""
        raise NotImplementedError

    async def __call__(self, scope: Scopes, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, with JSON and without a stack trace."""
        begun = time.perf_counter_ns()
        headers = scope["headers"]
        context = RequestContext(_request_id(headers), begun, scope["query_string"])
        more: list[tuple[bytes, bytes]] = []
        try:
            if scope["method"] != "POST":
                raise Problem(405, f"{self.page} takes POST.", headers={"Allow": "POST"})
            context.principal = self.service.access.admit(headers, self.scope)
            body = await self._body(headers, receive)
            status, content = await self.answer(body, context)
            kind = JSON
        except Problem as problem:
            self._tell(problem, context)
            status, content, kind = problem.status, problem.content(context.request_id), MEDIA_TYPE
            more = [(n.lower().encode(), v.encode()) for n, v in problem.headers.items()]
        except Exception:
            log.exception("A request has failed", extra={"request_id": context.request_id})
            failed = Problem(500, "The fault is logged under the request's id.")
            status, content, kind = 500, failed.content(context.request_id), MEDIA_TYPE
        own = [
            (b"content-type", kind),
            (b"content-length", str(len(content)).encode()),
            (b"x-request-id", context.request_id.encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": [*own, *more]})
        await send({"type": "http.response.body", "body": content})
        self._count(status, begun, context)

    def _count(self, status: int, begun: int, context: RequestContext) -> None:
        took = (time.perf_counter_ns() - begun) / 1e9
        if status == 200:
            self.counts.add(took)
        else:
            self.counts.refused(status, took)
        if status != 200 or self.service.access_log:
            said = {
                "request_id": context.request_id,
                "status": status,
                "principal": context.principal,
            }
            log.info(f"{self.page} was answered with {status}", extra=said)

    def _tell(self, problem: Problem, context: RequestContext) -> None:
        # Once: a full disk would fill the log with lines that say the same.
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR and problem.detail != self._told:
            self._told = problem.detail
            said = {"request_id": context.request_id, "status": problem.status}
            log.error(f"{self.page}: {problem.detail} It is counted from now on.", extra=said)

    async def _body(self, headers: list[tuple[bytes, bytes]], receive: Receive) -> bytes:
        most = self.service.section.max_bytes
        _expect_json(headers)
        message = await receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            body = await self._rest(body, most, receive)
        if len(body) > most:
            raise _too_large(most)
        return body

    async def _rest(self, first: bytes, most: int, receive: Receive) -> bytes:
        body, size, more = bytearray(first), len(first), True
        try:
            async with asyncio.timeout(self.service.section.body_seconds):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Problem(400, "The client went away.")
                    part = message.get("body", b"")
                    size, more = size + len(part), message.get("more_body", False)
                    if size > PATIENCE * most:
                        raise _too_large(most)
                    # What is too large is let through to its end, so that the client can read why.
                    if size <= most:
                        body += part
                    else:
                        body.clear()
        except TimeoutError:
            raise Problem(408, "Send the body faster.", headers={"Connection": "close"}) from None
        if size > most:
            raise _too_large(most)
        return bytes(body)

    async def in_thread(self, work: Callable[..., Any], *given: Any) -> Any:
        """Do what takes long beside the others, a few at a time.

        Raises
        ------
        Problem
            503: too many wait already.
        """
        if self.limiter is None:
            self.limiter = CapacityLimiter(AT_ONCE)
        if self.limiter.statistics().tasks_waiting >= WAITING:
            raise Problem(503, "Too many requests wait.", headers={"Retry-After": "1"})
        return _raised(await to_thread.run_sync(_caught, work, *given, limiter=self.limiter))

    def read(self, body: bytes, current: ActiveModel, *, most: int) -> Body:
        """Read rows.

        Raises
        ------
        Problem
            400, 413 or 422.
        """
        try:
            found = current.served.reader.read(body, most=most)
        except TooMany as many:
            raise Problem(413, f"A request has 1 to {most:,} rows, and not {many}.") from None
        except Malformed as wrong:
            raise Problem(400, f"This is no request: {wrong}.") from None
        except InvalidRows as faulty:
            raise of_faults(faulty) from None
        if not found.ids:
            raise Problem(422, f"A request has 1 to {most:,} rows, and not none.")
        return found

    def read_for(
        self,
        model: ActiveModel,
        routing: Routing[ActiveModel],
        body: bytes,
        found: Body,
        places: Sequence[int],
        *,
        most: int,
    ) -> Body:
        """Give rows as a model reads them, of a body that the champion has read."""
        if model.served.bundle.fields != routing.champion.served.bundle.fields:
            found = self.read(body, model, most=most)
        return found if len(places) == len(found.ids) else found.taken(places)

    def dealt(
        self,
        routing: Routing[ActiveModel],
        body: bytes,
        found: Body,
        ids: Sequence[str],
        *,
        most: int,
    ) -> list[tuple[ActiveModel, list[int], Body]]:
        """Deal the rows of a body to the models that answer them: their places, and as it reads."""
        if not routing.challengers:
            return [(routing.champion, list(range(len(ids))), found)]
        dealt = routing.parted(self.service.subjects(routing.champion, found, ids))
        return [
            (model, places, self.read_for(model, routing, body, found, places, most=most))
            for model, places in dealt
        ]

    def kept(
        self,
        parts: Sequence[AnsweredPart],
        routing: Routing[ActiveModel],
        ids: Sequence[str],
        context: RequestContext,
    ) -> list[Any]:
        """Log the parts of a request, once each has its answers; give the rows in their order.

        A row says which model answered it, where that is not the champion.
        """
        rows: list[Any] = [None] * len(ids)
        for part in parts:
            self.service.keep(
                part.model,
                part.body,
                prediction_ids=[ids[place] for place in part.places],
                answer=part.answer,
                flags=part.flags,
                context=context,
            )
            for place, row in zip(part.places, part.rows, strict=True):
                if part.model is not routing.champion:
                    row.answered_by = part.model.by
                rows[place] = row
        return rows


def _caught(work: Callable[..., Any], *given: Any) -> Any:
    # What is raised through a thread's future is in a circle with it, and so is the body that was
    # at hand: megabytes, until the collector comes.
    try:
        return work(*given)
    except Problem as problem:
        problem.__context__ = None
        return problem.with_traceback(None)


def _raised(found: Any) -> Any:
    if not isinstance(found, Problem):
        return found
    try:
        raise found
    finally:
        del found  # else it would be in a circle with this frame


def _request_id(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"x-request-id" and SAFE_ID.fullmatch(value):
            return value.decode()
    return f"{_PROCESS}{next(_NUMBERS):x}"


# Unlike any other process's, and cheaper than chance for each request.
_PROCESS, _NUMBERS = secrets.token_hex(6), count(1)


def _expect_json(headers: list[tuple[bytes, bytes]]) -> None:
    # A browser may send a form anywhere, but JSON only where it is allowed to.
    kind = next((value for name, value in headers if name == b"content-type"), b"")
    if kind != JSON and kind.split(b";", 1)[0].strip().lower() != JSON:
        raise Problem(415, "Send 'Content-Type: application/json'.")


def _too_large(most: int) -> Problem:
    return Problem(413, f"A body may have {most:,} bytes.", headers={"Connection": "close"})
