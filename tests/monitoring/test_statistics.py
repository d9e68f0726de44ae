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
numbers = st.floats(-1e6, 1e6, allow_nan=False, width=32)
samples = st.lists(st.one_of(numbers, st.sampled_from([0.0, 1.0, 2.0])), min_size=2, max_size=60)
counts = st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(lambda each: sum(each) > 0)


@given(samples, samples)
def test_kolmogorov_smirnov_is_scipys(a, b):
    found, known = ours.kolmogorov_smirnov(a, b), stats.ks_2samp(a, b, method="asymp")
    assert found.statistic == pytest.approx(known.statistic, abs=1e-12)
    assert found.p == pytest.approx(known.pvalue, abs=1e-9)


@given(samples, samples)
def test_wasserstein_is_scipys(a, b):
    known = stats.wasserstein_distance(a, b)
    assert ours.wasserstein(a, b) == pytest.approx(known, rel=1e-9, abs=1e-9)


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
    assert ours.largest_change(reference, found) == pytest.approx(
        distance.chebyshev(p, q), abs=1e-12
    )
    hellinger = np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2)
    assert ours.hellinger(reference, found) == pytest.approx(hellinger, abs=1e-7)
    kept = p > 0
    if kept.sum() > 1 and np.array(found)[kept].sum():
        n = np.array(found)[kept]
        known = stats.chisquare(n, p[kept] / p[kept].sum() * n.sum())
        assert ours.chi_square(reference, found).statistic == pytest.approx(known.statistic)
        assert ours.chi_square(reference, found).p == pytest.approx(known.pvalue, abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_false_discoveries_are_limited_as_scipy_does_and_nan_is_no_test(p):
    known = stats.false_discovery_control(p)
    np.testing.assert_allclose(ours.false_discovery(p), known)
    np.testing.assert_allclose(ours.false_discovery([*p, np.nan])[:-1], known)
    assert np.isnan(ours.false_discovery([*p, np.nan])[-1])


def test_missing_numbers_are_left_out_and_no_numbers_have_no_distance():
    assert ours.kolmogorov_smirnov([1, 2, np.nan], [1, 2]).statistic == 0
    assert ours.wasserstein([1, np.nan], [3]) == 2
    assert np.isnan(ours.kolmogorov_smirnov([np.nan], [1]).statistic)
    assert np.isnan(ours.wasserstein([], [1]))


@pytest.mark.parametrize("each", RECORDED["samples"], ids=lambda each: each["name"])
def test_samples_are_as_evidently_and_nannyml_say(each):
    a, b = np.array(each["reference"]), np.array(each["current"])
    found = {
        "ks_statistic": ours.kolmogorov_smirnov(a, b).statistic,
        "ks_p": ours.kolmogorov_smirnov(a, b).p,
        "wasserstein": ours.wasserstein(a, b),
        "wasserstein_normed": ours.wasserstein(a, b) / max(np.std(a), 0.001),
    }
    for name, known in each["known"].items():
        assert found[name] == pytest.approx(known, abs=1e-6), name


@pytest.mark.parametrize("each", RECORDED["counts"], ids=lambda each: each["name"])
def test_counts_are_as_evidently_and_nannyml_say(each):
    pair = each["reference"], each["current"]
    found = {
        "psi": psi(*pair),
        "jensen_shannon": ours.jensen_shannon(*pair),
        "jensen_shannon_bits": ours.jensen_shannon(*pair) / np.sqrt(np.log(2)),
        "hellinger": ours.hellinger(*pair),
        "largest_change": ours.largest_change(*pair),
        "total_variation": ours.total_variation(*pair),
        "chi_square": ours.chi_square(*pair).statistic,
        "chi_square_p": ours.chi_square(*pair).p,
    }
    for name, known in each["known"].items():
        assert found[name] == pytest.approx(known, abs=1e-6), name
