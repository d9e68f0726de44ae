"""What a run was made of: commit, versions, machine."""

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
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


def provenance(*, run: str, seed: int) -> dict[str, Any]:
    """Say what code and which libraries a run is made of.

    Parameters
    ----------
    run : str
        The run's pathspec.
    seed : int
        The case's seed.

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
        "dirty": bool(commit and _git("status", "--porcelain", "--untracked-files=normal")),
        "repository": str(REPOSITORY),
        "seed": seed,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "libraries": {name: found for name in PACKAGES if (found := _version(name))},
    }


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
