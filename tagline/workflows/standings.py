"""The standings of one case, as a command or a flow opens them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagline import paths
from tagline.bundle.record import RunRecord
from tagline.case.config import Case
from tagline.case.load import check_case, load_case
from tagline.data.sources import with_sources
from tagline.errors import TaglineError, Unknown
from tagline.keys import signing_key
from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.entry import Deployment, Policy, Standing
from tagline.lifecycle.last_seen import LastSeen
from tagline.lifecycle.people import Actor, actor, proposed
from tagline.lifecycle.request import Request
from tagline.lifecycle.rules import Candidate
from tagline.lifecycle.state import State
from tagline.lifecycle.transitions import Transitions
from tagline.runs.records import HOW_TO_TRAIN, Records, RunFacts
from tagline.runs.stores import expect_own_store
from tagline.storage.location import open_store
from tagline.storage.place import ledger as ledger_location
from tagline.storage.place import metaflow_root
from tagline.workflows.candidates import candidate, open_bundle, verified_bundle

if TYPE_CHECKING:
    from tagline.bundle.load import Bundle

SOURCES = "sources/"


@dataclass(frozen=True)
class ModelRegistry:
    """The standings of one case.

    Attributes
    ----------
    case : Case
        Its config as it is now.
    ledger : Ledger
        Decides.
    last_seen : LastSeen
        Remembers how far this machine has seen the ledger.
    """

    case: Case
    ledger: Ledger
    last_seen: LastSeen

    @classmethod
    def of(cls, case: Case) -> "ModelRegistry":
        """Open the standings of a case."""
        ledger = Ledger(open_store(ledger_location()), case.name)
        return cls(case, ledger, LastSeen(paths.seen(), ledger))

    def state(self) -> State:
        """Give what stands, held against what this machine has seen before."""
        return self.last_seen.state()

    def standing(self) -> Standing:
        """Give the champion and who answers beside it."""
        return self.state().standing

    def champion(self) -> Deployment | None:
        """Give the champion, if there is one."""
        return self.standing().champion

    def put_right(self, column: str, value: str) -> list[str]:
        """Give how a value is written once it was put right: as the config and the champion say."""
        # Whoever only asks who stands needs no library of tables.
        from tagline.columns.cleaning import Cleaning  # noqa: PLC0415

        section, deployed = self.case.fields.get(column), self.champion()
        ways = [Cleaning(**section.cleaning)] if section else []
        if deployed is not None:
            fields = open_bundle(deployed.run, deployed.bundle).fields
            ways += [field.cleaning for field in fields if field.name == column]
        return [way.text(value) for way in ways]

    def policy(self) -> Policy:
        """Give who may do what: as the ledger says, else as the config proposes."""
        return self.state().policy or proposed(self.case.standing)

    def candidate(self, record: RunRecord) -> Candidate:
        """Say what a promotion needs to know of a run."""
        known = self.state().authors.get(record.run, ("", ""))
        return candidate(record, self.policy(), known)

    def verify(self, live: Deployment) -> None:
        """Raise where the bundle of a run can not be used."""
        verified_bundle(live.run, live.bundle)

    def bundle(self, live: Deployment) -> "Bundle":
        """Open the bundle of a run that answers requests."""
        return open_bundle(live.run, live.bundle)

    def who(self) -> Actor:
        """Say who acts."""
        from tagline.runs.lookup import username  # noqa: PLC0415 - Metaflow, which no server needs

        return actor(self.policy(), login=username(), key=signing_key())

    def transitions(self, why: str) -> Transitions:
        """Open what changes standings."""
        from tagline.runs.tags import Tags  # noqa: PLC0415 - Metaflow

        request = Request(self.ledger, proposed(self.case.standing), self.who(), why)
        return Transitions(request, Tags(), self.last_seen)


def open_case(
    name: str | None, *, config: Path | str | None = None, record: RunRecord | None = None
) -> ModelRegistry:
    """Open the standings of a case by its name.

    Parameters
    ----------
    name : str or None
        The case; the only one that has runs where None or empty.
    config : Path or str, optional
        A config to go by instead of the one with which its newest run was trained.
    record : RunRecord, optional
        A run to go by instead of the newest.

    Raises
    ------
    TaglineError
        There is no such case, or several and none is named, or the config is of another.
    """
    records = Records.here()
    known = records.cases()
    if not known:
        expect_own_store(records.store)
    name = name or _only(known, records.store.where)
    if name not in known:
        have = ", ".join(sorted(known)) or "none"
        raise Unknown(
            f"The case {name!r} has no runs here.",
            where=records.store.where,
            todo=f"Cases with runs: {have}.",
        )
    expect_own_store(records.store)
    record = record or records.read(_newest(records, name).run, case=name)
    return ModelRegistry.of(_case(record, Path(config) if config else None))


def open_run(
    run: str | None, *, case: str | None, config: Path | None = None
) -> tuple[ModelRegistry, RunRecord]:
    """Open the standings of the case that is named, else of the one that a run belongs to.

    Raises
    ------
    TaglineError
        There is no such run or case.
    """
    from tagline.runs.lookup import find  # noqa: PLC0415 - Metaflow

    found = find(run)
    return open_case(case or found.case, config=config), found


def _case(record: RunRecord, config: Path | None) -> Case:
    case = load_case(config) if config is not None else check_case(record.config)
    if case.name != record.case:
        raise TaglineError(
            f"It is the config of {case.name!r}, not of {record.case!r}.", where=str(config)
        )
    return with_sources(case, sources_of(record))


def sources_of(record: RunRecord) -> dict[str, str]:
    """Give what a run's tables were read from, as `tagline.data.sources` names it."""
    return {
        each.removeprefix(SOURCES): digest
        for each, digest in record.files.items()
        if each.startswith(SOURCES)
    }


def _newest(records: Records, name: str) -> RunFacts:
    """Give the newest run of a case by somebody whom its policy knows."""
    ledger = Ledger(open_store(ledger_location()), name)
    policy = ledger.state().policy
    known = records.of(name)
    if policy is not None and not policy.open:
        known = [each for each in known if each.author_key in policy.people.values()] or known
    if not known:
        raise TaglineError(
            f"No record of the case {name!r} is sound: {'; '.join(records.faults(name))}",
            where=records.store.where,
        )
    return known[0]


def _only(known: Sequence[str], where: str) -> str:
    if not known:
        old = (metaflow_root().parent / ".tagline" / "bundles").is_dir()
        todo = "`tagline migrate` moves what an earlier version left." if old else HOW_TO_TRAIN
        raise TaglineError("No case has a finished run here.", where=where, todo=todo)
    if len(known) != 1:
        have = ", ".join(sorted(known))
        raise TaglineError(
            f"There are {len(known)} cases with runs: {have}.", todo="Name one with --case."
        )
    return next(iter(known))
