"""A run whose trials fail in part, judged beside a champion."""

import json
from pathlib import Path

import pytest

from tests.conftest import CASE, Workplace, workplace

BROKEN = """
from tagline.models.families import Logistic

def fitted(data):
    raise RuntimeError("no <convergence>")

Logistic._fitted = fitted
"""


pytestmark = pytest.mark.slow  # it trains twice


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory):
    """Give a folder with a champion and a run with a failing trial, these two, and its output."""
    place = workplace(tmp_path_factory.mktemp("faults"))
    lenient = place.folder / "lenient.toml"
    lenient.write_text(CASE + "[gates]\nbeat_baselines = false\n")
    (place.folder / "sitecustomize.py").write_text(BROKEN)
    broken = Workplace(place.folder, {"PYTHONPATH": str(place.folder)})
    first = broken.train(case=lenient.name)
    assert first.returncode == 0, first.stdout[-5000:] + first.stderr[-5000:]
    promoted = place.tagline("promote")
    assert promoted.returncode == 0, promoted.stderr
    second = broken.train()
    assert second.returncode == 0, second.stdout[-5000:] + second.stderr[-5000:]
    run, champion = (each["run"] for each in json.loads(place.tagline("runs", "--json").stdout))
    return place, run, champion, second.stdout


def shown(place, *words):
    done = place.tagline("show", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_failed_trial_is_told_while_it_happens_and_on_the_leaderboard(two_runs):
    place, run, _, printed = two_runs
    assert "1 failed" in printed
    found = json.loads(shown(place, run, "--json"))
    (failed,) = [row for row in found["leaderboard"] if row["state"] == "failed"]
    assert failed["kind"] == "logistic"
    assert failed["error"] == "RuntimeError: no <convergence>"
    assert failed["rank"] is failed["roc_auc"] is failed["log_loss"] is None
    assert found["leaderboard"][-1] == failed
    assert "(logistic) failed: RuntimeError: no <convergence>" in shown(place, run)


def test_a_baseline_that_failed_is_a_gate_that_did_not_pass(two_runs):
    place, run, *_ = two_runs
    found = json.loads(shown(place, run, "--json"))
    (gate,) = [gate for gate in found["gates"] if gate["name"].endswith("better than logistic")]
    assert not gate["passed"]
    assert "could not be fitted" in gate["detail"]
    assert list(found["baselines"]) == ["base_rate", "champion"]


def test_the_report_shows_a_failed_trial(two_runs):
    place, run, *_ = two_runs
    page = Path(json.loads(shown(place, run, "--json"))["paths"]["report"]).read_text()
    assert '<td class="failed">failed</td>' in page


def test_a_run_is_judged_beside_the_champion_on_the_same_rows(two_runs):
    place, run, champion, _ = two_runs
    found = json.loads(shown(place, run, "--json"))
    (gate,) = [gate for gate in found["gates"] if "champion" in gate["name"]]
    figure = found["baselines"]["champion"]["roc_auc"]
    own = found["metrics"]["roc_auc"]["value"]
    assert gate["figure"] == pytest.approx(own - figure)
    before = json.loads(shown(place, champion, "--json"))
    assert figure == pytest.approx(before["metrics"]["roc_auc"]["value"], abs=1e-9)
    assert gate["passed"]
