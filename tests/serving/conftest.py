"""A folder with a champion, another candidate and a server."""

import shutil

import pytest

from tests.candidates import copied
from tests.conftest import LEAN, Workplace
from tests.lifecycle.conftest import ask
from tests.serving.server import Running, serving

SERVING = """
[gates]
beat_baselines = false
champion_margin = 1
[serving]
personal = ["town"]
subject = "town"
segment_seconds = 3600
max_rows = 2000
body_seconds = 2
[serving.reasons]
size = "It is too large."
town = "It is in the wrong town."
"""


@pytest.fixture(scope="module")
def place(untouched, tmp_path_factory) -> Workplace:
    """Give a copy of the folder with candidates, the oldest promoted."""
    place = copied(untouched, tmp_path_factory.mktemp("serving") / "work")
    (place.folder / "serving.toml").write_text(LEAN + SERVING)
    runs = [each["run"] for each in reversed(ask(place, "runs"))]
    ask(place, "promote", runs[0], "--config", "serving.toml")
    return place


@pytest.fixture(scope="module")
def runs(place) -> list[str]:
    return [each["run"] for each in reversed(ask(place, "runs"))]


@pytest.fixture(scope="module")
def server(place) -> Running:
    with serving(place, "--config", "serving.toml") as running:
        yield running


@pytest.fixture
def own(place, tmp_path):
    """Give a copy of the folder that a test may spoil."""
    folder = tmp_path / "work"
    shutil.copytree(place.folder, folder, symlinks=True)
    shutil.rmtree(folder / ".metaflow" / "mf.tagline" / "servers", ignore_errors=True)
    return Workplace(folder, place.variables)


ROW = {"at": "2024-02-01T00:00:00Z", "size": 12.5, "town": "a", "noise": 0.25}


@pytest.fixture
def row():
    return dict(ROW)
