"""Write the history that the models of a case look up while they are served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tagline.case.config import Case
from tagline.data.modules import load_features
from tagline.data.tables import load_tables
from tagline.errors import TaglineError
from tagline.history.declare import Declaration
from tagline.history.snapshot import known_as, snapshot, write
from tagline.history.written import expect_schemas, schemas
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace, page_at_hand
from tagline.workflows.candidates import newest_candidate, open_bundle
from tagline.workflows.standings import ModelRegistry, open_case

WRITTEN = "Write now, or a time like 2027-01-31T06:00Z."


@dataclass(frozen=True)
class _Wanted:
    declarations: tuple[Declaration, ...]
    streams: Mapping[str, Mapping[str, str]]
    runs: list[str]


def write_snapshots(case: str, *, config: str = "", at: str = "") -> list[dict[str, Any]]:
    """Write a snapshot for each set of declarations that a model of the case takes.

    The champion, the challengers and the newest candidate are thought of, so that a promotion
    finds its history waiting.

    Parameters
    ----------
    case : str
        The case; the only one that has runs where empty.
    config : str, optional
        Its config, where it has moved.
    at : str, optional
        The moment, ``now`` or a time in ISO 8601; where empty, the last time at which an event of
        the tables became known, since nobody knows how long they have been quiet.

    Returns
    -------
    list of dict
        ``path``, ``as_of`` and ``runs`` of each.

    Raises
    ------
    TaglineError
        There is no such case, or its tables can not give the history.
    """
    standings = open_case(case, config=config)
    wanted = _wanted(standings)
    if not wanted:
        return []
    features = load_features(standings.case)
    events = features.events(load_tables(standings.case, features))
    moment = _moment(at)
    return [_written(standings.case, each, events, moment) for each in wanted]


def _moment(at: str) -> pd.Timestamp | None:
    now = pd.Timestamp.now(tz="UTC")
    if not at:
        return None
    if at == "now":
        return now
    try:
        found = pd.Timestamp(at)
    except ValueError as wrong:
        raise TaglineError(f"{at!r} is no time.", todo=WRITTEN) from wrong
    if found.tzinfo is None or found > now:
        raise TaglineError(f"{at!r} has no zone, or is later than now.", todo=WRITTEN)
    return found.tz_convert("UTC")


def _written(
    case: Case,
    wanted: _Wanted,
    events: Mapping[str, pd.DataFrame],
    at: pd.Timestamp | None,
) -> dict[str, Any]:
    expect_schemas(wanted.streams, schemas(wanted.declarations, events))
    found = snapshot(wanted.declarations, events, timezone=case.timezone, at=at)
    store = own_store()
    folder = f"{Workspace(case.name).snapshots}/{known_as(wanted.declarations)}"
    name = write(found, store, folder)
    as_of = pd.Timestamp(found.as_of, unit="s", tz="UTC").isoformat()
    return {"path": page_at_hand(store, name), "as_of": as_of, "runs": wanted.runs}


def _wanted(standings: ModelRegistry) -> list[_Wanted]:
    found: dict[tuple[Declaration, ...], _Wanted] = {}
    for run, digest in _models(standings):
        bundle = open_bundle(run, digest)
        if bundle.declarations:
            each = found.setdefault(
                bundle.declarations, _Wanted(bundle.declarations, bundle.streams, [])
            )
            each.runs.append(run)
    return list(found.values())


def _models(standings: ModelRegistry) -> Sequence[tuple[str, str]]:
    state = standings.state()
    now = state.standing
    live = [each for each in (now.champion, *now.challengers) if each is not None]
    models = {each.run: each.bundle for each in live}
    try:
        newest = newest_candidate(state)
        models.setdefault(newest.run, newest.digest)
    except TaglineError:
        if not models:
            raise
    return list(models.items())
