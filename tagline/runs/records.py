"""The records of training runs in the store, and what else the store knows of a training."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, Self

from pydantic import TypeAdapter

from tagline.bundle.record import RunRecord
from tagline.canonical import as_json
from tagline.errors import TaglineError, Unknown
from tagline.keys import signing_key
from tagline.runs.index import Index
from tagline.storage.contract import Store
from tagline.storage.location import own_store

RUNS, BEGUN = "runs", "begun"
JSON, FAILED, EXPLORED = ".json", ".failed.json", ".explored.json"
FORMAT = 1
HOW_TO_TRAIN = "Train one with `python flows/train.py run`, or go where it was trained."


@dataclass(frozen=True)
class RunFacts:
    """What a record says, as far as lists need it.

    Attributes
    ----------
    run, case : str
        Its pathspec and its case.
    standing : str
        What its gates decided: ``candidate`` or ``rejected``.
    digest : str
        Its bundle's digest.
    author, author_key : str
        Who made it: a label, and the public key that signed.
    began : str
        ISO 8601, UTC.
    metrics : dict
        Metric name to its figure on the test rows.
    tested : str
        Which test rows have judged it; see `tested_on`.
    fault : str
        Why the record is void, where it is: nothing else is known of it then.
    """

    run: str
    case: str
    standing: str = ""
    digest: str = ""
    author: str = ""
    author_key: str = ""
    began: str = ""
    metrics: dict[str, float | None] | None = None
    tested: str = ""
    fault: str = ""

    @property
    def tags(self) -> tuple[str, ...]:
        """What it is tagged with for as long as it is what it was at its end."""
        return (self.standing, f"case:{self.case}", f"bundle:{self.digest}")


@dataclass(frozen=True)
class Beginning:
    """A training that has begun.

    Attributes
    ----------
    run, case, began : str
        As of `RunFacts`.
    why : str
        In which step it failed, and what was said; empty where it has not.
    figures : dict
        On the tuning rows, where it ended there; see `Records.explored`.
    """

    run: str
    case: str
    began: str = ""
    why: str = ""
    figures: dict[str, float | None] | None = None


@dataclass(frozen=True)
class Records:
    """The records of a store.

    Attributes
    ----------
    store : Store
        Where they are.
    """

    store: Store

    @classmethod
    def here(cls) -> Self:
        """Give those of the store that is in use."""
        return cls(own_store())

    def cases(self) -> list[str]:
        """Name the cases that have records."""
        return self.store.children(RUNS)

    def begun_cases(self) -> list[str]:
        """Name the cases of which a training has begun."""
        return sorted({*self.store.children(BEGUN), *self.cases()})

    def write(self, record: RunRecord) -> RunRecord:
        """Sign a record with this machine's key and write it, once.

        Raises
        ------
        TaglineError
            There is another one of this run.
        """
        key = signing_key()
        own = record.written_by(key)
        name = name_of(own.case, own.run)
        if not self.store.create(name, own.signed(key)):
            there = self.read(own.run, case=own.case)
            if (there.digest, there.author_key) == (own.digest, own.author_key):
                return there  # of a step that was tried again
            raise TaglineError(
                f"There is another record of {own.run}, and a run has one.",
                where=f"{self.store.where}/{name}",
            )
        return own

    def read(self, run: str, *, case: str = "") -> RunRecord:
        """Read the record of a run, verified.

        Parameters
        ----------
        run : str
            Its pathspec.
        case : str, optional
            Its case, where that is known.

        Raises
        ------
        Unknown
            There is none.
        TaglineError
            It is not as its author signed it, or of a newer format.
        """
        for own in [case] if case else self.cases():
            name = name_of(own, run)
            content = self.store.read(name)
            if content is not None:
                return _parsed(name, content)
        raise Unknown(
            f"There is no record of {run}: it has not finished, or belongs to another store.",
            where=self.store.where,
            todo="`tagline runs` lists those that there are.",
        )

    def of(self, case: str) -> list[RunFacts]:
        """Give what the records of a case say, the newest first; void ones are left out."""
        return [each for each in self.all(case) if not _why_void(each)]

    def faults(self, case: str) -> list[str]:
        """Say which records of a case are void, and why."""
        return [why for each in self.all(case) if (why := _why_void(each))]

    def all(self, case: str) -> list[RunFacts]:
        """Give what all records of a case say, the newest first."""
        kept = TypeAdapter(RunFacts)
        # What is void here may be read by the next version.
        index = Index(self.store, f"{RUNS}/{case}", kept, _facts, lasts=lambda each: not each.fault)
        return sorted(index.all().values(), key=lambda each: (each.began, each.run), reverse=True)

    def begin(self, *, run: str, case: str) -> str:
        """Note that a training has begun; give when."""
        began = now()
        said = {"format": FORMAT, "run": run, "case": case, "began": began}
        self.store.create(_begun(case, run, JSON), as_json(said))
        return began

    def fail(self, *, run: str, case: str, why: str) -> None:
        """Note that a training has failed, and why."""
        said = {"format": FORMAT, "run": run, "case": case, "why": why}
        self.store.write(_begun(case, run, FAILED), as_json(said))

    def explored(self, *, run: str, case: str, figures: Mapping[str, float]) -> None:
        """Note that a training has ended with its choice, and its figures on the tuning rows."""
        known = {name: value if isfinite(value) else None for name, value in figures.items()}
        said = {"format": FORMAT, "run": run, "case": case, "figures": known}
        self.store.write(_begun(case, run, EXPLORED), as_json(said))

    def looks(self, case: str, tested: str) -> int:
        """Count the finished runs of a case that the same test rows have judged."""
        return sum(each.tested == tested for each in self.of(case))

    def beginnings(self, case: str) -> dict[str, Beginning]:
        """Give the trainings of a case that have begun, by their runs."""
        index = Index(self.store, f"{BEGUN}/{case}", TypeAdapter(Beginning), _beginning)
        found: dict[str, Beginning] = {}
        for each in index.all().values():
            known = found.get(each.run, each)
            found[each.run] = Beginning(
                each.run,
                each.case,
                known.began or each.began,
                known.why or each.why,
                known.figures or each.figures,
            )
        return found

    def rows_of_last(self, case: str) -> int | None:
        """Give the number of rows that the newest finished run of a case was given."""
        newest = next(iter(self.of(case)), None)
        if newest is None:
            return None
        return int(self.read(newest.run, case=case).accounting["rows_in"])

    def newest_start(self, case: str) -> datetime | None:
        """Give the start of the newest training of a case, however it ended; None without any."""
        # Who explores has not trained anything that could stand.
        begun = self.beginnings(case).values()
        starts = [each.began for each in begun if not each.figures]
        starts += [each.began for each in self.of(case)[:1]]
        newest = max(filter(None, starts), default=None)
        return None if newest is None else datetime.fromisoformat(newest)


def _why_void(facts: RunFacts) -> str:
    """Say why a record does not count; empty where it does."""
    if facts.began <= later(now(), hours=1):
        return facts.fault
    # It would be the newest for as long as that, and the case as it says.
    return f"{name_of(facts.case, facts.run)}: It says that it begins at {facts.began}."


def later(moment: str, *, hours: float) -> str:
    """Give a time after another one, as `now` does."""
    found = datetime.fromisoformat(moment) + timedelta(hours=hours)
    return found.isoformat(timespec="microseconds")


def name_of(case: str, run: str) -> str:
    """Name the record of a run in the store."""
    return f"{RUNS}/{case}/{run.rpartition('/')[2]}{JSON}"


def now() -> str:
    """Give the time, ISO 8601 in UTC, so that texts are in the order of times."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _begun(case: str, run: str, ending: str) -> str:
    return f"{BEGUN}/{case}/{run.rpartition('/')[2]}{ending}"


