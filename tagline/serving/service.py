"""What one worker holds while it serves a case: the model, the log, the keys, the counts."""

import gc
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec
import numpy as np

from tagline.case.config import Case
from tagline.columns.body import Body
from tagline.errors import TaglineError
from tagline.prediction_log.known import KnownIds
from tagline.prediction_log.log import PredictionLog
from tagline.prediction_log.pseudonyms import Pseudonyms
from tagline.prediction_log.records import CHAMPION, SHADOW, Answers, Outcome, encode
from tagline.prediction_log.segment import NoRoom, Segment
from tagline.serving import metrics
from tagline.serving.access import Access
from tagline.serving.answers import HistoryAge, Shapes, shapes
from tagline.serving.problems import Problem
from tagline.serving.routing import Routing
from tagline.serving.served import Flags, ServedModel
from tagline.serving.shadows import Shadows
from tagline.serving.states import Refusal

log = logging.getLogger(__name__)
BEFORE = 4
SELDOM = 50_000, 20, 20  # a request makes a hundred objects that end with it


@dataclass(slots=True)
class RequestContext:
    """What is known of a request.

    Attributes
    ----------
    request_id : str
        Its name: the caller's own, or one of ours.
    begun : int
        When it came, in nanoseconds.
    query : bytes
        What follows the question mark.
    principal : str
        Who asks; empty while that is not known.
    """

    request_id: str
    begun: int
    query: bytes
    principal: str = ""


class ActiveModel(msgspec.Struct):
    """A model that answers now, with what each answer needs of it.

    Attributes
    ----------
    served : ServedModel
        The model.
    counts : ProfileCounts
        Counts what it answers.
    said, by : Raw
        How answers name it, and how a row among others': with its rule.
    personal : list of tuple
        Place and name of each field that names a person.
    shapes : Shapes
        The structs of its answers.
    arm : str
        ``champion``, ``challenger`` or ``shadow``.
    """

    served: ServedModel
    counts: metrics.ProfileCounts
    said: msgspec.Raw
    by: msgspec.Raw
    personal: list[tuple[int, str]]
    shapes: Shapes
    arm: str = CHAMPION

    def decide(self, given: Any) -> tuple[Any, ...]:
        """Give the columns of the answer to one row, of what its graph gave."""
        bundle = self.served.bundle
        return bundle.task.decide(given, bundle.rule)

    def common(self) -> dict[str, Any]:
        """Give what the answers of one request have in common."""
        bundle = self.served.bundle
        shown = bundle.task.shown(bundle.rule)
        return {"model": self.said, "history": self.history_age(), **shown}

    def history_age(self) -> HistoryAge | None:
        """Say how old the history is that an answer rests on; None where it rests on none."""
        history = self.served.history
        if history is None:
            return None
        as_of = history.snapshot.as_of
        return HistoryAge(as_of, round(time.time() - as_of, 3))


