"""Rows in the order of time: stable, and the same for what was read and what came in."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tagline.data.contract import ValidationResult


@given(st.permutations(range(12)))
def test_rows_come_in_the_order_of_time_and_equal_times_as_they_were(order):
    at = pd.to_datetime([f"2024-01-{1 + each // 3:02d}" for each in order], utc=True)
    rows = pd.DataFrame({"at": at, "n": order})
    checked = ValidationResult(rows, rows, rows.head(0), 12, {}, (), (), {})
    found, raw = checked.in_time_order("at")
    expected = rows.sort_values("at", kind="stable").reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)
    pd.testing.assert_frame_equal(raw, expected)
