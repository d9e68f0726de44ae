"""Tagline: from a table to a model in production, promoted by tagging."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagline.notebook import Live

__all__ = ["challengers", "champion"]


def champion(case: str | None = None) -> "Live":
    """Give what stands as champion of a case, as the ledger says.

    Parameters
    ----------
    case : str, optional
        The case; the only one that has a ledger where left out.

    Returns
    -------
    Live
        With its Metaflow ``run`` and its ``bundle``, each opened when it is asked for.

    Raises
    ------
    TaglineError
        There is no champion, or the ledger can not be read.

    Examples
    --------
    ::

        import tagline

        best = tagline.champion("flights")
        best.run["end"].task["metrics"].data
        best.bundle.predict_frame(rows)
    """
    from tagline.notebook import champion as found  # noqa: PLC0415

    return found(case)


def challengers(case: str | None = None) -> "list[Live]":
    """Give what has a share of the traffic beside the champion; see `champion`."""
    from tagline.notebook import challengers as found  # noqa: PLC0415

    return found(case)
