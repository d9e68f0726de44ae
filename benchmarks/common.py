"""What every benchmark does: describe the machine, keep the raw runs, print the ratio."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from benchmarks.parts import code, forget

FLIGHTS = Path(__file__).parents[1] / "config" / "flights.toml"
RESULTS = Path(__file__).parent / "results"


def record(
    name: str, *, figure: float, goal: float, holds: bool, raw: Mapping[str, Any]
) -> dict[str, Any]:
    """Write ``results/NAME.json`` and print the figure beside its goal.

    Parameters
    ----------
    name : str
        Name of the benchmark.
    figure : float
        The ratio that was measured.
    goal : float
        What it should reach.
    holds : bool
        Whether it does.
    raw : mapping
        The raw runs, plain data.
    """
    result = {
        "name": name,
        "figure": round(figure, 4),
        "goal": goal,
        "holds": holds,
        "machine": machine(),
        "raw": {"code": code(), **raw},
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1)
    (RESULTS / f"{name}.json").write_text(f"{text}\n")
    forget(name)
    print(f"{name}: {figure:.3g} (goal {goal:g}): {'holds' if holds else 'does not hold'}")
    return result


def environment(folder: Path) -> dict[str, str]:
    """Give the variables by which Tagline keeps all that it makes in one folder."""
    return os.environ | {
        "USERNAME": "bench",
        "TAGLINE_HOME": str(folder / ".tagline"),
        "TAGLINE_SIGNING_KEY": str(folder / "signing.key"),
    }


def call(folder: Path, *words: str) -> str:
    """Run Python in a folder; give what it prints."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment(folder),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def machine() -> dict[str, Any]:
    """Describe the machine without naming it."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "load_1min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
