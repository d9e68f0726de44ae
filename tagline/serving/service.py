"""What one worker holds while it serves a case: the model, the log, the keys, the counts."""

import logging
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from tagline.case.config import Case
from tagline.ledger.entry import Deployed
from tagline.predictions.pseudonyms import Pseudonyms
from tagline.predictions.records import Answered, Answers, Outcome, encode
from tagline.predictions.segment import NoRoom, Segment
from tagline.predictions.tables import OUTCOMES, PREDICTIONS
from tagline.serving import metrics
from tagline.serving.access import Access
from tagline.serving.binary import Prediction
from tagline.serving.problems import Problem
from tagline.serving.served import Served

log = logging.getLogger(__name__)


@dataclass
class Refusal:
    """A champion that is not served, and why."""

    entry: int
    digest: str
    why: str


class Current(msgspec.Struct):
    """A model that answers now, with what each answer needs of it.

    Attributes
    ----------
    served : Served
        The model.
    watched : Watched
        Counts what it answers.
    said : Raw
        How answers name it.
    rows, acted : Counter
        Its own counters.
    personal : list of tuple
        Place and name of each field that names a person.
    """

    served: Served
    watched: metrics.Watched
    said: msgspec.Raw
    rows: Any
    acted: Any
    personal: list[tuple[int, str]]


class Service:
    """One worker's state.

    Parameters
    ----------
    case : Case
        What is served.
    folder : Path
        The case's log.
    access : Access
        Who may ask.
    pseudonyms : Pseudonyms
        Hides what names a person.
    """

    def __init__(self, case: Case, *, folder: Path, access: Access, pseudonyms: Pseudonyms) -> None:
        section = case.serving
        self.case, self.section, self.folder = case, section, folder
        self.access, self.pseudonyms = access, pseudonyms
        limits = {
            "fsync": section.fsync,
            "most_bytes": section.segment_bytes,
            "most_seconds": section.segment_seconds,
        }
        self.predictions = Segment(folder / PREDICTIONS, **limits)  # type: ignore[arg-type]
        self.outcomes = Segment(folder / OUTCOMES, **limits)  # type: ignore[arg-type]
        self.current: Current | None = None
        self.refusal: Refusal | None = None
        self._prefix, self._numbers = secrets.token_hex(6), count(1)

    def switch(self, served: Served | None) -> None:
        """Let another model answer from now on; requests that have begun end with theirs."""
        if served is None:
            self.current = None
            return
        deployed, digest = served.deployed, served.bundle.digest
        said = {"run": deployed.run, "digest": digest, "entry": deployed.since}
        hidden = self.pseudonyms.personal
        self.current = Current(
            served,
            metrics.Watched(served, hidden=hidden),
            msgspec.Raw(msgspec.json.encode(said)),
            metrics.PREDICTIONS.labels(deployed.run, digest[:12]),
            metrics.ACTED.labels(deployed.run, digest[:12]),
            [(place, name) for place, name in enumerate(served.names) if name in hidden],
        )
        metrics.MODEL.labels(deployed.run, digest[:12]).set(deployed.since)
        if served.history is not None:
            metrics.AS_OF.set(served.history.snapshot.as_of)

    def model(self) -> Current:
        """Give the model that answers now.

        Raises
        ------
        Problem
            503: there is none.
        """
        if self.current is None:
            why = f" {self.refusal.why}" if self.refusal else ""
            raise Problem(503, f"The case {self.case.name} has no champion to serve.{why}")
        return self.current

    def next_id(self) -> str:
        """Name a prediction, unlike any other of any worker."""
        return f"{self._prefix}{next(self._numbers):08x}"

    def keep(
        self,
        current: Current,
        rows: Sequence[Sequence[Any]],
        ids: Sequence[Any],
        predictions: Sequence[Prediction],
        *,
        request_id: str,
        principal: str,
        begun: int,
    ) -> None:
        """Write a request's answers into the log, and count them.

        Raises
        ------
        Problem
            503: the log can not be written, so that nothing is answered.
        """
        served = current.served
        name = served.row_id
        answered = [
            Answered(
                each.prediction_id,
                None if own is None else str(self.pseudonyms.kept(name, own)),
                self._hidden(current, values),
                each.probability,
                each.decision,
                each.unknown,
                each.missing,
            )
            for each, values, own in zip(predictions, rows, ids, strict=True)
        ]
        record = Answers(
            time.time_ns(),
            request_id,
            principal,
            served.deployed.run,
            served.bundle.digest,
            served.deployed.since,
            (time.perf_counter_ns() - begun) // 1_000,
            served.history.snapshot.name if served.history else "",
            served.names,
            answered,
        )
        self._write(self.predictions, record)
        current.rows.inc(len(predictions))
        for each, values in zip(predictions, rows, strict=True):
            current.watched.add(values, each.probability)
            if each.decision:
                current.acted.inc()
            for input_ in each.unknown:
                metrics.UNKNOWN.labels(input_).inc()
            for lacking in each.missing:
                metrics.LACKING.labels(lacking).inc()

    def keep_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes into the log.

        Raises
        ------
        Problem
            503: the log can not be written.
        """
        for outcome in outcomes:
            self._write(self.outcomes, outcome)
        metrics.OUTCOMES.inc(len(outcomes))

    def close(self) -> None:
        """End the segments."""
        self.predictions.close()
        self.outcomes.close()

    def _hidden(self, current: Current, values: Sequence[Any]) -> list[Any]:
        if not current.personal:
            return list(values)
        kept = list(values)
        for place, name in current.personal:
            kept[place] = self.pseudonyms.kept(name, kept[place])
        return kept

    def _write(self, segment: Segment, record: Answers | Outcome) -> None:
        try:
            segment.append(encode(record))
        except NoRoom as full:
            metrics.UNLOGGED.inc()
            raise Problem(
                503, f"{full.what} Nothing is answered unlogged.", headers={"Retry-After": "5"}
            ) from full


class Noted:
    """Which model each worker of a server has, for whoever asks any of them.

    Parameters
    ----------
    folder : Path
        A file for each worker, called by its process id.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def note(self, deployed: Deployed | None, refusal: Refusal | None) -> None:
        """Say what this worker has."""
        said = {
            "digest": deployed.bundle if deployed else "",
            "refused": msgspec.to_builtins(refusal) if refusal else None,
        }
        unfinished = self.folder / f".{os.getpid()}"
        unfinished.write_bytes(msgspec.json.encode(said))
        unfinished.replace(self.folder / str(os.getpid()))

    def all(self) -> dict[str, Any]:
        """Give what every living worker has: digests by process, and the first refusal."""
        import psutil  # noqa: PLC0415 - asked for rarely

        found: dict[str, Any] = {}
        for file in sorted(self.folder.glob("[0-9]*")):
            if psutil.pid_exists(int(file.name)):
                found[file.name] = msgspec.json.decode(file.read_bytes())
        digests = {each["digest"] for each in found.values()}
        return {
            "digest": digests.pop() if len(digests) == 1 else "",
            "workers": {pid: each["digest"] for pid, each in found.items()},
            "refused": next((each["refused"] for each in found.values() if each["refused"]), None),
        }
