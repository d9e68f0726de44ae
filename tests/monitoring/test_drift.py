"""What moved is found, what did not rings seldom, though rows of one day hang together."""

import numpy as np
import pytest
from scipy.stats import chisquare

from tagline.bundle.profile import profile
from tagline.case.monitoring import MonitoringSection
from tagline.monitoring.days import Layout
from tagline.monitoring.drift import column_drift, p_values

SECTION = MonitoringSection(resamples=499)
DAYS, EACH = 28, 200


def table(rng, *, days=DAYS, together=0.5, names=("x0", "x1", "x2"), moved=None, since=0):
    day = np.repeat(np.arange(days), EACH)
    found = {}
    for name in names:
        own = rng.normal(size=len(day)) + together * rng.normal(size=days)[day]
        found[name] = own + (2.0 if name == moved else 0.0) * (day >= since)
    return day + 15_000, found


@pytest.fixture(scope="module")
def layout():
    _, columns = table(np.random.default_rng(1), days=400)
    return Layout(profile(columns))


def counts(layout, made):
    day, columns = made
    return layout.count(layout.bins(columns), day)


def test_where_nothing_moved_it_rings_as_seldom_as_is_said_and_a_test_of_rows_every_time(layout):
    rng = np.random.default_rng(2)
    rang, naive, rounds = 0, 0, 40
    for number in range(rounds):
        found = counts(layout, table(rng))
        p = p_values(found, layout.columns, SECTION, seed=number)
        rang += int((p <= 0.1).sum())
        for each in layout.columns:
            total = found.counts[:, each.places].sum(axis=0)
            reference = np.asarray(each.reference[:-1])
            shares = reference / reference.sum()
            naive += chisquare(total[:-1], shares * total[:-1].sum()).pvalue <= 0.1
    tests = rounds * 3
    assert rang / tests <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / tests)
    assert naive / tests > 0.5


@pytest.mark.parametrize("since", [0, 14])
def test_what_moved_is_named_with_its_day_and_the_bin_that_grew(layout, since):
    made = table(np.random.default_rng(3), moved="x1", since=since)
    found = {each.column: each for each in column_drift(counts(layout, made), SECTION, seed=0)}
    assert [name for name, each in found.items() if each.moved] == ["x1"]
    moved = found["x1"]
    assert moved.adjusted <= SECTION.false_alarms
    assert abs(moved.since - 15_000 - since) <= 2
    assert moved.share > moved.share_before
    assert moved.psi == max(each.psi for each in found.values())


def test_missing_values_are_a_movement(layout):
    day, columns = table(np.random.default_rng(4))
    columns["x2"] = np.where(day % 2 == 0, np.nan, columns["x2"])
    found = {
        each.column: each for each in column_drift(counts(layout, (day, columns)), SECTION, seed=0)
    }
    assert found["x2"].moved
    assert found["x2"].most == "missing"
    assert found["x2"].missing == pytest.approx(0.5)


@pytest.mark.parametrize("days", [0, 1, 5])
def test_too_few_days_are_not_tested(layout, days):
    day, columns = table(np.random.default_rng(5), days=days, moved="x0")
    found = column_drift(counts(layout, (day, columns)), SECTION, seed=0)
    assert not any(each.moved for each in found)
    assert all(np.isnan(each.p) for each in found)


def test_the_same_seed_gives_the_same(layout):
    found = counts(layout, table(np.random.default_rng(6)))
    first, again = (column_drift(found, SECTION, seed=1) for _ in range(2))
    assert first == again
