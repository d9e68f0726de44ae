"""The standings of one case, as a command or a flow opens them."""

from dataclasses import dataclass
from pathlib import Path

from tagline import paths
from tagline.case.config import Case
from tagline.case.load import load_case
from tagline.errors import TaglineError
from tagline.keys import signing_key, trusted_keys
from tagline.ledger.chain import Ledger
from tagline.ledger.entry import Deployed, Entry
from tagline.ledger.last_seen import LastSeen
from tagline.ledger.location import open_store
from tagline.registry.runs import Run, artifact, find, newest_first, username
from tagline.registry.tags import Tags
from tagline.standing.entries import Request, standing
from tagline.standing.people import Actor, actor
from tagline.standing.transitions import Transitions

TAG = "case:"


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
        keys = trusted_keys() | set(case.standing.keys.values())
        ledger = Ledger(open_store(paths.ledger()), case.name, trusted=keys)
        return cls(case, ledger, LastSeen(paths.seen(), ledger))

    def head(self) -> Entry | None:
        """Give the ledger's last entry, and hold it against what was seen before."""
        head = self.ledger.head()
        self.last_seen.check(head)
        if head is not None:
            self.last_seen.note(head)
        return head

    def champion(self) -> Deployed | None:
        """Give the champion, if there is one."""
        return standing(self.head()).champion

    def who(self) -> Actor:
        """Say who acts."""
        return actor(self.case.standing, login=username(), key=signing_key())

    def transitions(self, why: str) -> Transitions:
        """Open what changes standings."""
        request = Request(self.ledger, self.case.standing, self.who(), why)
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
        raise TaglineError(f"The case {name!r} has no runs here.", todo=f"Cases with runs: {have}.")
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
    for run in newest_first():
        for tag in run.user_tags:
            if tag.startswith(TAG):
                found.setdefault(tag.removeprefix(TAG), run)
    return found


def _opened(run: Run, name: str, config: Path | None) -> Standings:
    file = config or Path(artifact(run, "case_config")["file"])
    if not file.is_file():
        raise TaglineError(
            "The case's config is not here; it says who may do what.",
            where=str(file),
            todo="Name it with --config FILE.",
        )
    case = load_case(file)
    if case.name != name:
        raise TaglineError(f"It is the config of {case.name!r}, not of {name!r}.", where=str(file))
    return Standings.of(case)


def _only(known: dict[str, Run]) -> str:
    if len(known) != 1:
        have = ", ".join(sorted(known)) or "none has any"
        raise TaglineError(
            f"There are {len(known)} cases with runs: {have}.", todo="Name one with --case."
        )
    return next(iter(known))
