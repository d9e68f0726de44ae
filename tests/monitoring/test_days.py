"""Counts by day are those that a slow count of each row gives, however the rows come in parts."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.bundle.profile import counted, expected, profile
from tagline.monitoring.days import Layout, no_days

values = st.one_of(st.floats(-5, 5), st.just(float("nan")), st.sampled_from([0.0, 1.0]))
texts = st.sampled_from(["", "a", "b", "never seen"])
rows = st.lists(st.tuples(values, texts, st.integers(15_000, 15_012)), min_size=1, max_size=80)


def described():
    rng = np.random.default_rng(0)
    text = np.array(["a", "b", "", "c"], dtype=np.dtypes.StringDType())
    return profile(
        {
            "number": np.append(rng.normal(size=50), np.nan),
            "constant": np.zeros(20),
            "text": text[rng.integers(0, 4, 60)],
        }
    )


PROFILE = described()
LAYOUT = Layout(PROFILE)


def columns(given_rows):
    number, text, days = zip(*given_rows, strict=True)
    kept = {
        "number": np.array(number),
        "constant": np.array(number),
        "text": np.array(text, dtype=np.dtypes.StringDType()),
    }
    return kept, np.array(days)


@settings(max_examples=60)
@given(rows, st.integers(0, 80))
def test_counts_are_those_of_each_day_alone_and_add_up(given_rows, cut):
    kept, days = columns(given_rows)
    whole = LAYOUT.count(LAYOUT.bins(kept), days)
    for day, own in zip(whole.days, whole.counts, strict=True):
        for each in LAYOUT.columns:
            known = counted(list(kept[each.name][days == day]), PROFILE[each.name])
            in_order = [known.get(name, 0) for name in expected(PROFILE[each.name])]
            assert own[each.places].tolist() == in_order
    parts = [part for part in (given_rows[:cut], given_rows[cut:]) if part]
    added = no_days(LAYOUT)
    for part in parts:
        own, its_days = columns(part)
        added = added.plus(LAYOUT.count(LAYOUT.bins(own), its_days))
    np.testing.assert_array_equal(added.days, whole.days)
    np.testing.assert_array_equal(added.counts, whole.counts)


@given(rows, st.integers(1, 5))
def test_blocks_hold_every_row_once_and_the_newest_day_ends_one(given_rows, length):
    kept, days = columns(given_rows)
    whole = LAYOUT.count(LAYOUT.bins(kept), days)
    blocks = whole.blocks(length)
    np.testing.assert_allclose(blocks.sum(axis=0), whole.counts.sum(axis=0))
    newest = whole.counts[whole.days > whole.days[-1] - length].sum(axis=0)
    np.testing.assert_allclose(blocks[0], newest)


def test_weights_are_added_up_and_labels_name_every_bin():
    kept, days = columns([(0.5, "a", 15_000), (0.5, "a", 15_000), (2.0, "b", 15_001)])
    weighted = LAYOUT.count(LAYOUT.bins(kept), days, np.array([1.5, 2.5, 3.0]))
    place = next(each for each in LAYOUT.columns if each.name == "text")
    assert weighted.counts[:, place.places].sum(axis=1).tolist() == [4.0, 3.0]
    for each in LAYOUT.columns:
        assert len(each.labels()) == each.width
        assert each.labels()[-1] == "missing"
