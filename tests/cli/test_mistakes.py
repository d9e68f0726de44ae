"""What a person's mistake looks like on the command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def tagline(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tagline", *words],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "TAGLINE_STORE"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_runs_is_an_empty_list_and_no_error(tmp_path: Path) -> None:
    listed = tagline("runs", "--json", cwd=tmp_path)
    assert listed.returncode == 0
    assert listed.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show",), 1),
        (("show", "12"), 3),
        (("show", "--case", "x"), 3),
        (("reproduce", "No/such/run"), 3),
        (("status",), 1),
    ],
)
def test_an_unknown_run_is_one_sentence_and_an_exit_code(
    words: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    failed = tagline(*words, cwd=tmp_path)
    assert failed.returncode == code
    assert failed.stderr.startswith("tagline: ")
    assert "Traceback" not in failed.stderr
    assert failed.stdout == ""
