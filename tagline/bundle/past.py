"""The history that a bundle's answers rest on, computed by its own declarations."""

from collections.abc import Mapping

import pandas as pd

from tagline.bundle.load import Bundle
from tagline.columns.rows import read_rows
from tagline.errors import TaglineError
from tagline.history.bulk import compute
from tagline.history.written import expect_schemas, schemas


def with_own_history(
    bundle: Bundle,
    raw: pd.DataFrame,
    *,
    typed: pd.DataFrame,
    events: Mapping[str, pd.DataFrame],
    at: str,
    timezone: str,
) -> pd.DataFrame:
    """Give decisions with the history that a bundle declares, whatever is declared today.

    Parameters
    ----------
    bundle : Bundle
        Says which columns there are, and how each is computed.
    raw : DataFrame of shape (n, columns)
        The decisions as they came in, without history.
    typed : DataFrame of shape (n, columns)
        The same decisions as today's case reads them; times and keys that are no fields of the
        bundle are taken from here.
    events : mapping of str to DataFrame
        The streams as they are now.
    at : str
        The column of `typed` with the decisions' times.
    timezone : str
        The zone of the events' times that bear none.

    Returns
    -------
    DataFrame of shape (n, columns)
        `raw` and the bundle's history columns.

    Raises
    ------
    TaglineError
        The bundle says not how its history is computed, or a stream or key column is not there
        any more, or holds something else.
    """
    if not bundle.history:
        return raw
    if not bundle.declarations:
        raise TaglineError(
            "It does not say how its history is computed: it was sealed before bundles did.",
            where=bundle.where,
        )
    keys = {name for declared in bundle.declarations for name in declared.by}
    own = [field for field in bundle.fields if field.name in keys]
    decisions = typed.assign(**read_rows(raw, own).frame)
    # First, since a changed column would show as some error deep in the computation.
    expect_schemas(bundle.streams, schemas(bundle.declarations, events))
    past = compute(bundle.declarations, events, decisions, at=at, timezone=timezone)
    # A raw column may since be called like an old history column; the bundle means its own.
    clash = raw.columns.intersection(past.columns)
    return pd.concat([raw.drop(columns=clash), past], axis=1)
