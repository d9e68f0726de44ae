"""Promotions of a replay: the same rules, entries and checks, in a ledger of its own."""

from collections.abc import Sequence
from pathlib import Path

from tagline.bundle.verify import verify
from tagline.case.config import Case
from tagline.keys import public_hex, signing_key
from tagline.ledger.chain import Ledger
from tagline.ledger.disk import Disk
from tagline.ledger.entry import Deployed
from tagline.ledger.last_seen import LastSeen
from tagline.replay.training import Trained
from tagline.standing.entries import Request, standing
from tagline.standing.people import actor
from tagline.standing.rules import Candidate, Refused
from tagline.standing.transitions import Transitions

WHO = "replay"


class _NoTags:
    """The runs of a replay have no tags."""

    def show(self, _: Ledger) -> Sequence[str]:
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
        self.ledger = Ledger(Disk(folder), case.name, trusted={public_hex(self.key)})
        self.last_seen = LastSeen(folder.parent / "seen", self.ledger)

    def promote(self, trained: Trained, *, why: str, against: Trained | None) -> str:
        """Make a training the champion.

        Returns
        -------
        str
            Why it was refused; empty where it was not.
        """
        champion = standing(self.ledger.head()).champion
        if champion is not None and champion.bundle == trained.digest:
            return ""  # done before the walk was cut short
        if against is not None and champion is not None and champion.bundle != against.digest:
            raise Refused(
                f"The ledger's champion is {champion.run}, the walk's {against.run}.",
                where=self.ledger.store.where,
                todo="Delete the replay's folder, and replay again.",
            )
        author = actor(self.case.standing, login=WHO, key=self.key)
        # Whoever may promote in production is not asked about the past.
        section = self.case.standing.model_copy(
            update={"promoters": (), "approvers": (), "approvals": 0}
        )
        transitions = Transitions(
            Request(self.ledger, section, author, why), _NoTags(), self.last_seen
        )
        candidate = Candidate(
            run=trained.run,
            case=self.case.name,
            bundle=trained.digest,
            author=WHO,
            author_key=author.public,
            initial_standing="candidate",
        )

        def verified(_: Deployed) -> None:
            verify(Path(trained.path))

        try:
            transitions.promote(
                candidate, against=champion, verify=verified, gates=lambda: trained.gates
            )
        except Refused as refused:
            return refused.what
        return ""
