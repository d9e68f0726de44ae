"""Findings of whatever a log may hold: nothing, one row, no outcomes, a fault that is known."""

import json

import numpy as np
import pytest

from tagline.bundle.profile import profile
from tagline.case.load import parse_case
from tagline.case.monitoring import MonitoringSection
from tagline.lifecycle.entry import plain
from tagline.monitoring.collect import Collected, Predictions
from tagline.monitoring.days import Layout
from tagline.monitoring.find import find
from tagline.monitoring.findings import Reference
from tagline.monitoring.harm import mean
from tagline.report.monitor_page import _sections
from tagline.tasks.tasks import TASKS
from tests.conftest import LEAN

SECTION = MonitoringSection(resamples=199, slice_support=50)
REFERENCE = Reference({"log_loss": 0.5, "roc_auc": 0.75}, 0.3)
EACH = 150


def world(days, *, seed=0, moved=False, wrong=0.0, known=True):
    """Give columns, answers and outcomes; where it is wrong, the rows that moved are too."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), EACH)
    x = rng.normal(size=len(day)) + 0.2 * rng.normal(size=max(days, 1))[day]
    x = x + 1.5 * moved
    z = rng.normal(size=len(day))
    log_odds = x - 1
    p = 1 / (1 + np.exp(-log_odds))
    true = 1 / (1 + np.exp(-(log_odds - wrong * (x > 1))))
    y = (rng.random(len(day)) < true).astype(float)
    y = y if known else np.full(len(day), np.nan)
    part = np.where(z > 0, "right", "left").astype(object)
    return {"field:x": x, "field:z": z}, Predictions(day + 15_000, p, y, {"part": part})


def found(*parts, section=SECTION):
    columns, rows = world(300, seed=9)
    layout = Layout(profile({**columns, "score": rows.p}))
    collected = Collected(layout)
    for columns, rows in parts:
        collected.add(columns, rows)
    return find(collected, REFERENCE, section, digest="d" * 64, run="TrainFlow/1", seed=0)


def test_nothing_is_said_to_be_nothing():
    findings = found()
    assert findings.verdict == "unknown"
    assert findings.rows == 0
    assert "Nothing was answered" in findings.said[0]


def test_one_row_is_looked_at_and_not_judged():
    columns, rows = world(1)
    one = {name: values[:1] for name, values in columns.items()}
    findings = found((one, rows.only(np.arange(EACH) == 0)))
    assert findings.rows == 1
    assert findings.verdict == "unknown"
    json.dumps(findings.to_dict())


def test_calm_weeks_are_quiet():
    findings = found(world(28, seed=1))
    assert findings.verdict == "quiet"
    assert not findings.moved
    assert findings.excess.low <= 0 <= findings.excess.high


def test_what_moved_without_harm_is_told_from_what_hurts():
    harmless, harmful = found(world(28, moved=True)), found(world(28, moved=True, wrong=2.0))
    assert harmless.verdict == "moved"
    assert harmful.verdict == "hurts"
    assert {each.column for each in harmless.moved} == {"field:x", "score"}
    assert harmful.harm["field:x"].low > 0
    assert harmless.harm["field:x"].low <= 0
    assert any("nothing is to be done" in each for each in harmless.said)
    assert any("Train again" in each for each in harmful.said)


def test_without_outcomes_it_says_what_the_answers_say():
    findings = found(world(28, known=False))
    assert findings.outcomes == 0
    assert findings.measured == {}
    assert findings.estimated["log_loss"].value > 0
    assert any("No outcome has arrived" in each for each in findings.said)


def test_the_estimate_is_checked_against_what_came_true():
    for week in found(world(28)).weeks:
        assert week["log_loss_estimated_value"] == pytest.approx(
            week["log_loss_measured_value"], abs=0.06
        )


def test_rows_may_come_in_any_parts():
    columns, rows = world(28, moved=True, wrong=2.0)
    cuts = [np.arange(len(rows.day)) % 3 == each for each in range(3)]
    parts = [({n: v[cut] for n, v in columns.items()}, rows.only(cut)) for cut in cuts]
    assert found(*parts).movements == found((columns, rows)).movements


def test_a_slice_that_is_broken_is_named_first():
    columns, rows = world(28)
    broken = (rows.slices["part"] == "left") & (rows.day % 2 == 0)
    y = np.where(broken, 1 - rows.y, rows.y)
    findings = found((columns, Predictions(rows.day, rows.p, y, rows.slices)))
    assert findings.slices[0]["value"] == "left"
    assert findings.slices[0]["low"] > 0


def test_the_mean_of_blocks_is_the_mean_and_its_interval_is_wider_than_that_of_rows():
    _, rows = world(28)
    single = SECTION.model_copy(update={"block_days": 1})
    cost = TASKS["binary"].excess(rows.y, rows.p, {})
    cost = cost + np.random.default_rng(1).normal(size=28)[rows.day - 15_000]
    whole = mean(cost, rows.day, SECTION, seed=0)
    alone = mean(cost, np.arange(len(cost)), single, seed=0)
    assert whole.value == pytest.approx(cost.mean())
    assert whole.high - whole.low > 3 * (alone.high - alone.low)


def test_the_page_is_drawn_of_all_of_it():
    case = parse_case(LEAN, file="small.toml")
    columns, rows = world(1)
    one = {name: values[:1] for name, values in columns.items()}, rows.only(np.arange(EACH) == 0)
    unknown = rows.only(np.arange(EACH) == 0)
    unknown = Predictions(unknown.day, unknown.p, np.full(1, np.nan), unknown.slices)
    every = [(), (world(28, moved=True, wrong=2.0),), (world(1),), (one,), ((one[0], unknown),)]
    every.append((world(28, moved=True, known=False),))
    for parts in every:
        told = json.loads(json.dumps(found(*parts).to_dict(), default=float))
        watched = {"findings": [plain(told)], "notes": ["rows of nobody (3)"]}
        assert list(_sections(case, watched))
