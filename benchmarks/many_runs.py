"""How long `tagline status` takes to hold the tags of 10,000 runs against the ledger.

A finished run is copied again and again, by hard links, as Metaflow's local metadata keeps it, with
a signed record for each; one copy in the middle is tagged as what it is not. A machine that looks
for the first time reads and verifies each record; later looks take what they remember.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.common import call, environment

RUNS, APART = 10_000, 1_000  # microseconds between two runs' names
NEEDED = ("_meta", "_parameters", "end")  # the other steps are read by nobody who looks at tags
RECORDS = """
import sys
from tagline.runs.records import Records
own, (run, first, runs, apart) = Records.here(), sys.argv[1:]
record = own.read(run)
for place in range(int(runs)):
    name = f"TrainFlow/{int(first) + place * int(apart)}"
    own.write(record.model_copy(update={"run": name}))
"""
FLOW, SELF = Path(".metaflow") / "TrainFlow", "_self.json"


def seconds_to_compare(place: Path, run: str, *, runs: int = RUNS) -> dict[str, float]:
    """Copy a run; give the seconds of the first look at all, and of one more.

    Parameters
    ----------
    place : Path
        The folder of the run.
    run : str
        The pathspec of a finished run.
    runs : int, optional
        How many copies.
    """
    original = place / FLOW / run.split("/")[1]
    copies = [str(int(original.name) + (1 + n) * APART) for n in range(runs)]
    for name in copies:
        _copy(original, name)
    call(place, "-c", RECORDS, run, *map(str, (copies[0], runs, APART)))
    edited = f"TrainFlow/{copies[runs // 2]}"
    call(place, "-c", f"from metaflow import Run; Run('{edited}').add_tag('champion')")
    shutil.rmtree(place / ".tagline" / "seen", ignore_errors=True)
    return {"first": _looked(place, edited), "later": _looked(place, edited)}


def _copy(original: Path, name: str) -> None:
    for part in NEEDED:
        for folder, _, files in os.walk(original / part):
            to = original.with_name(name) / Path(folder).relative_to(original)
            to.mkdir(parents=True)
            for file in files:
                if file != SELF:
                    os.link(Path(folder) / file, to / file)
                else:
                    said = (Path(folder) / file).read_text()
                    (to / file).write_text(said.replace(original.name, name))


def _looked(place: Path, edited: str) -> float:
    command = [sys.executable, "-m", "tagline", "status", "--json"]
    begun = time.perf_counter()
    done = subprocess.run(
        command, cwd=place, env=environment(place), capture_output=True, text=True, check=False
    )
    took = time.perf_counter() - begun
    faults = json.loads(done.stdout)["faults"]
    if len(faults) != 1 or edited not in faults[0]:
        raise AssertionError(f"the edited tag of {edited} alone was to be seen: {faults}")
    return round(took, 2)
