"""Batch scoring beside onnxruntime's own rate, and its memory from 1 to 20 million rows.

The table case of the serving benchmark. Ours reads Parquet, checks every value, scores and writes
Parquet; onnxruntime scores arrays that are ready, on as many threads. The figure is our rows a
second over its.
"""

import json
import os
import shutil
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd

from benchmarks.bench_serving import INPUTS, table_case, trained
from benchmarks.common import call, record
from benchmarks.parts import kept, part
from benchmarks.serving_servers import opened

ROWS, FILES, TURNS = 1_000_000, 20, 3
BATCH = 65_536
SCRIPT = r"""
import json, re, sys, time
from pathlib import Path
from tagline.workflows.scoring import ScoringRequest, score
begun = time.perf_counter()
done = score(ScoringRequest(source=sys.argv[1], to=sys.argv[2]))
took = time.perf_counter() - begun
rows = sum(each["scored"] for each in done)
# Not getrusage: that remembers the process from which this one was forked.
most = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({"rows": rows, "seconds": took, "megabytes": most}))
"""


def main() -> None:
    """Measure speed in turns, then memory."""
    work = trained(kept("table"), table_case)
    speed = part("scoring", "speed", lambda: rates(work))
    memory = part("scoring", "memory", lambda: growth(work))
    figure = speed["ours"] / speed["onnxruntime"]
    flat = memory["most"]["megabytes"] / memory["least"]["megabytes"]
    record(
        "scoring",
        figure=figure,
        goal=0.8,
        holds=figure >= 0.8 and flat <= 1.1,
        raw={"speed": speed, "memory": memory, "memory_20_over_1_million": flat},
    )


def rates(work: Path) -> dict[str, float]:
    """Give rows a second: ours, and onnxruntime's on as many threads."""
    folder = files(work, 1)
    session = own_session(work)
    frame = pd.read_parquet(next(folder.glob("*.parquet")))
    feed = ready(session, frame)
    ours, alone = [], []
    for _ in range(TURNS):
        found = scored(work, folder)
        ours.append(found["rows"] / found["seconds"])
        begun = time.perf_counter()
        for at in range(0, ROWS, BATCH):
            session.run(None, {name: each[at : at + BATCH] for name, each in feed.items()})
        alone.append(ROWS / (time.perf_counter() - begun))
    return {"ours": median(ours), "onnxruntime": median(alone)}


def growth(work: Path) -> dict[str, Any]:
    """Give the most memory with one file of a million rows, and with twenty."""
    return {"least": scored(work, files(work, 1)), "most": scored(work, files(work, FILES))}


def scored(work: Path, folder: Path) -> dict[str, float]:
    """Score a folder anew, in a process of its own."""
    to = work / "answers"
    shutil.rmtree(to, ignore_errors=True)
    found: dict[str, float] = json.loads(call(work, "-c", SCRIPT, str(folder), str(to)))
    shutil.rmtree(to)
    return found


def files(work: Path, many: int) -> Path:
    """Write as many files of a million rows."""
    folder = work / f"rows-{many}"
    if not folder.exists():
        folder.mkdir()
        first = folder / "00.parquet"
        rows(ROWS).to_parquet(first, index=False)
        for number in range(1, many):
            os.link(first, folder / f"{number:02}.parquet")
    return folder


def rows(many: int) -> pd.DataFrame:
    """Give rows as a caller knows them."""
    random = np.random.default_rng(1)
    X = random.normal(size=(many, INPUTS)).round(4)
    at = pd.date_range("2024-01-01", periods=many, freq="1s", tz="UTC")
    frame = pd.DataFrame(X, columns=[f"x{place}" for place in range(INPUTS)])
    return frame.assign(id=np.arange(many), at=at)


def own_session(work: Path) -> onnxruntime.InferenceSession:
    """Open the bundle's graph on all cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    return onnxruntime.InferenceSession(opened(work).read_bytes("model.onnx"), options)


def ready(session: onnxruntime.InferenceSession, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Give the arrays that the graph takes."""
    seconds = frame["at"].astype("int64") // 10**9
    columns = frame.assign(at=seconds if seconds.max() > 10**6 else frame["at"].astype("int64"))
    return {each.name: columns[each.name].to_numpy() for each in session.get_inputs()}


if __name__ == "__main__":
    main()
