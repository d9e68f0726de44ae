"""Verbs as processes that are forked from a warm one: what all of them import is imported once."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from multiprocessing.forkserver import ensure_running
from pathlib import Path

from tagline.cli import main

USER = "tester"
WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload(
    ["tests.warm", "tagline.cli", "metaflow", "pandas", "tagline.workflows.promotion", "boto3"]
)
# Read when a process starts or Metaflow is imported: another value needs a process of its own.
READ_EARLY = ("METAFLOW", "PYTHON", "HOME", "LANG", "LC_", "LD_", "OMP", "_TAGLINE_COMPLETE")
OWN_CODE = ("PYTHONPATH", str(Path(__file__).parents[1]))


def verb(
    words: tuple[str, ...], *, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``tagline WORDS``, as a new process would."""
    if early(environment) != early({**os.environ, "METAFLOW_USER": USER}):
        command = [sys.executable, "-m", "tagline", *words]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    begin()
    with tempfile.TemporaryDirectory() as said:
        out, err = Path(said, "out"), Path(said, "err")
        process = WARM.Process(target=_run, args=(words, folder, dict(environment), out, err))
        process.start()
        process.join()
        return subprocess.CompletedProcess(
            words, process.exitcode or 0, out.read_text(), err.read_text()
        )


def early(environment: Mapping[str, str]) -> dict[str, str]:
    """Give what is read too early to be changed in a process that is warm."""
    found = {name: value for name, value in environment.items() if name.startswith(READ_EARLY)}
    return {name: value for name, value in found.items() if (name, value) != OWN_CODE}


def begin() -> None:
    """Start the warm process, where it does not run yet."""
    before = os.environ.get("METAFLOW_USER")
    os.environ["METAFLOW_USER"] = USER
    try:
        ensure_running()
    finally:
        del os.environ["METAFLOW_USER"]
        if before is not None:
            os.environ["METAFLOW_USER"] = before


def _run(
    words: tuple[str, ...], folder: Path, environment: dict[str, str], out: Path, err: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    sys.argv = ["tagline", *words]
    main()
