"""Distances agree with SciPy's, or with the formula written out, on whatever samples there are."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from tagline.bundle.profile import psi
from tagline.monitoring import statistics as ours

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())
counts = st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(lambda each: sum(each) > 0)


@given(counts, st.data())
def test_distances_of_counts_are_scipys(reference, data):
    found = data.draw(
        st.lists(st.integers(0, 1000), min_size=len(reference), max_size=len(reference)).filter(sum)
    )
    p, q = np.array(reference) / sum(reference), np.array(found) / sum(found)
    assert ours.jensen_shannon(reference, found) == pytest.approx(
        distance.jensenshannon(p, q), abs=1e-7
    )
    assert ours.total_variation(reference, found) == pytest.approx(
        distance.cityblock(p, q) / 2, abs=1e-12
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_false_discoveries_are_limited_as_scipy_does_and_nan_is_no_test(p):
    known = stats.false_discovery_control(p)
    np.testing.assert_allclose(ours.false_discovery(p), known)
    np.testing.assert_allclose(ours.false_discovery([*p, np.nan])[:-1], known)
    assert np.isnan(ours.false_discovery([*p, np.nan])[-1])


@pytest.mark.parametrize("each", RECORDED["counts"], ids=lambda each: each["name"])
def test_counts_are_as_evidently_and_nannyml_say(each):
    pair = each["reference"], each["current"]
    found = {
        "psi": psi(*pair),
        "jensen_shannon": ours.jensen_shannon(*pair),
        "jensen_shannon_bits": ours.jensen_shannon(*pair) / np.sqrt(np.log(2)),
        "total_variation": ours.total_variation(*pair),
    }
    for name, known in each["known"].items():
        assert found[name] == pytest.approx(known, abs=1e-6), name
