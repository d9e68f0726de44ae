"""The champion's bundle, for those who hold another model against it."""

from tagline.bundle.load import Bundle
from tagline.case.config import Case
from tagline.errors import TaglineError
from tagline.ledger.entry import Deployed
from tagline.operations.candidates import verified_bundle
from tagline.operations.standings import Standings


def champion_bundle(case: Case) -> tuple[Bundle | None, str]:
    """Open the bundle of a case's present champion, where there is one.

    Returns
    -------
    bundle : Bundle or None
        None where there is no champion, or its bundle can not be used.
    why_not : str
        Why it can not be used; empty where it can, or where there is none.

    Raises
    ------
    TaglineError
        The ledger can not be read.
    """
    champion = Standings.of(case).champion()
    try:
        return opened(champion), ""
    except TaglineError as lost:
        return None, f"the champion's bundle can not be used. {lost}"


def opened(live: Deployed | None) -> Bundle | None:
    """Open the bundle of a run that answers requests."""
    return None if live is None else Bundle(verified_bundle(live.run, live.bundle))
