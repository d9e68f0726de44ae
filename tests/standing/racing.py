"""Promote many runs at once, again and again; say what came of each round, as JSON lines.

`python -m tests.standing.racing ROUNDS PLACE FIRST RUN...` begins each round with a new ledger in
PLACE, makes FIRST the champion, and promotes each other run in a process of its own, all at once.
"""

import json
import multiprocessing
import os
import sys

from tests.standing.killing import Snapshot, in_child
from tests.standing.transitions import act, found


def race(runs):
    """Promote all at once, each having seen the same champion; give what each was told."""
    context = multiprocessing.get_context("fork")
    barrier, result = context.Barrier(len(runs)), context.Queue()

    def promote(run):
        result.put({"promoted": run, **act("promote", run, ready=barrier.wait)})

    racers = [context.Process(target=promote, args=(run,)) for run in runs]
    for racer in racers:
        racer.start()
    said = [result.get(timeout=300) for _ in racers]
    for racer in racers:
        racer.join()
    return said


def main():
    """Run the rounds."""
    rounds, place, first, *runs = sys.argv[1:]
    before = Snapshot()
    for number in range(int(rounds)):
        os.environ["TAGLINE_LEDGER"] = f"{place}/{number}"
        in_child(lambda: act("promote", first))
        said = race(runs)
        sys.stdout.write(f"{json.dumps({'told': said, 'found': in_child(found)})}\n")
        before.restore()


if __name__ == "__main__":
    main()
