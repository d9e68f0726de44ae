"""Act on standings in this process, without the command line's two seconds of imports."""

from metaflow import Flow, namespace

from tagline.errors import TaglineError
from tagline.lifecycle import entries
from tagline.lifecycle.audit import audit
from tagline.runs.lookup import find
from tagline.workflows.standings import open_case

GATE = {"name": "gate", "passed": True, "figure": 1.0, "limit": 0.0, "detail": "it passes"}


def act(verb, run=None, *, ready=lambda: None):
    """Promote, roll back or set a policy; give the entry's number, or the name of what was raised.

    `ready` is called when the champion has been seen, which the change then rests on.
    """
    standings = open_case(None)
    transitions = standings.transitions("because")
    try:
        against = standings.champion()
        ready()
        if verb == "promote":
            done = transitions.apply(
                entries.promotion,
                candidate=standings.candidate(find(run)),
                against=against,
                verify=standings.verify,
                gates=lambda: [GATE],
            )
        elif verb == "policy":
            share = standings.policy().free_share % 90 + 1
            wanted = standings.policy().model_copy(update={"free_share": share})
            done = transitions.apply(entries.new_policy, policy=wanted)
        else:
            done = transitions.apply(
                entries.rollback, to=None, against=against, verify=standings.verify
            )
    except TaglineError as result:
        return {"raised": type(result).__name__, "said": str(result)}
    return {"entry": done.entry.number, "run": done.entry.run}


def found():
    """Give what stands: by the ledger, by the tags, and what an audit says."""
    namespace(None)
    standings = open_case(None)
    champion = standings.champion()
    return {
        "ledger": champion and champion.run,
        "tags": [run.pathspec for run in Flow("TrainFlow").runs("champion")],
        "faults": [str(fault) for fault in audit(standings.ledger, last_seen=standings.last_seen)],
        "entries": standings.state().number,
        "acts": [(place.entry.number, place.entry.act) for place in standings.ledger.places()],
    }
