"""The whole flow's wall time over that of one bare process that loads, makes inputs and fits.

The bare process runs the same brackets one after another with as many threads as there are cores;
it does not judge, explain, seal or report. `peak_memory_gb` is that of the flow's largest task;
`show_seconds` is the time that `tagline show` takes for its run.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.common import FLIGHTS, record
from benchmarks.parts import kept, part

GOAL = 1.25
SHOWN = 3
FLOW = FLIGHTS.parents[1] / "flows" / "train.py"
BARE = """
import os, sys
from pathlib import Path
from statistics import median
from typing import Any
from tagline.case.load import load_case
from tagline.data.training_set import matrix_folder
from tagline.data.prepare import prepare
from tagline.models.training_data import read
from tagline.models.search import brackets, run_bracket

case = load_case(Path(sys.argv[1]))
os.environ["TAGLINE_HOME"] = os.environ["TAGLINE_STORE"] = sys.argv[2]
prepared = prepare(case)
data = read(matrix_folder(prepared.matrix, prepared.matrix_files))
search = case.search.model_copy(update={"threads": os.cpu_count()})
for bracket in brackets(search, seed=case.seed):
    run_bracket(bracket, data, progress=lambda rows: None)
"""


def main() -> None:
    """Run both, one after the other."""
    bare = part("flow_overhead", "bare", bare_process)
    flow = part("flow_overhead", "flow", whole_flow)
    ratio = flow["seconds"] / bare["seconds"]
    raw = {"flow": flow, "bare": bare}
    record("flow_overhead", figure=ratio, goal=GOAL, holds=ratio <= GOAL, raw=raw)


def bare_process() -> dict[str, float]:
    """Time the bare process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", BARE, str(FLIGHTS), folder]
        seconds, _ = timed(command, folder=Path(folder))
    return {"seconds": seconds}


def whole_flow() -> dict[str, Any]:
    """Time the flow, and `tagline show` of its run; give the run's figures too."""
    # The run stays: the serving benchmark serves it.
    folder = kept("flights")
    shutil.rmtree(folder)
    folder.mkdir()
    seconds, _ = timed([sys.executable, str(FLOW), "run"], folder=folder)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    command = [sys.executable, "-m", "tagline", "show", "--json"]
    shown = [timed(command, folder=folder) for _ in range(SHOWN)]
    found = json.loads(shown[0][1])
    return {
        "seconds": seconds,
        "show_seconds": median(took for took, _ in shown),
        "peak_memory_gb": round(peak / 2**20, 2),
        "metrics": found["metrics"],
        "baselines": found["baselines"],
        "gates_passed": sum(gate["passed"] for gate in found["gates"]),
        "gates": len(found["gates"]),
        "accounting": found["accounting"],
    }


def timed(command: list[str], *, folder: Path) -> tuple[float, str]:
    """Run a command to its end; give its wall time in seconds, and what it printed."""
    environment = os.environ | {
        "USERNAME": "bench",
        "TAGLINE_HOME": str(folder / ".tagline"),
        "TAGLINE_SIGNING_KEY": str(folder / "signing.key"),
    }
    begun = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return time.perf_counter() - begun, done.stdout


if __name__ == "__main__":
    main()
