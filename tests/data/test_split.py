"""Days are dealt to the three parts whole, the newest to the test."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.case.config import SplitSection, TableSection
from tagline.data.split import day_name, dealt, split
from tagline.errors import TaglineError


def test_shares_are_of_rows_and_days_stay_whole():
    days = pd.Series(pd.date_range("2024-01-01", periods=100, tz="UTC").repeat(3))
    parts = split(days, SplitSection(test_share=0.2, tune_share=0.25))
    assert parts.tolist() == ["train"] * 180 + ["tune"] * 60 + ["test"] * 60


def test_days_have_names():
    assert [day_name(0), day_name(59), day_name(-1)] == ["1970-01-01", "1970-03-01", "1969-12-31"]


NAMES = st.lists(st.integers(0, 10**6), min_size=400, max_size=600, unique=True)


@given(NAMES, st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_by_chance_a_row_is_always_dealt_to_the_same_part(names, random):
    table, section = TableSection(target="y", source="x.csv", id="id"), SplitSection()
    rows = pd.DataFrame({"id": names})
    parts = dict(zip(names, dealt(rows, table, section), strict=True))
    later = [*names, *range(2 * 10**6, 2 * 10**6 + 300)]
    random.shuffle(later)
    grown = dealt(pd.DataFrame({"id": later}), table, section)
    again = dict(zip(later, grown, strict=True))
    assert all(again[name] == part for name, part in parts.items())
    assert abs((grown == "test").mean() - section.test_share) < 0.08


def test_a_group_is_in_one_part():
    rows = pd.DataFrame({"row_id": range(900), "person": [n // 9 for n in range(900)]})
    parts = dealt(rows, TableSection(target="y", source="x.csv"), SplitSection(group="person"))
    assert pd.Series(parts).groupby(rows["person"]).nunique().eq(1).all()
    few = rows.assign(person=1)
    with pytest.raises(TaglineError, match="none was dealt to"):
        dealt(few, TableSection(target="y", source="x.csv"), SplitSection(group="person"))
