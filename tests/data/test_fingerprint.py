"""The same values have the same fingerprint however they are held; others have another."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagline.data.fingerprint import fingerprint


def of(values, dtype=None):
    return fingerprint({"t": pd.DataFrame({"a": pd.Series(values, dtype=dtype)})})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (([2**53],), ([2**53 + 1],)),
        (([1, None], "Int64"), ([1, 0], "Int64")),
        ((["a", None],), (["a", "nan"],)),
        ((["a", None],), (["a", ""],)),
        ((["a\0"],), (["a"],)),
        ((["ab", ""],), (["a", "b"],)),
        (([1, "a"], object), (["1", "a"], object)),
        (([0.0, 0.5],), ([-0.0, 0.5],)),
        (([2**64 - 1], "uint64"), ([-1], "int64")),
        ((["2024-01-01"], "datetime64[us]"), (["2024-01-01"], "datetime64[us, UTC]")),
        ((["2024-01-01"], "datetime64[ns]"), (["2024-01-01T00:00:00.000000001"], "datetime64[ns]")),
    ],
)
def test_other_values_have_another_fingerprint(one, other):
    assert of(*one) != of(*other)


@pytest.mark.parametrize("dtype", ["int8", "int32", "Int64", "float64", "uint8", "object"])
def test_whole_numbers_are_the_same_in_any_type(dtype):
    if dtype == "object":
        assert of(["a", None], "object") == of(["a", None], "str") == of(["a", None], "category")
    else:
        assert of([1, 2, 3], dtype) == of([1, 2, 3], "int64")


def test_times_are_the_same_in_any_unit_and_zone():
    times = pd.Series(
        pd.to_datetime(["2024-01-01T00:00:00.500", None, "1950-06-01T00:00:00.000"], utc=True)
    )
    for unit in ("ms", "us", "ns"):
        for zone in ("UTC", "America/New_York"):
            assert of(times.dt.as_unit(unit).dt.tz_convert(zone)) == of(times)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1), st.data())
def test_a_change_of_any_bit_is_seen(values, data):
    place = data.draw(st.integers(0, len(values) - 1))
    bit = data.draw(st.integers(0, 62))
    changed = np.array(values)
    changed[place] ^= 1 << bit
    assert of(changed) != of(values, "int64")


def test_the_order_of_columns_does_not_matter_and_names_do():
    frame = pd.DataFrame({"a": [1], "b": ["x"]})
    assert fingerprint({"t": frame}) == fingerprint({"t": frame[["b", "a"]]})
    assert fingerprint({"t": frame}) != fingerprint({"t": frame.rename(columns={"a": "c"})})
    assert fingerprint({"t": frame}) != fingerprint({"u": frame})


def test_half_a_surrogate_is_no_crash():
    assert of(["\ud800", "a"], object) != of(["\ud801", "a"], object)
