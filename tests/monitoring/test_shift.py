"""A sudden change is as far as a slow, obvious count says, and by chance as seldom as deals say."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagline.case.monitoring import MonitoringSection
from tagline.monitoring import shift
from tagline.monitoring.days import DayCounts
from tagline.monitoring.shift import shifts
from tests.monitoring.test_days import LAYOUT

RECENT, BEFORE = 3, 9
SECTION = MonitoringSection(recent_days=RECENT, min_days=BEFORE)
COUNTS = st.lists(
    st.lists(st.integers(1, 9), min_size=LAYOUT.width, max_size=LAYOUT.width),
    min_size=RECENT + BEFORE,
    max_size=RECENT + BEFORE,
)


@pytest.fixture
def fewer_deals(monkeypatch):
    monkeypatch.setattr(shift, "DRAWS", 99)


def counted(rows):
    return DayCounts(LAYOUT, np.arange(len(rows)), np.array(rows, dtype=float))


def distance_by_hand(rows, places):
    """Give half of what bins' shares differ by, newest days against those before, one by one."""
    then, now = rows[:-RECENT], rows[-RECENT:]
    bins = range(places.start, places.stop)
    total = 0.0
    for one in bins:
        p = sum(day[one] for day in then) / sum(day[each] for day in then for each in bins)
        q = sum(day[one] for day in now) / sum(day[each] for day in now for each in bins)
        total += abs(q - p)
    return total / 2


@pytest.mark.usefixtures("fewer_deals")
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(COUNTS)
def test_the_distance_is_half_of_what_the_shares_differ_by(rows):
    found = {each.column: each for each in shifts(counted(rows), SECTION, seed=1)}
    for each in LAYOUT.columns:
        own = found[each.name]
        assert own.distance == pytest.approx(distance_by_hand(rows, each.places))
        assert 0 <= own.distance <= 1
        place = each.places.start + each.labels().index(own.most)
        totals = [
            sum(day[n] for day in part for n in range(each.places.start, each.places.stop))
            for part in (rows[-RECENT:], rows[:-RECENT])
        ]
        assert own.share == pytest.approx(sum(day[place] for day in rows[-RECENT:]) / totals[0])
        assert own.share_before == pytest.approx(
            sum(day[place] for day in rows[:-RECENT]) / totals[1]
        )


def test_what_has_wholly_changed_is_one_away_and_as_seldom_by_chance_as_can_be():
    rows = np.ones((RECENT + BEFORE, LAYOUT.width))
    text = next(each for each in LAYOUT.columns if each.name == "text")
    rows[:, text.places] = 0
    rows[:-RECENT, text.start] = 10
    rows[-RECENT:, text.start + 1] = 10
    found = {each.column: each for each in shifts(counted(rows), SECTION, seed=1)}
    assert found["text"].distance == pytest.approx(1.0)
    assert found["text"].changed
    # One of the 220 ways to choose 3 of 12 days gives as much, and three columns are looked at.
    assert found["text"].adjusted == pytest.approx(3 / 220, rel=0.6)
    assert found["constant"].distance == pytest.approx(0.0)
    assert found["constant"].adjusted == pytest.approx(1.0)
    assert not found["constant"].changed


def test_with_too_few_days_nothing_is_said():
    rows = np.ones((RECENT + BEFORE - 1, LAYOUT.width))
    assert shifts(counted(rows), SECTION, seed=1) == []
