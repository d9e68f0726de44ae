"""Stores as earlier versions left them, made from git history.

`python -m tests.old_stores COMMIT FOLDER` trains two runs of a small case with the code of a
commit, promotes one, and leaves the folder as that code left it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import LEAN, ROOT, small_rows

COMMITS = ("616c92b", "c3a9154", "5be339b")


def make(commit: str, folder: Path) -> None:
    """Make one."""
    with tempfile.TemporaryDirectory() as place:
        code = Path(place) / "code"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run(
            [*git, "add", "--detach", str(code), commit], check=True, capture_output=True
        )
        try:
            _live(code, folder)
        finally:
            subprocess.run([*git, "remove", "--force", str(code)], check=True, capture_output=True)


def _live(code: Path, folder: Path) -> None:
    small_rows().to_csv(folder / "rows.csv", index=False)
    (folder / "small.toml").write_text(LEAN + "[gates]\nbeat_baselines = false\n")
    apart = {"TAGLINE_HOME", "TAGLINE_STORE", "TAGLINE_LEDGER"}
    own = {name: value for name, value in os.environ.items() if name not in apart}
    own |= {
        "PYTHONPATH": str(code),
        "METAFLOW_USER": "tester",
        "TAGLINE_SIGNING_KEY": str(folder / "signing.key"),
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder),
    }
    train = [
        str(code / "flows" / "train.py"),
        "--no-pylint",
        "--config",
        "case",
        "small.toml",
        "run",
    ]
    for words in (train, train, ["-m", "tagline", "promote"], ["-m", "tagline", "runs"]):
        done = subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env=own,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
