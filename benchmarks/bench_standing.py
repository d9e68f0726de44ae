"""How `tagline status` and `tagline rollback` grow with the ledger: 10,000 entries over 10.

Each command is a process of its own, as a person or a script starts it; medians of some turns. Two
runs take turns as champion, and what lies between are refusals. On S3 (SeaweedFS on this machine)
a ledger of 10,000 entries is also read by a machine that has never seen it: seconds at the most.
The tags of 10,000 runs are held against the ledger in seconds too, once each run was looked at.
"""

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.common import FLIGHTS, call, record
from benchmarks.many_runs import RUNS, seconds_to_compare

GOAL, S3_GOAL, RUNS_GOAL = 1.5, 5.0, 5.0
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
from tagline.workflows.standings import open_case
from tagline.lifecycle.entries import refusal

request = open_case(None).transitions("").request
state = request.ledger.state()
while state.number < int(sys.argv[1]):
    draft = refusal(request, state, act="promote", run="TrainFlow/1", bundle="", why="no")
    entry = request.ledger.append(draft, after=state, key=request.who.key)
    state.take(entry.number, entry.to_bytes())
"""


def main() -> None:
    """Lengthen one ledger step by step, and time both commands at each length."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "work"
        runs = trained(place)
        compared = seconds_to_compare(shutil.copytree(place, Path(folder) / "many"), runs[0])
        for run in runs:
            call(place, "-m", "tagline", "promote", run)
        targets = cycle(runs)
        told = {length: measured(place, length, targets) for length in LENGTHS}
        on_s3 = measured_on_s3(place)
    shortest, longest = told[LENGTHS[0]], told[LENGTHS[-1]]
    ratio = max(longest[verb] / shortest[verb] for verb in ("status", "rollback"))
    record(
        "standing",
        figure=ratio,
        goal=GOAL,
        holds=ratio <= GOAL and max(on_s3.values()) <= S3_GOAL and compared["later"] <= RUNS_GOAL,
        raw={
            "seconds": {str(length): seconds for length, seconds in told.items()},
            "seconds_on_s3_never_seen_before": on_s3,
            "goal_on_s3": S3_GOAL,
            "seconds_to_compare_the_tags_of_runs": {"runs": RUNS, **compared},
            "goal_to_compare": RUNS_GOAL,
        },
    )


def trained(place: Path) -> list[str]:
    """Leave two candidates in a folder."""
    place.mkdir()
    random, n = np.random.default_rng(0), 600
    y = random.integers(0, 2, n)
    at = pd.date_range("2024-01-01", periods=n, freq="3h", tz="UTC")
    rows = pd.DataFrame({"id": range(n), "at": at, "x": random.normal(y, 1.0), "y": y})
    rows.to_csv(place / "rows.csv", index=False)
    (place / "small.toml").write_text(CASE)
    for _ in range(2):
        call(place, str(FLOW), "--config", "case", "small.toml", "run")
    return listed(place)


def listed(place: Path) -> list[str]:
    """Give the runs of a folder, the newest first."""
    return [each["run"] for each in json.loads(call(place, "-m", "tagline", "runs", "--json"))]


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


def measured_on_s3(place: Path) -> dict[str, float]:
    """Fill a ledger on S3; give the seconds of each command on a machine that never saw it."""
    from tests.seaweed import BUCKET, SeaweedFS  # noqa: PLC0415 - a server of its own

    folder = place / "seaweed"
    folder.mkdir()
    server = SeaweedFS(folder)
    os.environ.update(server.variables | {"TAGLINE_LEDGER": f"s3://{BUCKET}/ledgers"})
    server.start()
    try:
        server.make_bucket()
        shutil.rmtree(place / ".tagline" / "seen", ignore_errors=True)
        runs = listed(place)
        for run in runs:
            call(place, "-m", "tagline", "promote", run)
        call(place, "-c", FILL, str(LENGTHS[-1]))
        commands = {
            "audit": ("audit", "--verify"),
            "rollback": ("rollback", "--to", runs[0]),
            "restore": ("restore", runs[1]),
            "challenge": ("challenge", runs[1], "--share", "5"),
            "status": ("status",),
        }
        return {verb: never_seen(place, *words) for verb, words in commands.items()}
    finally:
        server.kill()
        for name in (*server.variables, "TAGLINE_LEDGER"):
            del os.environ[name]


def never_seen(place: Path, *words: str) -> float:
    """Run a verb as a machine that has never seen the ledger; give its wall time."""
    shutil.rmtree(place / ".tagline" / "seen", ignore_errors=True)
    return round(timed(place, *words), 2)


def timed(place: Path, *words: str) -> float:
    """Run a verb; give its wall time in seconds."""
    begun = time.perf_counter()
    call(place, "-m", "tagline", *words)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
