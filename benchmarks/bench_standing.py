"""How `tagline status` and `tagline rollback` grow with the ledger: 10,000 entries over 10.

Each command is a process of its own, as a person or a script starts it; medians of some turns. Two
runs take turns as champion, and what lies between are refusals: the farther back the run is that a
rollback looks for, the longer it takes.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.common import FLIGHTS, call, record

GOAL = 1.5
TURNS = 5
LENGTHS = (10, 1_000, 10_000)
FLOW = FLIGHTS.parents[1] / "flows" / "train.py"
CASE = """
name = "small"
title = "Is it so?"
[table]
id = "id"
time = "at"
target = "y"
source = "rows.csv"
[search]
trials = 1
[gates]
beat_baselines = false
[explanation]
rows = 50
"""
FILL = """
import sys
from tagline.operations.standings import open_case
from tagline.standing.entries import refusal

changes = open_case(None).transitions("")
ledger, key, head = changes.request.ledger, changes.request.who.key, changes.request.ledger.head()
for number in range((head.number if head else 0), int(sys.argv[1])):
    draft = refusal(changes.request, head, act="promote", run="TrainFlow/1", bundle="", why="no")
    head = ledger.append(draft, after=head, key=key)
"""


def main() -> None:
    """Lengthen one ledger step by step, and time both commands at each length."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        targets = cycle(champions(place))
        told = {length: measured(place, length, targets) for length in LENGTHS}
    shortest, longest = told[LENGTHS[0]], told[LENGTHS[-1]]
    ratio = max(longest[verb] / shortest[verb] for verb in ("status", "rollback"))
    record(
        "standing",
        figure=ratio,
        goal=GOAL,
        holds=ratio <= GOAL,
        raw={"seconds": {str(length): seconds for length, seconds in told.items()}},
    )


def champions(place: Path) -> list[str]:
    """Leave two runs in a folder that were champions, the present one last."""
    random, n = np.random.default_rng(0), 600
    y = random.integers(0, 2, n)
    at = pd.date_range("2024-01-01", periods=n, freq="3h", tz="UTC")
    rows = pd.DataFrame({"id": range(n), "at": at, "x": random.normal(y, 1.0), "y": y})
    rows.to_csv(place / "rows.csv", index=False)
    (place / "small.toml").write_text(CASE)
    for _ in range(2):
        call(place, str(FLOW), "--config", "case", "small.toml", "run")
    listed = [each["run"] for each in json.loads(call(place, "-m", "tagline", "runs", "--json"))]
    for run in listed:
        call(place, "-m", "tagline", "promote", run)
    return listed


def measured(place: Path, length: int, targets: Iterator[str]) -> dict[str, float]:
    """Fill the ledger up; give the median seconds of each command."""
    call(place, "-c", FILL, str(length))
    commands = {
        "status": lambda: ("status",),
        "rollback": lambda: ("rollback", "--to", next(targets)),
    }
    return {
        verb: round(statistics.median(timed(place, *words()) for _ in range(TURNS)), 3)
        for verb, words in commands.items()
    }


def timed(place: Path, *words: str) -> float:
    """Run a verb; give its wall time in seconds."""
    begun = time.perf_counter()
    call(place, "-m", "tagline", *words)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
