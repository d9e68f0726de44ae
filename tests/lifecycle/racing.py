"""Change standings at once, again and again; say what came of each round, as JSON lines.

`python -m tests.lifecycle.racing KIND ROUNDS PLACE FIRST RUN...` begins each round with a new
ledger in PLACE, makes FIRST the champion, and promotes each other run in a process of its own,
all at once; where KIND is ``mixed``, some roll back instead, and some set a policy.
"""

import json
import multiprocessing
import os
import sys

from tests.lifecycle.killing import Snapshot, in_child
from tests.lifecycle.transitions import act, found

MIXED = ("promote", "rollback", "policy", "promote")


def race(runs, verbs):
    """Act all at once, each having seen the same champion; give what each was told."""
    context = multiprocessing.get_context("fork")
    barrier, result = context.Barrier(len(runs)), context.Queue()

    def change(verb, run):
        result.put({"verb": verb, "promoted": run, **act(verb, run, ready=barrier.wait)})

    racers = [context.Process(target=change, args=each) for each in zip(verbs, runs, strict=True)]
    for racer in racers:
        racer.start()
    said = [result.get(timeout=300) for _ in racers]
    for racer in racers:
        racer.join()
    return said


def main():
    """Run the rounds."""
    kind, rounds, place, first, *runs = sys.argv[1:]
    verbs = [MIXED[n % len(MIXED)] if kind == "mixed" else "promote" for n in range(len(runs))]
    before = Snapshot()
    for number in range(int(rounds)):
        os.environ["TAGLINE_LEDGER"] = f"{place}/{number}"
        in_child(lambda: act("promote", first))
        if kind == "mixed":
            # So that there is a champion before the champion.
            in_child(lambda: act("promote", runs[0]))
        said = race(runs, verbs)
        sys.stdout.write(f"{json.dumps({'told': said, 'found': in_child(found)})}\n")
        before.restore()


if __name__ == "__main__":
    main()
