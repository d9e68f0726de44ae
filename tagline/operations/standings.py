"""The standings of one case, as a command or a flow opens them."""

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from tagline import paths
from tagline.bundle.load import Bundle
from tagline.case.config import Case
from tagline.case.load import check_case, load_case
from tagline.data.sources import with_sources
from tagline.errors import TaglineError, Unknown
from tagline.keys import signing_key
from tagline.ledger.chain import Ledger
from tagline.ledger.entry import Deployed, Policy
from tagline.ledger.last_seen import LastSeen
from tagline.ledger.policy import trusted_by
from tagline.ledger.state import State
from tagline.operations.candidates import open_bundle, verified_bundle
from tagline.registry.facts import finished_runs
from tagline.registry.runs import HOW_TO_TRAIN, Run, artifact, find, looked_at, username
from tagline.registry.tags import Tags
from tagline.standing.people import Actor, actor, proposed
from tagline.standing.request import Request
from tagline.standing.transitions import Transitions
from tagline.store.location import open_store


@dataclass(frozen=True)
class Standings:
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
    def of(cls, case: Case) -> "Standings":
        """Open the standings of a case."""
        ledger = Ledger(open_store(paths.ledger()), case.name)
        return cls(case, ledger, LastSeen(paths.seen(), ledger))

    def state(self) -> State:
        """Give what stands, held against what this machine has seen before."""
        return self.last_seen.state()

    def champion(self) -> Deployed | None:
        """Give the champion, if there is one."""
        return self.state().standing.champion

    def policy(self) -> Policy:
        """Give who may do what: as the ledger says, else as the config proposes."""
        return self.state().policy or proposed(self.case.standing)

    def trusted(self) -> Container[str]:
        """Give the keys with which a bundle of the case may be sealed."""
        return trusted_by(self.policy())

    def verify(self, live: Deployed) -> None:
        """Raise where the bundle of a run can not be used."""
        verified_bundle(live.run, live.bundle, self.trusted())

    def bundle(self, live: Deployed) -> Bundle:
        """Open the bundle of a run that answers requests."""
        return self.bundle_of(live.run, live.bundle)

    def bundle_of(self, run: str, digest: str) -> Bundle:
        """Open the bundle of any run of the case."""
        return open_bundle(run, digest, self.trusted())

    def who(self) -> Actor:
        """Say who acts."""
        return actor(self.policy(), login=username(), key=signing_key())

    def transitions(self, why: str) -> Transitions:
        """Open what changes standings."""
        request = Request(self.ledger, proposed(self.case.standing), self.who(), why)
        return Transitions(request, Tags(), self.last_seen)


def open_case(name: str | None, *, config: Path | str | None = None) -> Standings:
    """Open the standings of a case by its name.

    Parameters
    ----------
    name : str or None
        The case; the only one that has runs where None or empty.
    config : Path or str, optional
        Its config; where the newest run found it, where None or empty.

    Raises
    ------
    TaglineError
        There is no such case, or several and none is named, or its config is not there.
    """
    known = cases()
    name = name or _only(known)
    if name not in known:
        have = ", ".join(sorted(known)) or "none"
        raise Unknown(f"The case {name!r} has no runs here.", todo=f"Cases with runs: {have}.")
    return _opened(known[name], name, Path(config) if config else None)


def open_run(
    run: str | None, *, case: str | None, config: Path | None = None
) -> tuple[Standings, Run]:
    """Open the standings of the case that is named, else of the one that a run belongs to.

    Raises
    ------
    TaglineError
        There is no such run or case, or the case's config is not there.
    """
    found = find(run)
    own = str(artifact(found, "case_name"))
    if case is not None and case != own:
        return open_case(case, config=config), found
    return _opened(found, own, config), found


def cases() -> dict[str, Run]:
    """Find the cases that have runs, each with its newest one."""
    found: dict[str, Run] = {}
    for run, facts in finished_runs():
        found.setdefault(facts.case, run)
    return found


def _opened(run: Run, name: str, config: Path | None) -> Standings:
    given = artifact(run, "case_config")
    file = config or Path(given["file"])
    # On another machine the config is not there: the run keeps it as it was.
    case = load_case(file) if config or file.is_file() else check_case(given)
    if case.name != name:
        raise TaglineError(f"It is the config of {case.name!r}, not of {name!r}.", where=str(file))
    if case.table.source and not Path(case.table.source).exists():
        case = with_sources(case, artifact(run, "prepared").sources, paths.cache())
    return Standings.of(case)


def _only(known: dict[str, Run]) -> str:
    if not known:
        raise TaglineError("No case has a finished run here.", where=looked_at(), todo=HOW_TO_TRAIN)
    if len(known) != 1:
        have = ", ".join(sorted(known))
        raise TaglineError(
            f"There are {len(known)} cases with runs: {have}.", todo="Name one with --case."
        )
    return next(iter(known))
