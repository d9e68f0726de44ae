"""Parts of a benchmark, each kept as soon as it is measured, so that a stopped one goes on."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PARTS = ROOT / "benchmarks" / ".parts"
CODE = ("tagline/**/*.py", "features/*.py", "flows/*.py", "benchmarks/*.py", "config/*.toml")
LOCK = ROOT / "requirements" / "stack.txt"


@cache
def code() -> str:
    """Give the digest of all that is measured: code, cases and locked versions."""
    return _digest({file for pattern in CODE for file in ROOT.glob(pattern)} | {LOCK})


def _digest(files: Iterable[Path]) -> str:
    known_as = hashlib.sha256()
    for file in sorted(files):
        known_as.update(f"{file.relative_to(ROOT)}\0".encode())
        known_as.update(hashlib.sha256(file.read_bytes()).digest())
    return known_as.hexdigest()


def part(benchmark: str, name: str, measure: Callable[[], Any], *, of: Sequence[Path] = ()) -> Any:
    """Measure a part, or give what a run of the very same code measured before it was stopped.

    Parameters
    ----------
    benchmark, name : str
        Of which benchmark, and which part.
    measure : callable
        Gives plain JSON data.
    of : sequence of Path, optional
        The files alone that it hangs on, such as those that fit another library; all where empty.
    """
    known_as = _digest(of) if of else code()
    file = PARTS / known_as[:12] / benchmark / f"{name}.json"
    if file.exists():
        print(f"{benchmark}: {name} was measured before", flush=True)
        return json.loads(file.read_text())
    print(f"{benchmark}: {name}", flush=True)
    found = measure()
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".tmp")
    unfinished.write_text(json.dumps(found))
    unfinished.replace(file)
    return found


def kept(name: str) -> Path:
    """Give a folder that benchmarks of the very same code share, such as a run of the flights."""
    folder = PARTS / code()[:12] / "kept" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def forget(benchmark: str) -> None:
    """Remove a benchmark's parts: it has been measured to its end."""
    for folder in PARTS.glob("*"):
        shutil.rmtree(folder / benchmark, ignore_errors=True)
