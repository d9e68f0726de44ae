"""The champion's bundle, for those who hold another model against it."""

from tagline.bundle.load import Bundle
from tagline.case.config import Case
from tagline.ledger.entry import Live
from tagline.operations.candidates import sound_bundle
from tagline.operations.standings import Standings


def champion_bundle(case: Case) -> Bundle | None:
    """Open the bundle of a case's present champion, where there is one.

    Raises
    ------
    Refused
        The bundle is gone or not sound.
    TaglineError
        The ledger can not be read.
    """
    return opened(Standings.of(case).champion())


def opened(live: Live | None) -> Bundle | None:
    """Open the bundle of a run that answers requests."""
    return None if live is None else Bundle(sound_bundle(live.run, live.bundle))
