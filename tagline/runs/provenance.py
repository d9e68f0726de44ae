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

from tagline.paths import look_beside

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


TRACKED = ("status", "--porcelain", "--untracked-files=no")


def provenance(
    *, run: str, seed: int, modules: Sequence[str] = (), beside: Path | None = None
) -> dict[str, Any]:
    """Say what code and which libraries a run is made of.

    Parameters
    ----------
    run : str
        The run's pathspec.
    seed : int
        The case's seed.
    modules : sequence of str, optional
        The case's own, which can be imported: what lies in no commit can not be trained again.
    beside : Path, optional
        The folder of the config: where it lies in a repository of its own, that one's commit is
        recorded too. A table that git does not hold is known by its digest, and is no change.

    Returns
    -------
    dict
        ``run``, ``created`` (ISO 8601, UTC), ``commit`` (empty outside a repository), ``dirty``,
        ``repository``, ``seed``, ``python``, ``machine`` and ``libraries``, name to version;
        ``project`` (``repository``, ``commit``, ``dirty``) where there is one of its own.
    """
    if beside is not None:
        look_beside(str(beside.resolve()))
    commit, project = _git("rev-parse", "HEAD"), _project(beside, modules)
    known = (REPOSITORY, Path(project["repository"])) if project else (REPOSITORY,)
    changed = _git(*CHANGES) or any(_is_elsewhere(each, known) for each in modules)
    return {
        "run": run,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "dirty": bool(commit and (changed or (project and project["dirty"]))),
        "repository": str(REPOSITORY),
        "seed": seed,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "libraries": {name: found for name in PACKAGES if (found := _version(name))},
        **({"project": project} if project else {}),
    }


def _project(beside: Path | None, modules: Sequence[str]) -> dict[str, Any] | None:
    """Give the repository of a config's folder, where that is not this checkout's."""
    top = _git("rev-parse", "--show-toplevel", place=beside) if beside else ""
    if not top or Path(top).resolve() == REPOSITORY:
        return None
    root = Path(top).resolve()
    commit = _git("rev-parse", "HEAD", place=root)
    files = [str(file) for file in map(_file_of, modules) if file.is_relative_to(root)]
    untracked = [f for f in files if not _git("ls-files", "--error-unmatch", f, place=root)]
    # What a module imports may be a file of its own.
    others = _git("ls-files", "--others", "--exclude-standard", "*.py", place=root)
    dirty = bool(not commit or untracked or others or _git(*TRACKED, place=root))
    return {"repository": str(root), "commit": commit, "dirty": dirty}


def _is_elsewhere(module: str, known: Sequence[Path]) -> bool:
    path = _file_of(module)
    return not any(path.is_relative_to(each) for each in (*known, Path(sys.prefix)))


def _file_of(module: str) -> Path:
    try:
        found = find_spec(module)
    except ModuleNotFoundError:
        return Path("/")  # whoever loads it says so in a sentence
    return Path(found.origin).resolve() if found and found.origin else Path("/")


def _git(*words: str, place: Path | None = None) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(place or REPOSITORY), *words],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
