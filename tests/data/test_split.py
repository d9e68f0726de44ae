"""Days are dealt to the three parts whole, the newest to the test."""

import pandas as pd

from tagline.case.config import SplitSection
from tagline.data.split import day_name, split


def test_shares_are_of_rows_and_days_stay_whole():
    days = pd.Series(pd.date_range("2024-01-01", periods=100, tz="UTC").repeat(3))
    parts = split(days, SplitSection(test_share=0.2, tune_share=0.25))
    assert parts.tolist() == ["train"] * 180 + ["tune"] * 60 + ["test"] * 60


def test_days_have_names():
    assert [day_name(0), day_name(59), day_name(-1)] == ["1970-01-01", "1970-03-01", "1969-12-31"]
