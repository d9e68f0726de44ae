"""What stands, as plain data, and what is not as it should be."""

from collections.abc import Iterator
from typing import Any

from tagline.errors import TaglineError
from tagline.ledger.entry import Deployed, Entry
from tagline.operations.candidates import candidate, verify_deployed
from tagline.operations.monitored import latest
from tagline.operations.standings import Standings
from tagline.registry.runs import artifact, newest_first
from tagline.registry.tags import Tags, gone, wrong
from tagline.standing.entries import standing
from tagline.standing.rules import counting

WHOLE = 100


def status(standings: Standings) -> dict[str, Any]:
    """Say what stands in a case, and since when, by whom and why.

    Returns
    -------
    dict
        ``case``, ``ledger``, ``entries`` (their number), ``live`` (a dict for the champion and
        each challenger: ``standing``, ``run``, ``bundle``, ``share`` in percent, ``entry``,
        ``at``, ``who``, ``why``), ``watched`` (what the monitor said last: ``at``, ``by``,
        ``verdict`` and ``why`` its policy asks for a training or not; None where it never looked)
        and ``faults``, a sentence each.
    """
    head = standings.head()
    now = standing(head)
    rest = WHOLE - sum(each.share for each in now.challengers)
    champion = [_told(standings, now.champion, "champion", rest)] if now.champion else []
    return {
        "case": standings.case.name,
        "ledger": standings.ledger.store.where,
        "entries": 0 if head is None else head.number,
        "live": [
            *champion,
            *(_told(standings, each, "challenger", each.share) for each in now.challengers),
        ],
        "watched": _watched(standings.case.name),
        "faults": list(_faults(standings, head)),
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


def candidates(standings: Standings) -> list[dict[str, Any]]:
    """List the runs of a case that may be promoted, the newest first.

    Returns
    -------
    list of dict
        ``run``, ``author``, ``metric``, ``figure`` (of the test rows, at training) and
        ``approved_by``.
    """
    now = standing(standings.head())
    primary = standings.case.evaluation.primary
    found = []
    for run in newest_first("candidate"):
        if not run.successful or f"case:{standings.case.name}" not in run.user_tags:
            continue
        own = candidate(run)
        approvals = counting(standings.case.standing, own, now.approvals.get(own.run, ()))
        found.append(
            {
                "run": own.run,
                "author": own.author,
                "metric": primary,
                "figure": artifact(run, "metrics")[primary]["value"],
                "approved_by": [each.who for each in approvals],
            }
        )
    return found


def reconcile(standings: Standings) -> list[str]:
    """Make the tags agree with the ledger; give what was repaired, a line each.

    Raises
    ------
    TaglineError
        Something is wrong that the ledger can not put right.
    """
    repaired = list(Tags().show(standings.ledger))
    left = list(_faults(standings, standings.head()))
    if left:
        done = f" Repaired: {'; '.join(repaired)}." if repaired else ""
        raise TaglineError(f"{' '.join(left)}{done}", where=f"case {standings.case.name}")
    return repaired


def _told(standings: Standings, live: Deployed, name: str, share: int) -> dict[str, Any]:
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


def _faults(standings: Standings, head: Entry | None) -> Iterator[str]:
    now = standing(head)
    for live in ([now.champion] if now.champion else []) + list(now.challengers):
        if gone(live.run):
            yield f"The run {live.run} is gone."
            continue
        try:
            verify_deployed(live)
        except TaglineError as unsound:
            yield str(unsound)
    for each in wrong(standings.ledger, head):
        yield f"The tags differ from the ledger: {each}."
