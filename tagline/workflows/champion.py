"""The champion's bundle, for those who hold another model against it."""

from tagline.bundle.load import Bundle
from tagline.case.config import Case
from tagline.errors import TaglineError
from tagline.workflows.standings import ModelRegistry


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
    standings = ModelRegistry.of(case)
    champion = standings.champion()
    try:
        return standings.bundle(champion) if champion else None, ""
    except TaglineError as lost:
        return None, f"the champion's bundle can not be used. {lost}"
