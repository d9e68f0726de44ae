"""One real run on a small table, which every test of the second half looks at."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from xdist.scheduler import LoadFileScheduling

from tagline.storage.files import locked
from tests.warm import USER, verb

pytest_plugins = ["tests.seaweed", "tests.candidates"]

ROOT = Path(__file__).resolve().parents[1]
FLOW = ROOT / "flows" / "train.py"
CASE = """
name = "small"
title = "Is it <b>so</b>?"
owners = ["the testers"]
[table]
id = "id"
time = "at"
target = "y"
source = "rows.csv"
[search]
trials = 3
folds = 1
brackets = 1
[evaluation]
resamples = 200
slices = ["town", "size"]
[explanation]
rows = 60
dependence = 2
chosen = 1
lime = true
"""


# As CASE with the least of a search: for runs that are only there to be promoted, or to fail.
LEAN = CASE.replace("trials = 3", "trials = 1\nbaselines = []").replace("lime = true\n", "")

LONGEST_FIRST = (
    *("tests/lifecycle", "tests/serving", "tests/runs"),
    *("tests/flows", "tests/workflows"),
)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    """Deal whole files in the order of collection, which is by time, not by how many tests."""
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker waits for the other at the end."""
    items.sort(key=lambda item: _turn(str(item.path.relative_to(ROOT))))


def _turn(place: str) -> int:
    turns = (turn for turn, first in enumerate(LONGEST_FIRST) if place.startswith(first))
    return next(turns, len(LONGEST_FIRST))


@dataclass(frozen=True)
class Workplace:
    """A folder where flows run and the command line looks."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "TAGLINE_SIGNING_KEY": str(self.folder / "signing.key"),
            "TAGLINE_HOME": str(self.folder / ".tagline"),
            "METAFLOW_USER": USER,
        }
        return {n: v for n, v in os.environ.items() if n != "TAGLINE_STORE"} | own | self.variables

    @property
    def store(self) -> Path:
        return self.folder / ".metaflow" / "mf.tagline"

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def train(self, *words: str, case: str = "small.toml") -> subprocess.CompletedProcess[str]:
        return self.call(str(FLOW), "--no-pylint", "--config", "case", case, "run", *words)

    def tagline(self, *words: str) -> subprocess.CompletedProcess[str]:
        return verb(words, folder=self.folder, environment=self.environment)


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests of this process make in a place of their own, and not where they run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLINE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("TAGLINE_STORE", str(tmp_path_factory.mktemp("store")))
        yield


def small_rows(n: int = 600, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    size = random.normal(10, 3, n)
    town = random.choice(["a", "b", "Łódź"], n)
    chance = 1 / (1 + np.exp(10 - size - (town == "a")))
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in range(n)],
            "at": pd.date_range("2024-01-01", periods=n, freq="3h", tz="UTC"),
            "size": size.round(6),
            "town": town,
            "noise": np.where(random.random(n) < 0.1, np.nan, random.normal(size=n).round(6)),
            "y": (random.random(n) < chance).astype(int),
        }
    )


def workplace(folder: Path) -> Workplace:
    small_rows().to_csv(folder / "rows.csv", index=False)
    (folder / "small.toml").write_text(CASE)
    return Workplace(folder)


def once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Workplace], None]
) -> Workplace:
    """Make a folder once for all workers of a session; whoever comes second waits for it."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"once-{name}"
    with locked(folder.with_suffix(".lock")):
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(workplace(folder))
            (folder / "made").touch()
    return Workplace(folder)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workplace, str]:
    """Give a folder with one finished run, and what the run printed."""

    def make(place: Workplace) -> None:
        done = place.train()
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
        (place.folder / "printed").write_text(done.stdout)

    place = once(tmp_path_factory, "trained", make)
    return place, (place.folder / "printed").read_text()


def committed(folder):
    """Give a clean checkout of the code: what a run is reproduced from."""
    code = folder / "code"
    shutil.copytree(
        ROOT, code, ignore=shutil.ignore_patterns(".venv", ".git", ".*_cache", "__pycache__")
    )
    git = ["git", "-C", str(code), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "all")):
        subprocess.run([*git, *words], check=True)
    return code
