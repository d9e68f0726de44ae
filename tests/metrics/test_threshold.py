import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagline.case.evaluation import CostSection
from tagline.metrics.threshold import at, choose

costs = st.builds(
    CostSection,
    false_positive=st.integers(0, 9).map(float),
    false_negative=st.integers(1, 9).map(float),
)
pairs = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.floats(0, 1)), min_size=1, max_size=30)


@given(pairs, costs)
def test_no_other_threshold_costs_less(rows, cost):
    y, p = np.array(rows).T
    found = choose(y, p, cost=cost)
    chosen = at(y, p, found.value, cost=cost)["cost"]
    for other in [0.0, *p, *np.nextafter(p, 2.0)]:
        assert chosen <= at(y, p, other, cost=cost)["cost"] + 1e-12


@given(pairs, costs)
def test_the_curve_says_what_each_threshold_does(rows, cost):
    y, p = np.array(rows).T
    for row in choose(y, p, cost=cost).curve.to_dict("records"):
        there = at(y, p, row["threshold"], cost=cost)
        for figure in ("cost", "flagged", "precision", "recall"):
            assert row[figure] == pytest.approx(there[figure], nan_ok=True)


def test_dear_misses_lower_the_threshold():
    rng = np.random.default_rng(0)
    p = rng.random(5000)
    y = (rng.random(5000) < p).astype(float)
    low = choose(y, p, cost=CostSection(false_positive=1, false_negative=9)).value
    high = choose(y, p, cost=CostSection(false_positive=9, false_negative=1)).value
    assert low == pytest.approx(0.1, abs=0.08)
    assert high == pytest.approx(0.9, abs=0.08)


def test_without_any_1_nothing_is_flagged():
    y, p = np.zeros(3), np.array([0.2, 0.5, 1.0])
    assert at(y, p, choose(y, p, cost=CostSection()).value, cost=CostSection())["flagged"] == 0
