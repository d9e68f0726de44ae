"""Counting in bins is what the reference profile does, and the index is the textbook's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagline.bundle.profile import counted, expected, profile, psi
from tagline.columns.kind import TEXT

ONE = st.one_of(
    st.floats(-5, 5), st.floats(-1e300, 1e300), st.integers(-2, 2).map(float), st.just(math.nan)
)
NUMBERS = st.lists(ONE, min_size=1, max_size=60).flatmap(
    lambda some: st.integers(1, 4).map(lambda times: some * times)
)
TEXTS = st.lists(st.sampled_from(["a", "b", "", "Łódź"]), min_size=1, max_size=60)


@given(values=NUMBERS)
def test_the_reference_rows_fall_into_their_own_bins(values):
    described = profile({"x": np.array(values)})["x"]
    assert _together(counted(values, described)) == _together(expected(described))


@given(values=TEXTS)
def test_the_reference_texts_fall_into_their_own_bins(values):
    described = profile({"x": np.array(values, dtype=TEXT)})["x"]
    assert _together(counted(values, described)) == _together(expected(described))
    assert "new" not in counted(values, described)


def _together(bins):
    # The reference's own rare values stand for what other rows will have that is new.
    found = dict(bins)
    found["other"] = found.get("other", 0) + found.pop("new", 0)
    return {name: count for name, count in found.items() if count}


def test_a_text_never_seen_is_new():
    described = profile({"x": np.array(["a"] * 5, dtype=TEXT)})["x"]
    assert counted(["a", "z", ""], described) == {"=a": 1, "new": 1, "missing": 1}


def test_the_index_of_a_shift():
    wanted = (0.6 - 0.5) * math.log(0.6 / 0.5) + (0.4 - 0.5) * math.log(0.4 / 0.5)
    assert psi([50, 50], [60, 40]) == pytest.approx(wanted)
    assert psi([1, 2, 3], [10, 20, 30]) == pytest.approx(0)
    assert psi([1, 1], [0, 0]) > 1
