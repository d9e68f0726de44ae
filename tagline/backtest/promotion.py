"""Promotions of a replay: the same rules, entries and checks, in a ledger of its own."""

from collections.abc import Sequence
from pathlib import Path

from tagline.backtest.training import Trained
from tagline.bundle.verify import verify
from tagline.case.config import Case
from tagline.keys import signing_key
from tagline.lifecycle import entries
from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.entry import Deployment, Policy
from tagline.lifecycle.last_seen import LastSeen
from tagline.lifecycle.people import actor
from tagline.lifecycle.request import Request
from tagline.lifecycle.rules import Candidate, Refused
from tagline.lifecycle.state import State
from tagline.lifecycle.transitions import Transitions, Wrong
from tagline.storage.disk import Disk

WHO = "replay"


class _NoTags:
    """The runs of a replay have no tags."""

    def show(self, ledger: Ledger, state: State) -> Sequence[Wrong]:  # noqa: ARG002
        return ()


class ReplayLedger:
    """Who is champion, in a replay.

    Parameters
    ----------
    case : Case
        The case.
    folder : Path
        Where the ledger is kept.
    """

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.key = case, signing_key()
        self.ledger = Ledger(Disk(folder), case.name)
        self.last_seen = LastSeen(folder.parent / "seen", self.ledger)

    def promote(self, trained: Trained, *, why: str, against: Trained | None) -> str:
        """Make a training the champion.

        Returns
        -------
        str
            Why it was refused; empty where it was not.
        """
        champion = self.ledger.state().standing.champion
        if champion is not None and champion.bundle == trained.digest:
            return ""  # done before the walk was cut short
        if against is not None and champion is not None and champion.bundle != against.digest:
            raise Refused(
                f"The ledger's champion is {champion.run}, the walk's {against.run}.",
                where=self.ledger.store.where,
                todo="Delete the replay's folder, and replay again.",
            )
        # Whoever may promote in production is not asked about the past.
        anyone = Policy()
        author = actor(anyone, login=WHO, key=self.key)
        transitions = Transitions(
            Request(self.ledger, anyone, author, why), _NoTags(), self.last_seen
        )
        candidate = Candidate(
            run=trained.run,
            case=self.case.name,
            bundle=trained.digest,
            author=WHO,
            author_key=author.public,
            initial_standing="candidate",
        )

        def verified(_: Deployment) -> None:
            verify(Path(trained.path))

        try:
            transitions.apply(
                entries.promotion,
                candidate=candidate,
                against=champion,
                verify=verified,
                gates=lambda: trained.gates,
            )
        except Refused as refused:
            return refused.what
        return ""
