"""A run is trained again from its own commit, config, data and seed, and every metric compared."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT, small_rows, workplace

pytestmark = pytest.mark.slow  # it trains twice


def git(folder, *words):
    who = ["-c", "user.name=tester", "-c", "user.email=tester@localhost"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def from_a_clone(tmp_path_factory):
    """Train in a clean clone of what is committed here."""
    folder = tmp_path_factory.mktemp("clone")
    git(ROOT, "clone", "--quiet", str(ROOT), str(folder / "repository"))
    (folder / "work").mkdir()
    place = workplace(folder / "work")
    environment = place.environment | {"PYTHONPATH": str(folder / "repository")}

    def call(*words):
        return subprocess.run(
            [sys.executable, *words],
            cwd=place.folder,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    flow = str(folder / "repository" / "flows" / "train.py")
    done = call(flow, "--no-pylint", "--config", "case", "small.toml", "run")
    assert done.returncode == 0, done.stdout[-3000:]
    (line,) = json.loads(call("-m", "tagline", "runs", "--json").stdout)
    return place, call, line["run"]


def test_a_run_reproduces_itself_exactly(from_a_clone):
    _, call, run = from_a_clone
    done = call("-m", "tagline", "reproduce", run, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["same"]
    assert {figure["name"] for figure in found["figures"]} >= {"roc_auc", "base_rate log_loss"}


def test_other_data_is_noticed(from_a_clone):
    place, call, run = from_a_clone
    small_rows(seed=9).to_csv(place.folder / "rows.csv", index=False)
    done = call("-m", "tagline", "reproduce", run)
    assert done.returncode == 1
    assert "not the data that the run was trained on" in done.stderr
