import numpy as np
import pandas as pd
import pytest

from tagline.case.evaluation import EvaluationSection, GatesSection
from tagline.errors import TaglineError
from tagline.evaluation.evaluate import evaluate
from tagline.tasks.tasks import TASKS

GOOD_TEST = {"name": "t", "passed": True, "rows": 3, "share": 1.0, "min_share": 1.0, "detail": ""}


def sigmoid(margin):
    return 1 / (1 + np.exp(-margin))


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(3)
    margin = rng.normal(-0.5, 1.2, 3000)
    y = (rng.random(3000) < sigmoid(margin)).astype(float)
    return {
        "y": y,
        "p": sigmoid(margin),
        "groups": np.repeat(np.arange(30), 100),
        "slices": pd.DataFrame({"origin": rng.choice(["EWR", "JFK"], 3000), "wind": margin}),
        "baselines": {
            "base_rate": np.full(3000, y.mean()),
            "logistic": sigmoid(margin + rng.normal(0, 1, 3000)),
        },
        "champion": None,
        "task": TASKS["binary"],
        "tuning": (y[:1500], sigmoid(margin)[:1500]),
        "behaviour_results": [],
        "seed": 1,
    }


def judged(table, *, gates=None, section=None, **changes):
    chosen = EvaluationSection(
        **{"resamples": 200, "slice_resamples": 100, "slices": ("origin",), **(section or {})}
    )
    given = {**table, **changes}
    given["rule"] = given["task"].choose_rule(*given["tuning"], None, chosen)
    return evaluate(chosen, GatesSection(**(gates or {})), **given)


def gate(result, part):
    return next(each for each in result.gates if part in each["name"])


def test_a_good_model_becomes_a_candidate_with_every_figure(table):
    found = judged(table, gates={"minimum": {"roc_auc": 0.7}, "maximum": {"ece": 0.05}})
    assert found.standing == "candidate"
    assert set(found.metrics) == {"roc_auc", "log_loss", "brier", "ece", "average_precision"}
    auc = found.metrics["roc_auc"]
    assert auc["low"] < auc["value"] < auc["high"]
    assert found.baseline_metrics["base_rate"]["roc_auc"] == 0.5
    assert found.support == {"n": 3000, "positives": int(table["y"].sum()), "groups": 30}
    assert len(found.gates) == 4
    assert all(set(g) == {"name", "passed", "figure", "limit", "detail"} for g in found.gates)


def test_the_same_seed_gives_the_same_figures(table):
    one, two = judged(table), judged(table)
    assert one.metrics == two.metrics
    pd.testing.assert_frame_equal(one.slices, two.slices)


@pytest.mark.parametrize(
    "gates",
    [
        {"minimum": {"roc_auc": 0.99}},
        {"maximum": {"log_loss": 0.1}},
        {"slice_minimum": {"roc_auc": 0.99}},
    ],
)
def test_a_missed_limit_rejects(table, gates):
    found = judged(table, gates=gates)
    assert found.standing == "rejected"
    failed = [each for each in found.gates if not each["passed"]]
    assert len(failed) == 1
    assert failed[0]["detail"]


def test_a_limit_is_met_by_a_figure_on_it(table):
    figures = {name: each["value"] for name, each in judged(table).metrics.items()}
    gates = {"minimum": {"roc_auc": figures["roc_auc"]}, "maximum": {"ece": figures["ece"]}}
    assert all(each["passed"] for each in judged(table, gates=gates).gates)


def test_the_worst_slice_is_of_the_metric_that_is_asked_for(table):
    found = judged(table, gates={"slice_minimum": {"roc_auc": 0.5}})
    every = found.slices[found.slices["metric"] == "roc_auc"]
    asked = gate(found, "in every slice")
    assert asked["figure"] == every["figure"].min()
    assert asked["passed"] == (every["figure"].min() >= 0.5)


