"""What has to hold of every task: its answers have one list of columns, its graph its own link."""

import json

import msgspec
import numpy as np
import onnxruntime
import pandas as pd
import pytest
import spox
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_pinball_loss

from tagline.case import tasks as asked
from tagline.case.config import TableSection
from tagline.case.evaluation import EvaluationSection
from tagline.case.tasks import CHOOSING, TASK_METRICS
from tagline.errors import TaglineError
from tagline.metrics.intervals import GroupBootstrap
from tagline.metrics.metrics import METRICS
from tagline.prediction_log.frames import framed
from tagline.prediction_log.records import Answers, Outcome, decode, encode
from tagline.prediction_log.tables import rows_of
from tagline.serving.answers import shapes
from tagline.tasks.task import columns_of
from tagline.tasks.tasks import TASKS, task_of

CLASSES = [0, 1, 3]
RULES = {
    "binary": {"threshold": 0.3},
    "classes": {"classes": CLASSES, "costs": [[0, 1, 1], [5, 0, 1], [1, 1, 0]]},
    "number": {
        "coverage": 0.9,
        "spread": 2.0,
        "rows": 500,
        "edges": [0.25],
        "below": [0.1, 0.2],
        "above": [0.3, 0.4],
    },
}
TABLES = {
    "binary": TableSection(target="y"),
    "classes": TableSection(target="y", classes=tuple(CLASSES)),
    "number": TableSection(target="y"),
}
GIVEN = {
    "binary": np.array([0.2, 0.3, 0.4]),
    "classes": np.array([[0.2, 0.3, 0.5], [0.5, 0.25, 0.25], [0.0, 0.0, 1.0]]),
    "number": np.array([0.2, 0.3, -4.0]),
}
NUMBERS, POSITIVE = st.floats(-3, 3), st.floats(0, 3)
NONE = st.just({"kind": "none"})
CALIBRATORS = {
    "binary": st.one_of(
        NONE,
        st.builds(
            lambda a, b: {"kind": "platt", "slope": abs(a), "intercept": b}, NUMBERS, NUMBERS
        ),
        st.builds(
            lambda a, b, c: {"kind": "beta", "a": abs(a), "b": abs(b), "c": c},
            NUMBERS,
            NUMBERS,
            NUMBERS,
        ),
    ),
    "classes": st.one_of(
        NONE, st.floats(0.1, 10).map(lambda t: {"kind": "temperature", "temperature": t})
    ),
    "number": NONE,
}
WIDTHS = {"binary": 1, "classes": 3, "number": 1}
EVERY = pytest.mark.parametrize("name", TASKS)


def graph(task, calibrator, width):
    margins = spox.argument(spox.Tensor(np.float64, ("N", width)))
    built = spox.build({"margins": margins}, {"answer": task.head(margins, calibrator)})
    return onnxruntime.InferenceSession(built.SerializeToString())


@EVERY
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_graph_ends_as_the_task_answers(name, data):
    task, width = TASKS[name], WIDTHS[name]
    calibrator = data.draw(CALIBRATORS[name])
    rows = st.lists(st.floats(-800, 800), min_size=width, max_size=width)
    margins = np.array(data.draw(st.lists(rows, min_size=1, max_size=8)))
    (found,) = graph(task, calibrator, width).run(None, {"margins": margins})
    np.testing.assert_allclose(found, task.calibrated(margins, calibrator), rtol=0, atol=1e-12)
    if calibrator == {"kind": "none"}:
        np.testing.assert_array_equal(task.calibrated(margins, calibrator), task.link(margins))


@EVERY
def test_one_list_of_columns_is_answered_everywhere(name):
    task, rule, given = TASKS[name], RULES[name], GIVEN[name]
    names = [each.name for each in task.answer]
    many = columns_of(task, given, rule)
    one = task.decide(given[1].tolist(), rule)
    assert list(many) == names
    assert tuple(each.tolist()[1] for each in many.values()) == one
    shown = task.shown(rule)
    assert {each.name for each in task.rule} == set(shown)
    said = shapes(task)
    answer = said.one("id", *one, model=msgspec.Raw(b"{}"), history=None, **shown)
    written = msgspec.json.decode(msgspec.json.encode(answer))
    assert {**shown, **dict(zip(names, one, strict=True))}.items() <= written.items()
    _, described = msgspec.json.schema_components([said.one])
    assert {*names, *shown} < set(described["Answer"]["properties"])


@EVERY
def test_what_was_answered_comes_back_from_the_log_and_the_graph_s_own_from_that(name):
    task, rule, given = TASKS[name], RULES[name], GIVEN[name]
    answer = {key: each.tolist() for key, each in columns_of(task, given, rule).items()}
    common = ("", "run", "digest", 1, 7, "", (), [])
    said = Answers(1, "r", *common[:1], *common[1:], ["a", "b", "c"], [None] * 3, answer, {}, {})
    rows = pd.DataFrame(list(rows_of(framed(encode(said)))))
    for column in task.answer:
        assert rows[column.name].tolist() == answer[column.name]
    np.testing.assert_array_equal(task.given_of(rows[task.answer[0].name], rule), given)


@EVERY
def test_a_rule_is_plain_data_and_its_decisions_the_same_when_read_back(name):
    task, table = TASKS[name], TABLES[name]
    random = np.random.default_rng(2)
    y = random.integers(0, WIDTHS[name] if name == "classes" else 2, 400).astype(float)
    given = random.dirichlet(np.ones(3), 400) if name == "classes" else random.random(400)
    rule = task.choose_rule(y, given, table, EvaluationSection()).plain
    again = json.loads(json.dumps(rule))
    for one, other in zip(task.decide(given, rule), task.decide(given, again), strict=True):
        assert one.tolist() == other.tolist()
    alone = GroupBootstrap(np.arange(400), resamples=100, seed=0)
    json.dumps(task.decided(y, given, rule, EvaluationSection(), alone))