class Service:
    """One worker's state.

    Parameters
    ----------
    case : Case
        What is served.
    log : PredictionLog
        The case's log.
    access : Access
        Who may ask.
    pseudonyms : Pseudonyms
        Hides what names a person.
    access_log : bool, optional
        Whether each request is logged, and not only those that fail.
    """

    def __init__(
        self,
        case: Case,
        *,
        log: PredictionLog,
        access: Access,
        pseudonyms: Pseudonyms,
        access_log: bool = False,
    ) -> None:
        section = case.serving
        self.case, self.section, self.log = case, section, log
        self.access, self.pseudonyms, self.access_log = access, pseudonyms, access_log
        limits = {
            "fsync": section.fsync,
            "max_bytes": section.segment_bytes,
            "max_seconds": section.segment_seconds,
        }
        self.predictions = Segment(log.folder, **limits)  # type: ignore[arg-type]
        self.known = KnownIds(log)
        self.routing: Routing[ActiveModel] | None = None
        self.refusal: Refusal | None = None
        self.pages: list[metrics.Page] = []
        # Requests that began with the model before end with it, and are counted too.
        self._former: deque[metrics.ProfileCounts] = deque(maxlen=BEFORE)
        self.shadows = Shadows(self)
        self._prefix, self._next, self._lock = secrets.token_hex(6), 1, threading.Lock()
        self._counting = threading.Lock()

    def count(self) -> None:
        """Add up what was put aside while answers left."""
        with self._counting:
            models = self.routing.models if self.routing else ()
            for counts in (*self._former, *(each.counts for each in models)):
                counts.count()
            for page in self.pages:
                page.count()

    @property
    def current(self) -> ActiveModel | None:
        """The champion that answers now."""
        return self.routing.champion if self.routing else None

    def active(self, served: ServedModel, *, arm: str = CHAMPION) -> ActiveModel:
        """Give a model with what each answer needs of it, and count what it answers."""
        deployed, digest = served.deployed, served.bundle.digest
        said = {"run": deployed.run, "digest": digest, "entry": deployed.since}
        hidden = self.pseudonyms.personal
        shown = served.bundle.task.shown(served.bundle.rule)
        return ActiveModel(
            served,
            metrics.ProfileCounts(served, hidden=hidden),
            msgspec.Raw(msgspec.json.encode(said)),
            msgspec.Raw(msgspec.json.encode({**said, **shown})),
            [(place, name) for place, name in enumerate(served.names) if name in hidden],
            shapes(served.bundle.task),
            arm,
        )

    def switch(self, routing: Routing[ActiveModel] | None) -> None:
        """Let others answer from now on; requests that have begun end with theirs."""
        self.count()
        before, now = self.routing, {id(each) for each in routing.models} if routing else set()
        for each in before.models if before else ():
            if id(each) not in now:
                self._former.append(each.counts)
        self.routing = routing
        if routing is None:
            return
        served = routing.champion.served
        # What is loaded now stays: the collector need not walk through it for ever.
        gc.unfreeze()  # what was kept for the model before is not kept for ever
        gc.collect()
        gc.freeze()
        gc.set_threshold(*SELDOM)
        metrics.MODEL.set(served.deployed.since)
        if served.history is not None:
            metrics.AS_OF.set(served.history.snapshot.as_of)

    def model(self) -> ActiveModel:
        """Give the champion that answers now; see `routed`."""
        return self.routed().champion

    def routed(self) -> Routing[ActiveModel]:
        """Give who answers now.

        Raises
        ------
        Problem
            503: nobody does.
        """
        if self.routing is None:
            why = f" {self.refusal.why}" if self.refusal else ""
            raise Problem(
                503,
                f"The case {self.case.name} has no champion to serve.{why}",
                headers={"Retry-After": "5"},
            )
        return self.routing

    def subjects(self, current: ActiveModel, body: Body, ids: Sequence[str]) -> list[str]:
        """Give what each row is routed by: the case's subject, its own id, else the answer's."""
        named: list[Sequence[Any]] = [body.ids, ids]
        if self.section.subject in current.served.names:
            named.insert(0, body.columns[current.served.names.index(self.section.subject)])
        return [
            str(next(each for each in row if each is not None and each != "" and each == each))
            for row in zip(*named, strict=True)
        ]

    def next_ids(self, count: int) -> list[str]:
        """Name predictions, unlike any other of any worker."""
        with self._lock:
            first, self._next = self._next, self._next + count
        prefix = self._prefix
        if count == 1:
            return [f"{prefix}{first:08x}"]
        # As for one, of all at once.
        text = np.arange(first, first + count).astype(">u4").tobytes().hex()
        return [prefix + text[place : place + 8] for place in range(0, len(text), 8)]

    def keep(
        self,
        current: ActiveModel,
        body: Body,
        *,
        prediction_ids: list[str],
        answer: Sequence[list[Any]],
        flags: Flags,
        context: RequestContext,
        row: Sequence[Any] | None = None,
    ) -> None:
        """Write a request's answers into the log, and count them; `row` is the only one, if it is.

        Raises
        ------
        Problem
            503: the log can not be written, so that nothing is answered.
        """
        served = current.served
        record = Answers(
            time.time_ns(),
            context.request_id,
            context.principal,
            served.deployed.run,
            served.bundle.digest,
            served.deployed.since,
            (time.perf_counter_ns() - context.begun) // 1_000,
            served.history.snapshot.name if served.history else "",
            served.names,
            self._hidden(current, body.columns),
            prediction_ids,
            self._named(served.row_id, body.ids),
            dict(zip(served.answers, answer, strict=True)),
            flags.unknown,
            body.missing,
            flags.outside,
            current.arm,
        )
        self._write(record, seen=current.arm != SHADOW)
        if current.arm == SHADOW:
            return  # it has answered nobody
        if row is None:
            current.counts.add(body.columns, answer[0])
        else:
            current.counts.add_row(row, answer[0][0])
        for input_ in chain.from_iterable(flags.unknown.values()):
            metrics.UNKNOWN.labels(input_).inc()
        for why in flags.outside.values():
            metrics.OUTSIDE.labels(why).inc()
        for lacking in chain.from_iterable(body.missing.values()):
            metrics.LACKING.labels(lacking).inc()

    def keep_outcomes(self, outcomes: Sequence[Outcome]) -> int:
        """Write outcomes into the log; give how many name no answer that is known.

        Raises
        ------
        Problem
            503: the log can not be written.
        """
        try:
            self.log.add(outcomes)
        except TaglineError as unwritten:
            raise Problem(
                503, f"{unwritten.what} Nothing was accepted.", headers={"Retry-After": "5"}
            ) from unwritten
        metrics.OUTCOMES.inc(len(outcomes))
        unknown = self.known.unknown(outcomes)
        metrics.STRANGE.inc(unknown)
        return unknown

    def close(self) -> None:
        """End the segment."""
        self.predictions.close()

    def _hidden(self, current: ActiveModel, columns: Sequence[Sequence[Any]]) -> list[Any]:
        kept: list[Any] = list(columns)
        for place, name in current.personal:
            kept[place] = [self.pseudonyms.kept(name, each) for each in kept[place]]
        return kept

    def _named(self, name: str, ids: Sequence[Any]) -> list[str | None]:
        return [
            None if own is None or own == "" else str(self.pseudonyms.kept(name, own))
            for own in ids
        ]

    def _write(self, record: Answers, *, seen: bool) -> None:
        try:
            self.predictions.append(encode(record))
        except NoRoom as full:
            metrics.UNLOGGED.inc(int(seen))
            raise Problem(
                503, f"{full.what} Nothing is answered unlogged.", headers={"Retry-After": "5"}
            ) from full