def _parsed(name: str, content: bytes) -> RunRecord:
    record = RunRecord.parse(content, where=name)
    if name_of(record.case, record.run) != name:
        raise TaglineError(f"This is the record of {record.run} of {record.case}.", where=name)
    return record


def _facts(name: str, content: bytes) -> RunFacts:
    try:
        record = _parsed(name, content)
    except TaglineError as void:
        case, file = name.split("/")[1], name.rpartition("/")[2]
        return RunFacts(run=file.removesuffix(JSON), case=case, fault=str(void))
    return RunFacts(
        run=record.run,
        case=record.case,
        standing=record.stage,
        digest=record.digest,
        author=record.author,
        author_key=record.author_key,
        began=record.began,
        metrics={name: each["value"] for name, each in record.metrics.items()},
        tested=tested_on(record.periods, record.fingerprint),
    )


def tested_on(periods: Sequence[Mapping[str, Any]], fingerprint: str) -> str:
    """Say which test rows judge a run: from when to when, and how many.

    Parameters
    ----------
    periods : sequence of mapping
        Which rows were its parts.
    fingerprint : str
        SHA-256 of its tables, which counts where rows have no time.
    """
    test = next((each for each in periods if each["part"] == "test"), None)
    if test is None:
        return ""
    span = (test.get("first"), test.get("last"))
    told = f"{span[0]} to {span[1]}" if all(span) and span[0] != span[1] else fingerprint[:12]
    return f"{test['rows']} rows of {told}"


def _beginning(name: str, content: bytes) -> Beginning:
    case, file = name.split("/")[1], name.rpartition("/")[2]
    try:
        said: dict[str, Any] = dict(json.loads(content))
    except (ValueError, TypeError, RecursionError):
        said = {}
    named = file.removesuffix(FAILED).removesuffix(EXPLORED).removesuffix(JSON)
    run, given = str(said.get("run") or named), said.get("figures")
    figures = given if isinstance(given, dict) else None
    return Beginning(run, case, str(said.get("began", "")), str(said.get("why", "")), figures)
