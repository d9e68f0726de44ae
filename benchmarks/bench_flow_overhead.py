"""The whole flow's wall time over that of one bare process that loads, makes inputs and fits.

The bare process runs the same brackets one after another with as many threads as there are cores;
it does not judge, explain, seal or report. `peak_memory` is that of the flow's largest task.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import FLIGHTS, record

GOAL = 1.25
FLOW = FLIGHTS.parents[1] / "flows" / "train.py"
BARE = """
import os, sys
from pathlib import Path
from tagline.case.load import parse_case
from tagline.data.prepare import prepare
from tagline.training.matrix import read
from tagline.training.search import brackets, run_bracket

case = parse_case(Path(sys.argv[1]).read_text(), file=sys.argv[1])
data = read(Path(prepare(case, folder=Path(sys.argv[2])).matrix))
search = case.search.model_copy(update={"threads": os.cpu_count()})
for bracket in brackets(search, seed=case.seed):
    run_bracket(bracket, data, progress=lambda rows: None)
"""


def main() -> None:
    """Run both, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        bare = timed([sys.executable, "-c", BARE, str(FLIGHTS), folder], folder=Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        flow = timed([sys.executable, str(FLOW), "run"], folder=Path(folder))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ratio = flow / bare
    raw = {"flow_seconds": flow, "bare_seconds": bare, "peak_memory_gb": round(peak / 2**20, 2)}
    record("flow_overhead", figure=ratio, goal=GOAL, holds=ratio <= GOAL, raw=raw)


def timed(command: list[str], *, folder: Path) -> float:
    """Run a command to its end; give its wall time in seconds."""
    environment = os.environ | {"USERNAME": "bench", "TAGLINE_HOME": str(folder / ".tagline")}
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