@given(seed=st.integers(0, 10**6), coverage=st.sampled_from([0.5, 0.8, 0.9]))
@settings(max_examples=25, deadline=None)
def test_the_pinball_loss_of_an_interval_is_that_of_both_its_ends(seed, coverage):
    random = np.random.default_rng(seed)
    value = random.normal(size=150) * 100
    y, task, section = value + random.normal(size=150), TASKS["number"], EvaluationSection()
    rule = task.choose_rule(y[:90], value[:90], TABLES["number"], section).plain
    rule |= {"coverage": coverage}
    alone = GroupBootstrap(np.arange(60), resamples=10, seed=0)
    _, low, high = task.decide(value[90:], rule)
    ends = [
        mean_pinball_loss(y[90:], end, alpha=share)
        for end, share in ((low, (1 - coverage) / 2), (high, (1 + coverage) / 2))
    ]
    found = task.decided(y[90:], value[90:], rule, section, alone)["pinball"]
    assert found == pytest.approx(np.mean(ends), rel=1e-9)


@EVERY
def test_outcomes_are_kept_as_labels_that_come_back(name):
    task, table = TASKS[name], TABLES[name]
    said, label = {"binary": (True, 1.0), "classes": (3, 2.0), "number": (4.5, 4.5)}[name]
    kept = task.outcome(said, table)
    back = decode(bytes(encode(Outcome(1, "r", "p", "id", None, kept, None))))
    assert task.label_of(back.outcome, RULES[name]) == label
    assert task.label_of(task.kept_of(label, table), RULES[name]) == label
    for wrong in (None, [], "nobody", float("nan"), 10**400):
        with pytest.raises(ValueError, match="is n"):
            task.outcome(wrong, table)


@EVERY
def test_an_answer_that_keeps_its_promise_exceeds_it_by_nothing_on_the_whole(name):
    task, rule, random = TASKS[name], dict(RULES[name]), np.random.default_rng(5)
    if name == "classes":
        given = random.dirichlet(np.ones(3), 40_000)
        y = (given.cumsum(axis=1) < random.random((len(given), 1))).sum(axis=1).astype(float)
    elif name == "binary":
        given = random.random(40_000)
        y = (random.random(len(given)) < given).astype(float)
    else:
        given = random.normal(0, 2, 40_000)
        y = given + random.normal(0, 1, len(given))
        rule = task.choose_rule(y, given, TABLES[name], EvaluationSection()).plain
    assert abs(task.excess(y, given, rule).mean()) < 0.01
    worse = random.permutation(y)
    assert task.excess(worse, given, rule).mean() > 0.05


@EVERY
def test_what_is_named_of_a_task_is_there(name):
    task = TASKS[name]
    assert {*task.watched, *task.weekly, *CHOOSING[name]} <= set(TASK_METRICS[name])
    assert tuple(task.calibrators) == asked.CALIBRATORS[name]
    assert set(task.expected) <= set(METRICS)


def test_intervals_hold_as_many_new_rows_as_they_promise():
    random, task = np.random.default_rng(0), TASKS["number"]
    held = []
    for _ in range(60):
        v = random.normal(0, 10, 800)
        y = v + random.standard_t(3, 800) * (1 + np.abs(v) / 5)  # heavy tails, wider far out
        rule = task.choose_rule(y[:400], v[:400], TABLES["number"], EvaluationSection()).plain
        _, low, high = task.decide(v[400:], rule)
        held.append(((y[400:] >= low) & (y[400:] <= high)).mean())
    assert 0.89 <= np.mean(held) <= 0.94


def test_the_decision_is_the_class_of_least_expected_cost():
    section = EvaluationSection(costs={"1": {"0": 5.0}})
    task = TASKS["classes"]
    rule = task.choose_rule(np.zeros(1), np.zeros((1, 3)), TABLES["classes"], section).plain
    p, decision = task.decide([0.5, 0.2, 0.3], rule)
    assert p == {"0": 0.5, "1": 0.2, "3": 0.3}
    costs = {0: 0.2 * 5 + 0.3, 1: 0.8, 3: 0.7}
    assert decision == min(costs, key=costs.get) == 3


@given(
    st.lists(st.lists(st.sampled_from([0.0, 0.125, 0.25, 0.5]), min_size=3, max_size=3), min_size=2)
)
def test_one_row_is_decided_as_among_others_and_without_costs_by_the_likeliest(rows):
    task, p = TASKS["classes"], np.array(rows)
    for rule in ({**RULES["classes"], "costs": []}, RULES["classes"]):
        _, many = task.decide(p, rule)
        assert [task.decide(row, rule)[1] for row in p.tolist()] == many.tolist()
    _, likeliest = task.decide(p, {**RULES["classes"], "costs": []})
    assert likeliest.tolist() == [CLASSES[place] for place in p.argmax(axis=1)]


def test_too_few_errors_for_a_coverage_are_said():
    task = TASKS["number"]
    y, section = np.arange(10.0), EvaluationSection(coverage=0.9)
    rule = task.choose_rule(y, y + 0.5, TABLES["number"], section).plain
    (said,) = task.remarks(y, rule)
    assert "take errors on 19 rows, and there are 10" in said


def test_a_task_that_is_not_there_is_a_sentence():
    with pytest.raises(TaglineError, match="There is no task called 'ranking'"):
        task_of("ranking")
