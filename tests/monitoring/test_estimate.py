"""Estimates are the expectation over the labels that the answers promise."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagline.metrics.binary import log_loss_of_rows
from tagline.metrics.metrics import METRICS
from tagline.monitoring.estimate import estimate as promised
from tagline.monitoring.estimate import estimated
from tagline.tasks.binary import entropy
from tagline.tasks.tasks import TASKS

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())
BINARY = TASKS["binary"]


def estimate(name, p):
    return promised(BINARY, name, p)


chances = st.lists(st.sampled_from([0.02, 0.1, 0.3, 0.5, 0.5, 0.8, 0.97]), min_size=2, max_size=7)


@given(chances)
def test_each_is_what_all_labels_give_weighted_by_their_chance(given_p):
    p = np.array(given_p)
    known = dict.fromkeys(("log_loss", "brier"), 0.0)
    for labels in product((0.0, 1.0), repeat=len(p)):
        y = np.array(labels)
        chance = float(np.prod(np.where(y == 1, p, 1 - p)))
        for name in known:
            known[name] += chance * METRICS[name].of(y, p)
    for name, value in known.items():
        assert estimate(name, p) == pytest.approx(value)
    assert float(entropy(p).mean()) == pytest.approx(known["log_loss"])


@given(chances)
def test_roc_auc_is_that_of_every_pair_by_its_weight(given_p):
    p = np.array(given_p)
    found = weight = 0.0
    for one, other in product(range(len(p)), repeat=2):
        pair = p[one] * (1 - p[other])
        weight += pair
        found += pair * (float(p[one] > p[other]) + 0.5 * float(p[one] == p[other]))
    assert estimate("roc_auc", p) == pytest.approx(found / weight)


def test_what_the_answers_promise_comes_true_where_they_are_calibrated():
    rng = np.random.default_rng(0)
    p = rng.beta(2, 5, 40_000)
    y = (rng.random(len(p)) < p).astype(float)
    for name in BINARY.expected:
        assert estimate(name, p) == pytest.approx(METRICS[name].of(y, p), abs=0.01)


def test_intervals_hold_the_value_and_one_day_has_none():
    rng = np.random.default_rng(1)
    p, days = rng.beta(2, 5, 2_000), np.repeat(np.arange(20), 100)
    for each in estimated(BINARY, p, days, resamples=199, level=0.95, seed=0).values():
        assert each.low <= each.value <= each.high
    alone = estimated(BINARY, p, np.zeros(2_000, int), resamples=199, level=0.95, seed=0)
    assert np.isnan(alone["log_loss"].low)


@pytest.mark.parametrize("each", RECORDED["estimates"], ids=lambda each: each["name"])
def test_roc_auc_is_as_nannyml_estimates_it(each):
    assert estimate("roc_auc", np.array(each["p"])) == pytest.approx(each["roc_auc"], abs=1e-6)


def test_what_an_answer_promises_is_its_expected_loss():
    p, y = np.linspace(0.01, 0.99, 9), np.ones(9)
    expected = p * log_loss_of_rows(y, p) + (1 - p) * log_loss_of_rows(0 * y, p)
    np.testing.assert_allclose(entropy(p), expected)
