"""What stands, as plain data, and what is not as it should be."""

from collections.abc import Iterator
from typing import Any

from tagline.errors import TaglineError
from tagline.lifecycle.entry import Deployment
from tagline.lifecycle.people import differences, proposed
from tagline.lifecycle.rules import counted
from tagline.lifecycle.state import State
from tagline.runs.lookup import gone
from tagline.runs.records import Records
from tagline.runs.tags import Tags, wrong
from tagline.workflows.candidates import candidate, waiting
from tagline.workflows.monitored import latest
from tagline.workflows.standings import ModelRegistry

WHOLE = 100


def status(standings: ModelRegistry) -> dict[str, Any]:
    """Say what stands in a case, and since when, by whom and why.

    Returns
    -------
    dict
        ``case``, ``ledger``, ``entries`` (their number), ``live`` (a dict for the champion and
        each challenger: ``standing``, ``run``, ``bundle``, ``share`` in percent, ``entry``,
        ``at``, ``who``, ``why``), ``watched`` (what the monitor said last: ``at``, ``by``,
        ``verdict`` and ``why`` its policy asks for a training or not; None where it never looked),
        ``policy`` (in what the case's config proposes another policy than stands, a line each),
        ``notes`` and ``faults``, a sentence each.
    """
    state = standings.last_seen.read()
    now = state.standing
    rest = WHOLE - sum(each.share for each in now.challengers)
    champion = [_told(standings, now.champion, "champion", rest)] if now.champion else []
    standings.last_seen.note(state)
    return {
        "case": standings.case.name,
        "ledger": standings.ledger.store.where,
        "entries": state.number,
        "live": [
            *champion,
            *(
                _told(standings, each, "challenger" if each.share else "shadow", each.share)
                for each in now.challengers
            ),
        ],
        "watched": _watched(standings.case.name),
        "policy": _proposes(standings, state),
        "notes": [standings.last_seen.unkept] if standings.last_seen.unkept else [],
        "faults": [*_void(standings, state), *_faults(standings, state)],
    }


def _watched(case: str) -> dict[str, Any] | None:
    found = latest(case)
    if found is None:
        return None
    first = found["findings"][0] if found["findings"] else {"verdict": "unknown"}
    decision = found["decision"]
    return {
        "at": found["at"],
        "by": found["by"],
        "verdict": first["verdict"],
        "why": decision["why"],
    }


def candidates(
    standings: ModelRegistry, *, most: int | None = None
) -> tuple[list[dict[str, Any]], int]:
    """List the runs of a case that may be promoted, the newest first.

    Parameters
    ----------
    standings : ModelRegistry
        The case's.
    most : int, optional
        How many at the most; all where left out.

    Returns
    -------
    list of dict
        ``run``, ``author``, ``metric``, ``figure`` (of the test rows, at training) and
        ``approved_by``.
    int
        How many there are.
    """
    state, policy = standings.state(), standings.policy()
    primary = standings.case.evaluation.primary
    runs, found = list(waiting(state)), []
    for facts in runs[:most]:
        own = candidate(Records.here().read(facts.run, case=facts.case), policy)
        approvals = counted(policy, own, state.approvals_of(own.run, own.bundle))
        found.append(
            {
                "run": own.run,
                "author": own.author,
                "metric": primary,
                "figure": (facts.metrics or {}).get(primary),
                "approved_by": [each.who for each in approvals],
            }
        )
    return found, len(runs)


def reconcile(standings: ModelRegistry) -> list[str]:
    """Make the tags agree with the ledger; give what was repaired, a line each.

    Raises
    ------
    TaglineError
        Something is wrong that the ledger can not put right.
    """
    state = standings.state()
    repaired = [str(each) for each in Tags().show(standings.ledger, state)]
    left = list(_faults(standings, state))
    if left:
        done = f" Repaired: {'; '.join(repaired)}." if repaired else ""
        raise TaglineError(f"{' '.join(left)}{done}", where=f"case {standings.case.name}")
    return repaired


def _told(standings: ModelRegistry, live: Deployment, name: str, share: int) -> dict[str, Any]:
    entry = standings.ledger.entry(live.since)
    return {
        "standing": name,
        "run": live.run,
        "bundle": live.bundle,
        "share": share,
        "entry": entry.number,
        "at": entry.at,
        "who": entry.who,
        "why": entry.why,
    }


def _proposes(standings: ModelRegistry, state: State) -> list[str]:
    wanted = proposed(standings.case.standing)
    return [] if state.policy is None else differences(state.policy, wanted)


def _void(standings: ModelRegistry, state: State) -> Iterator[str]:
    lost = standings.last_seen.fault(state)
    if lost is not None:
        yield f"{lost} If it was restored on purpose, remove {standings.last_seen.path}."
    for each in state.void:
        yield f"{each} It is void, and passed over."
    yield from map(str, standings.ledger.strays())
    yield from (f"{void} It is void." for void in Records.here().faults(standings.case.name))


def _faults(standings: ModelRegistry, state: State) -> Iterator[str]:
    now = state.standing
    for live in ([now.champion] if now.champion else []) + list(now.challengers):
        try:
            standings.verify(live)
        except TaglineError as unsound:
            yield f"{unsound} {_way_out(live)}"
            continue
        if gone(live.run):
            yield f"The run {live.run} is gone. {_way_out(live)}"
    for each in wrong(state):
        yield f"The tags differ from the ledger: {each}."


def _way_out(live: Deployment) -> str:
    if live.act == "challenge":
        return f"Bring it back, or take it out: tagline retire {live.run}."
    return "Bring it back, or replace it: tagline promote RUN --why 'the champion is lost'."
