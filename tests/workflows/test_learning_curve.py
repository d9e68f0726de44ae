"""What more rows would bring is measured on a run's own rows, and said with what it can change."""

import json

import pytest

from tagline.errors import TaglineError
from tagline.metrics.intervals import Interval
from tagline.workflows.learning_curve import LearningCurve, Step, _learned, _said, _verdict


def curve(figures, *, metric="roc_auc", low=0.01):
    steps = [Step(100 * 2**n, {metric: each}) for n, each in enumerate(figures)]
    return LearningCurve("TrainFlow/1", "boosted", metric, steps, Interval(0.02, low, 0.03), [])


@pytest.mark.parametrize(
    ("figures", "limit", "said"),
    [
        ([0.60, 0.70, 0.75], 0.77, "some 800 rows could reach it"),
        ([0.60, 0.70, 0.75], 0.79, "some 3,200 rows could reach it"),
        ([0.60, 0.70, 0.75], 0.81, "no number of rows of the same kind would reach it"),
        ([0.70, 0.75, 0.75], 0.80, "no number of rows"),
        ([0.75, 0.75, 0.70], 0.80, "no number of rows"),
    ],
)
def test_a_limit_says_how_many_rows_could_reach_it(figures, limit, said):
    gate = {"name": f"ROC AUC at least {limit:g}", "limit": limit, "passed": False}
    assert said in _verdict(curve(figures), gate)


def test_a_maximum_is_reached_from_above():
    gate = {"name": "Log loss at most 0.45", "limit": 0.45, "passed": False}
    assert "some 800 rows" in _verdict(curve([0.7, 0.55, 0.475], metric="log_loss"), gate)


def test_gates_that_are_no_limits_are_left_to_their_own_sentences():
    for name in ("ROC AUC better than base_rate", "ROC AUC at least 0.7 in every slice"):
        assert not _verdict(curve([0.6, 0.7, 0.75]), {"name": name, "limit": 0.7})


def test_a_gain_that_may_be_chance_is_said_to_be_that():
    class Record:
        gates = ()

    assert "not clearly anything" in " ".join(_said(curve([0.6, 0.7, 0.72], low=-0.01), Record()))


@pytest.mark.parametrize("lacking", [0.25, 0.5, 1.0])
def test_too_few_rows_for_two_doublings_are_said_to_be_that(lacking):
    every = {share: [share] * (share != lacking) for share in (0.125, 0.25, 0.5, 1.0)}
    with pytest.raises(TaglineError, match=f"nothing can be learned from {lacking:g} of them"):
        _learned(every, where="TrainFlow/1")


def test_a_size_that_lacks_a_class_is_left_out_of_the_curve():
    every = {0.125: [], 0.25: [1], 0.5: [1], 1.0: [1]}
    assert list(_learned(every, where="TrainFlow/1")) == [0.25, 0.5, 1.0]


def test_a_finished_run_has_a_curve(trained):
    place, _ = trained
    run = json.loads(place.tagline("runs", "--json").stdout)[0]["run"]
    done = place.tagline("curve", run, "--draws", "1", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    rows = [step["rows"] for step in found["steps"]]
    assert rows == sorted(rows)
    assert len(rows) == 4
    shown = json.loads(place.tagline("show", run, "--json").stdout)
    assert set(found["steps"][0]["figures"]) >= set(shown["metrics"])
    assert found["said"][0].startswith(f"The last doubling, to {rows[-1]:,} rows, brought")
