"""docs/day.md is true: each of its commands is run, and prints what the page shows."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import ROOT, USER

PAGE = (ROOT / "docs" / "day.md").read_text()
BLOCK = re.compile(
    r"(?:<!-- (?P<where>[^\n]+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL
)
PORT = "8765"
MASKS = (
    (re.compile(rf"'{re.escape(str(ROOT))}/([^']+)'"), r"\1"),  # in a folder with a space
    (re.compile(re.escape(f"{ROOT}/")), ""),
    (re.compile(r"\b\d{16}\b"), "RUN"),
    (re.compile(r"\b\d\d-\d\d \d\d:\d\d .*"), "WHEN"),
    (re.compile(r"^.*\(pid \d+\)\] "), ""),
    (re.compile(r"[+-]?\b\d+\.\d{3,}\b"), "N"),
    (re.compile(r"trial \d+"), "trial N"),
    (re.compile(r"\s+"), " "),
)


def masked(line):
    for what, by in MASKS:
        line = what.sub(by, line)
    return line.strip()


@pytest.fixture
def place(tmp_path):
    for name in ("flows", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {n: v for n, v in os.environ.items() if n != "TAGLINE_STORE"} | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TAGLINE_SIGNING_KEY": str(tmp_path / "signing.key"),
        "TAGLINE_HOME": str(tmp_path / ".tagline"),
        "METAFLOW_USER": USER,
        "COLUMNS": "80",
    }
    begun = []

    def run(command):
        command = command.replace(PORT, port)
        how = {"cwd": tmp_path, "env": environment, "text": True}
        if command.endswith("&"):
            words = command.removesuffix("&").split()
            begun.append(subprocess.Popen(words, stdout=subprocess.DEVNULL, **how))
            answers(port)
            return ""
        done = subprocess.run(["bash", "-c", command], capture_output=True, check=False, **how)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    yield tmp_path, run
    for each in begun:
        each.terminate()
        each.wait(30)


def answers(port):
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server never was ready")


def put(folder, where, text):
    config = folder / "shop.toml"
    if where.startswith("add to the head"):
        config.write_text(config.read_text().replace("\n[table]", f"{text}\n[table]", 1))
    elif where.startswith("add to"):
        config.write_text(f"{config.read_text()}\n{text}")
    else:
        (folder / where).write_text(text)


def expect(expected, printed, command):
    there = iter([masked(line) for line in printed.splitlines()])
    for line in map(masked, expected):
        if not line or line == "...":
            continue
        wanted = line.removesuffix(" ...").removesuffix("...")
        assert any(each.startswith(wanted) for each in there), (
            f"{command}\n{line}\n{printed[-4000:]}"
        )


def test_the_page_is_walked(place):
    folder, run = place
    answered = ""
    for block in BLOCK.finditer(PAGE):
        if block["where"]:
            put(folder, block["where"], block["text"])
        if "tagline.predictions()" in block["text"]:
            looked_at(folder, run)
        if block["kind"] != "console":
            continue
        for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
            command, *expected = part.splitlines()
            answered = run(command)
            expect(expected, answered, command)
    assert '"probability":' in answered


def looked_at(folder, run):
    """Run the notebook of the day in the folder of the walk."""
    run(
        "python - <<'E'\n"
        "import nbformat\nfrom nbclient import NotebookClient\n"
        f"book = nbformat.read('{ROOT / 'notebooks' / '05_day.ipynb'}', as_version=4)\n"
        f"where = {{'metadata': {{'path': '{folder}'}}}}\n"
        "NotebookClient(book, timeout=120, kernel_name='python3', resources=where).execute()\n"
        f"nbformat.write(book, '{folder / 'walked.ipynb'}')\nE"
    )
    book = json.loads((folder / "walked.ipynb").read_text())
    kept = json.loads((ROOT / "notebooks" / "05_day.ipynb").read_text())
    pictures = [
        sum(
            "image/png" in out.get("data", {})
            for cell in each["cells"]
            for out in cell.get("outputs", ())
        )
        for each in (book, kept)
    ]
    assert pictures == [3, 3]
