"""The statistics of movement beside Evidently's report on the same two tables.

40 numeric and 10 text columns, a tenth of a million rows in each table (Evidently takes minutes for
a million). Ours makes the reference profile of the one, counts the other by day, tests every column
by days and looks for sudden changes; Evidently runs its preset of data drift. The figure is its
time over ours.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.common import record
from benchmarks.parts import ROOT, part
from tagline.bundle.profile import profile
from tagline.case.monitoring import MonitoringSection
from tagline.monitoring.days import Layout
from tagline.monitoring.drift import column_drift
from tagline.monitoring.shift import shifts

ROWS, NUMBERS, TEXTS, DAYS, TURNS = 100_000, 40, 10, 28, 3
PEERS = ROOT / ".venv" / "drift"


def main() -> None:
    """Measure both."""
    found = part("drift", "both", both)
    figure = found["evidently"] / found["ours"] if found.get("evidently") else float("nan")
    record("drift", figure=figure, goal=20.0, holds=figure >= 20.0, raw=found)


def both() -> dict[str, Any]:
    """Give the seconds of each; only ours where Evidently can not be installed."""
    reference, current = table(0), table(1)
    ours = median(own(reference, current) for _ in range(TURNS))
    try:
        return {"ours": ours, "evidently": evidently(reference, current), "rows": ROWS}
    except (OSError, subprocess.CalledProcessError) as lost:
        print(f"drift: Evidently can not be measured: {lost}", flush=True)
        return {"ours": ours, "rows": ROWS}


def table(seed: int) -> pd.DataFrame:
    """Give a table."""
    random = np.random.default_rng(seed)
    numbers = {f"n{place}": random.normal(size=ROWS) for place in range(NUMBERS)}
    words = np.array([f"word {number}" for number in range(12)])
    texts = {f"t{place}": words[random.integers(0, 12, ROWS)] for place in range(TEXTS)}
    return pd.DataFrame({**numbers, **texts})


def own(reference: pd.DataFrame, current: pd.DataFrame) -> float:
    """Give the seconds of ours, from frames to findings."""
    section = MonitoringSection()
    begun = time.perf_counter()
    layout = Layout(profile(columns(reference)))
    days = np.arange(ROWS) * DAYS // ROWS + 15_000
    counts = layout.count(layout.bins(columns(current)), days)
    column_drift(counts, section, seed=0)
    shifts(counts, section, seed=0)
    return time.perf_counter() - begun


def columns(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Give the columns as arrays."""
    return {
        name: frame[name].to_numpy(dtype=np.float64 if name.startswith("n") else object)
        for name in frame
    }


def evidently(reference: pd.DataFrame, current: pd.DataFrame) -> float:
    """Give the seconds of Evidently's report."""
    install()
    script = str(Path(__file__).with_name("drift_peers.py"))
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("a.parquet", "b.parquet", "out.json")]
        reference.to_parquet(paths[0])
        current.to_parquet(paths[1])
        subprocess.run(
            [str(PEERS / "bin" / "python"), script, "report", *paths],
            check=True,
            capture_output=True,
        )
        return float(json.loads(Path(paths[2]).read_text())["seconds"])


def install() -> None:
    """Make Evidently's environment, where it is not there."""
    done = PEERS / ".done"
    if done.exists():
        return
    uv = str(ROOT / ".venv" / "bin" / "uv")
    locked = str(ROOT / "requirements" / "drift.txt")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(PEERS)], check=True)
    subprocess.run(
        [uv, "pip", "install", "-q", "--require-hashes", "-r", locked],
        env=os.environ | {"VIRTUAL_ENV": str(PEERS)},
        check=True,
    )
    done.touch()


if __name__ == "__main__":
    main()
