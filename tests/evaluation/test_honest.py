"""Figures say what they can not say; a gate that can not fail is none."""

import numpy as np
import pandas as pd
import pytest

from tagline.case.evaluation import EvaluationSection, GatesSection
from tagline.evaluation.behaviour import Direction, Invariance, Minimum, check
from tagline.evaluation.evaluate import evaluate
from tagline.report.ending import ending
from tagline.tasks.task import Rule
from tagline.tasks.tasks import TASKS

ROWS = pd.DataFrame({"delay": [0.0, 10.0, 50.0], "name": list("abc")})


def judged(groups, **changes):
    rng = np.random.default_rng(3)
    n = 1200
    margin = rng.normal(-0.5, 1.2, n)
    p = 1 / (1 + np.exp(-margin))
    y = (rng.random(n) < p).astype(float)
    wishes = {
        "section": EvaluationSection(resamples=200, slice_resamples=100, slices=("half",)),
        "gates_section": GatesSection(minimum={"roc_auc": 0.7}),
        "baselines": {"base_rate": np.full(n, y.mean())},
        "behaviour_results": [],
    } | changes
    return evaluate(
        wishes["section"],
        wishes["gates_section"],
        y=y,
        p=p,
        groups=np.arange(n) % groups,
        slices=pd.DataFrame({"half": np.arange(n) % groups < groups / 2}),
        baselines=wishes["baselines"],
        champion=p,
        task=TASKS["binary"],
        rule=Rule({"threshold": 0.5}),
        tuning=(y, p),
        behaviour_results=wishes["behaviour_results"],
        seed=1,
    )


@pytest.mark.parametrize("groups", [1, 2, 5, 7])
def test_too_few_groups_give_a_figure_and_a_sentence_instead_of_an_interval(groups):
    found = judged(groups)
    figure = found.metrics["roc_auc"]
    assert figure["value"] > 0.7
    assert np.isnan([figure["low"], figure["high"]]).all()
    assert figure["note"] == f"{groups} groups are too few for an interval, which takes 8"
    least, baseline, champion = found.gates
    assert least["passed"]
    assert f"without an interval: {groups} groups" in least["detail"]
    for gate in (baseline, champion):
        assert not gate["passed"]
        assert f"can not be said: {groups} groups are too few" in gate["detail"]
        assert "nan" not in gate["detail"]
    lines = ending("TrainFlow/1", found, case="small", bundle={"digest": "d"})
    assert not [line for line in lines if "nan" in line]


def test_eight_groups_give_an_interval():
    found = judged(8)
    figure = found.metrics["roc_auc"]
    assert figure["low"] < figure["value"] < figure["high"]
    assert "note" not in figure
    assert found.standing == "candidate"
    assert found.slices["low"].isna().all()  # each half has four


def test_without_gates_the_candidate_is_told_to_be_untested():
    asked = GatesSection(beat_baselines=False)
    found = judged(30, gates_section=asked, baselines={})
    found = type(found)(**{**vars(found), "gates": []})
    lines = list(ending("TrainFlow/1", found, case="small", bundle={"digest": "d"}))
    assert any("NO GATE is asked of this case" in line for line in lines)


def by_delay(rows):
    return np.clip(rows["delay"].to_numpy() / 100, 0, 1)


IDLE = {
    "reaches no input": Invariance("n", lambda rows: rows.assign(name="z")),
    "reaches nothing": Direction("n", lambda rows: rows, 1),
    "allows all": Invariance("n", lambda rows: rows.assign(delay=9.0), tolerance=1.0),
    "asks nobody": Direction("n", lambda rows: rows.assign(delay=9.0), 1, min_share=0.0),
    "expects anything": Minimum("n", lambda rows: rows, expected=(0.0, 1.0)),
}


@pytest.mark.parametrize("test", IDLE.values(), ids=IDLE)
def test_a_behaviour_test_that_can_not_fail_does_not_count_and_says_so(test):
    (found,) = check([test], ROWS, by_delay, reads=["delay"])
    assert not found["counts"]
    assert "can not fail and does not count" in found["detail"]
    gates = judged(30, behaviour_results=[found]).gates
    assert test.name not in [gate["name"] for gate in gates]


def test_a_behaviour_test_whose_change_is_seen_counts():
    tests = [
        Invariance("same", lambda rows: rows.assign(delay=rows["delay"] + 1), tolerance=0.02),
        Direction("up", lambda rows: rows.assign(delay=rows["delay"] + 1), 1),
        Minimum("low", lambda rows: rows[rows["delay"] < 20], expected=(0.0, 0.2)),
    ]
    assert [(each["counts"], each["passed"]) for each in check(tests, ROWS, by_delay)] == [
        (True, True)
    ] * 3


def test_a_limit_that_no_model_could_fail_says_so():
    asked = GatesSection(minimum={"roc_auc": 0.0}, maximum={"brier": 1.0, "log_loss": 9.0})
    lines = [gate["detail"] for gate in judged(30, gates_section=asked).gates[:3]]
    assert ["No model could fail this" in each for each in lines] == [True, True, False]


@pytest.mark.parametrize(
    ("gain", "said"),
    [(0.15, "times as many test rows would show it"), (-0.1, "It is no better on these rows")],
)
def test_a_rejection_says_what_would_change_it(gain, said):
    random = np.random.default_rng(3)
    y = (random.random(60) < 0.3).astype(float)
    p = np.clip(0.3 + gain * (y - 0.3) + random.normal(0, 0.25, 60), 0.01, 0.99)
    rate = np.full(60, 0.3)
    found = evaluate(
        EvaluationSection(resamples=200, slice_resamples=100),
        GatesSection(minimum={"roc_auc": 0.999}),
        y=y,
        p=p,
        groups=np.arange(60),
        slices=pd.DataFrame({"x": y}),
        baselines={"base_rate": rate},
        champion=None,
        task=TASKS["binary"],
        rule=Rule({"threshold": 0.5}),
        tuning=(y, p),
        behaviour_results=[],
        seed=1,
    )
    limit, least = found.gates
    assert "gates.minimum.roc_auc sets the limit" in limit["detail"]
    assert said in least["detail"]
    assert not least["passed"]
