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


def test_the_cost_is_that_of_a_row_and_of_equal_ones_the_nearest_to_the_ideal_counts():
    y, p = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.9, 0.95])
    cost = CostSection(false_positive=3, false_negative=1)
    assert at(y, p, 0.5, cost=cost)["cost"] == 0.0
    assert at(y, p, 0.15, cost=cost)["cost"] == 3 / 4
    assert at(y, p, 0.92, cost=cost)["cost"] == 1 / 4
    # Two thresholds cost the same: acting on the last row alone, or on none.
    y, p = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.3, 0.7, 0.8])
    cost = CostSection(false_positive=1, false_negative=1)
    found = choose(y, p, cost=cost)
    equal = [each for each in (0.2, 0.75) if at(y, p, each, cost=cost)["cost"] == 0.25]
    assert len(equal) == 2
    assert found.value == 0.75  # 0.25 from the ideal of 0.5, where 0.2 is 0.3 from it


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40), st.floats(0, 1)
)
def test_a_capacity_is_kept_and_no_cheaper_threshold_keeps_it(rows, most):
    p, y = (np.array(each, dtype=float) for each in zip(*rows, strict=True))
    cost = CostSection(false_positive=1.0, false_negative=3.0)
    found = choose(y, p, cost=cost, most=most)
    assert (p >= found.value).mean() <= most + 1e-12
    own = at(y, p, found.value, cost=cost)["cost"]
    for value in [*np.nextafter(np.unique(p), 2), 0.0]:
        if (p >= value).mean() <= most:
            assert own <= at(y, p, value, cost=cost)["cost"] + 1e-12


def test_what_the_highest_answers_hold_is_counted():
    y, p = np.array([1, 0, 1, 0, 0, 0, 0, 0, 0, 0.0]), np.linspace(0.95, 0.05, 10)
    by = {each["share"]: each for each in at(y, p, 0.5, cost=CostSection())["top"]}
    assert (by[0.1]["rows"], by[0.1]["precision"], by[0.1]["recall"]) == (1, 1.0, 0.5)
    assert by[0.1]["lift"] == pytest.approx(5.0)
    assert (by[0.3]["precision"], by[0.3]["recall"]) == (pytest.approx(2 / 3), 1.0)
    assert at(y, p, 0.5, cost=CostSection())["confusion"] == [[5, 3], [0, 2]]


@given(pairs, costs, st.integers(0, 2**32 - 1))
def test_costs_that_rows_multiply_are_those_of_as_many_rows(rows, cost, seed):
    y, p = np.array(rows).T
    times = np.random.default_rng(seed).integers(0, 4, len(y))
    many = [np.repeat(each, times) for each in (y, p)]
    for value in (0.0, 0.3, 0.8):
        own = at(y, p, value, cost=cost, worth=times.astype(float))["cost"] * len(y)
        whole = at(*many, value, cost=cost)["cost"] * times.sum() if times.any() else 0.0
        assert own == pytest.approx(whole, abs=1e-9)
    chosen = choose(y, p, cost=cost, worth=times.astype(float))
    least = min(
        at(y, p, value, cost=cost, worth=times.astype(float))["cost"]
        for value in [*chosen.curve["threshold"], chosen.value]
    )
    own = at(y, p, chosen.value, cost=cost, worth=times.astype(float))["cost"]
    assert own == pytest.approx(least, abs=1e-9)
