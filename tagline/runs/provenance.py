"""What a run was made of: commit, versions, machine."""

import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
CHANGES = ("status", "--porcelain", "--untracked-files=normal")
PACKAGES = (
    "tagline",
    "metaflow",
    "numpy",
    "pandas",
    "scikit-learn",
    "xgboost-cpu",
    "shap",
    "onnx",
    "onnxruntime",
    "ndonnx",
    "cryptography",
)


def provenance(*, run: str, seed: int, modules: Sequence[str] = ()) -> dict[str, Any]:
    """Say what code and which libraries a run is made of.

    Parameters
    ----------
    run : str
        The run's pathspec.
    seed : int
        The case's seed.
    modules : sequence of str, optional
        The case's own, which can be imported: what lies in no commit can not be trained again.

    Returns
    -------
    dict
        ``run``, ``created`` (ISO 8601, UTC), ``commit`` (empty outside a repository), ``dirty``,
        ``repository``, ``seed``, ``python``, ``machine`` and ``libraries``, name to version.
    """
    commit = _git("rev-parse", "HEAD")
    return {
        "run": run,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "dirty": bool(commit and (_git(*CHANGES) or any(map(_is_elsewhere, modules)))),
        "repository": str(REPOSITORY),
        "seed": seed,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "libraries": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _is_elsewhere(module: str) -> bool:
    try:
        found = find_spec(module)
    except ModuleNotFoundError:
        return True  # whoever loads it says so in a sentence
    path = Path(found.origin).resolve() if found and found.origin else Path("/")
    return not any(path.is_relative_to(known) for known in (REPOSITORY, sys.prefix))


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(REPOSITORY), *words], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