@pytest.mark.parametrize("uncompared", ["fail", "pass"])
def test_a_champion_that_can_not_be_compared_passes_only_where_that_is_said(table, uncompared):
    found = judged(table, gates={"uncompared": uncompared}, uncompared="its tables are gone.")
    asked = gate(found, "champion")
    assert asked["passed"] == (uncompared == "pass")
    assert ("lets it pass" in asked["detail"]) == (uncompared == "pass")


def test_a_gate_s_metric_is_computed_even_if_the_section_leaves_it_out(table):
    found = judged(table, section={"metrics": ("roc_auc",)}, gates={"maximum": {"brier": 0.3}})
    assert gate(found, "Brier")["passed"]
    only = judged(
        table, section={"metrics": ("roc_auc",)}, gates={"slice_minimum": {"average_precision": 0}}
    )
    assert gate(only, "Average precision")["passed"]


def test_a_simpler_model_must_not_be_clearly_better_and_is_named_where_it_is_as_good(table):
    equal = {"baselines": {"logistic": table["p"]}}
    found = judged(table, **equal)
    assert gate(found, "not clearly worse than logistic")["passed"]
    assert "It is not clearly better either" in gate(found, "logistic")["detail"]
    strict = judged(table, **equal, gates={"beat_baselines": True})
    assert not gate(strict, "better than logistic")["passed"]
    assert judged(table, **equal, gates={"beat_baselines": False}).gates == []
    worse = judged(table, p=table["baselines"]["logistic"], **equal)
    assert not gate(worse, "not clearly worse than logistic")["passed"]


def test_what_is_no_better_than_the_base_rate_is_rejected(table):
    rate = table["baselines"]["base_rate"]
    assert judged(table, p=rate, baselines={"base_rate": rate}).standing == "rejected"
    missing = judged(table, baselines={}, unfitted=["base_rate", "logistic"])
    assert [each["passed"] for each in missing.gates] == [False, True]


def test_with_a_metric_where_less_is_better_the_gates_turn_round(table):
    found = judged(table, section={"primary": "log_loss"}, champion=table["p"])
    assert found.standing == "candidate"
    assert gate(found, "base_rate")["figure"] < 0


def test_the_champion_must_not_be_much_better(table):
    worse = table["baselines"]["logistic"]
    same = judged(table, champion=table["p"])
    assert gate(same, "champion")["passed"]
    found = judged(table, p=worse, baselines={}, champion=table["p"])
    assert not gate(found, "champion")["passed"]
    assert found.baseline_metrics["champion"]["roc_auc"] > found.metrics["roc_auc"]["value"]
    lenient = judged(
        table, p=worse, baselines={}, champion=table["p"], gates={"champion_margin": 0.5}
    )
    assert lenient.standing == "candidate"


def test_a_failed_behaviour_test_rejects_unless_told_otherwise(table):
    failed = [GOOD_TEST | {"passed": False, "share": 0.2}]
    assert judged(table, behaviour_results=failed).standing == "rejected"
    kept = judged(table, behaviour_results=failed, gates={"behaviour": False})
    assert kept.standing == "candidate"
    assert kept.behaviour == failed


def test_one_class_is_judged_without_a_crash_and_rejected(table):
    found = judged(table, y=np.zeros(3000), gates={"minimum": {"roc_auc": 0.1}})
    assert found.standing == "rejected"
    assert np.isnan(found.metrics["roc_auc"]["value"])
    assert found.metrics["roc_auc"]["undefined"] == 200


def test_without_anything_to_compare_with_the_tables_are_empty(table):
    found = judged(table, baselines={}, section={"slices": ()})
    assert found.comparisons.empty
    assert found.slices.empty
    assert found.standing == "candidate"


def test_a_column_to_slice_by_must_be_there(table):
    with pytest.raises(TaglineError, match="'orgin'"):
        judged(table, section={"slices": ("orgin",)})


def test_without_rows_there_is_nothing_to_judge(table):
    with pytest.raises(TaglineError, match="no test row"):
        judged(table, y=np.zeros(0), p=np.zeros(0), groups=np.zeros(0, dtype=int))
