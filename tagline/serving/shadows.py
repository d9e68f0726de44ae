"""Shadows: models that answer nobody, and what they would have said is logged."""

import logging
import threading
from collections.abc import Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from tagline.serving import metrics
from tagline.serving.routing import Routing

if TYPE_CHECKING:
    from tagline.serving.service import ActiveModel, RequestContext, Service

log = logging.getLogger(__name__)
WAITING, WAITING_BYTES = 256, 16_000_000  # requests, and what they hold


class _Asked(NamedTuple):
    models: tuple["ActiveModel", ...]
    body: bytes
    ids: list[str]
    context: "RequestContext"


class Shadows:
    """Lets shadows answer beside the requests, one after the other, in a thread of its own.

    What they have no time for is dropped, and counted: nobody waits for a shadow.

    Parameters
    ----------
    service : Service
        Whose log they write to.
    """

    def __init__(self, service: "Service") -> None:
        self.service = service
        self._queue: SimpleQueue[_Asked] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._bytes, self._lock = 0, threading.Lock()
        self._told = ""

    def add(
        self,
        routing: Routing["ActiveModel"],
        body: bytes,
        ids: Sequence[str],
        context: "RequestContext",
    ) -> None:
        """Let the shadows answer a request too; its answers have the same names."""
        with self._lock:
            held = self._bytes + len(body)
            full = self._queue.qsize() >= WAITING or held > WAITING_BYTES
            self._bytes = self._bytes if full else held
        if full:
            metrics.UNSHADOWED.inc(len(ids) * len(routing.shadows))
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._go_on, daemon=True, name="shadows")
            self._thread.start()
        self._queue.put(_Asked(routing.shadows, body, list(ids), context))

    def _go_on(self) -> None:
        while True:
            asked = self._queue.get()
            for model in asked.models:
                self._answer(model, asked)
            with self._lock:
                self._bytes -= len(asked.body)

    def _answer(self, model: "ActiveModel", asked: _Asked) -> None:
        try:
            found = model.served.reader.read(asked.body)
            answer, flags = model.served.many(found.columns)
            self.service.keep(
                model,
                found,
                prediction_ids=asked.ids,
                answer=answer,
                flags=flags,
                context=asked.context,
            )
            metrics.SHADOWED.inc(len(asked.ids))
        # Whatever a shadow can not do is no request's fault.
        except Exception as wrong:
            metrics.UNSHADOWED.inc(len(asked.ids))
            if str(wrong) != self._told:
                log.error(f"The shadow {model.served.deployed.run} has not answered: {wrong}")
            self._told = str(wrong)
