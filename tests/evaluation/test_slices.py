import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagline.evaluation.slices import MISSING, OTHERS, parts, slices
from tagline.metrics.intervals import GroupBootstrap
from tagline.metrics.metrics import METRICS

columns = st.one_of(
    st.lists(st.one_of(st.none(), st.floats(-9, 9), st.just(np.inf)), min_size=1).map(
        lambda v: pd.Series(v, dtype="float64")
    ),
    st.lists(st.one_of(st.none(), st.sampled_from(["Zoë", "", "b", "a\nb"])), min_size=1).map(
        lambda v: pd.Series(v, dtype="object")
    ),
    st.lists(st.sampled_from(["x", None, "y"]), min_size=1).map(
        lambda v: pd.Series(v, dtype="category")
    ),
    st.lists(st.booleans(), min_size=1).map(pd.Series),
    st.lists(st.integers(0, 50), min_size=1).map(
        lambda v: pd.Series(pd.to_datetime(v, unit="D", utc=True))
    ),
    st.lists(st.one_of(st.none(), st.integers(-3, 3)), min_size=1).map(
        lambda v: pd.Series(v, dtype="Int64")
    ),
)


@given(columns, st.integers(1, 5), st.integers(2, 5))
def test_every_row_is_in_exactly_one_part(values, support, bands):
    found = list(parts(values, support=support, bands=bands))
    assert (sum(kept.astype(int) for _, kept in found) == 1).all()
    assert len({name for name, _ in found}) == len(found)
    assert all(kept.sum() >= support for name, kept in found if name != OTHERS)


def test_numbers_are_cut_into_bands_of_about_equal_size_in_order():
    values = pd.Series([*np.random.default_rng(0).permutation(100.0 * np.arange(100)), np.nan])
    found = list(parts(values, support=1, bands=4))
    assert [int(kept.sum()) for _, kept in found] == [25, 25, 25, 25, 1]
    assert [values[kept].min() for _, kept in found[:4]] == [0, 2500, 5000, 7500]
    assert found[0][0] == "below 2500"
    assert found[-1][0] == MISSING


def test_where_most_have_the_least_number_the_first_band_is_below_the_next():
    values = pd.Series([1.0] * 60 + [float(n) for n in range(2, 42)])
    names = [name for name, _ in parts(values, support=1, bands=4)]
    assert names[0].startswith("below ")
    assert names[0] != "below 1"
    assert not any(name.startswith("1 to") for name in names)


def test_few_numbers_are_values():
    names = [name for name, _ in parts(pd.Series([10, 9, 9]), support=1, bands=4)]
    assert names == ["9", "10"]


def judged(frame, y, p, **changes):
    resampling = GroupBootstrap(np.arange(len(y)), resamples=50, seed=0)
    chosen = {"names": ["roc_auc", "brier"], "level": 0.9, "support": 2, "bands": 4, **changes}
    return slices(frame, y, p, resampling=resampling, **chosen)


def test_each_slice_is_judged_on_its_own_rows():
    rng = np.random.default_rng(2)
    y, p = rng.integers(0, 2, 60).astype(float), rng.random(60)
    frame = pd.DataFrame({"where": rng.choice(["EWR", "JFK"], 60), "wind": rng.random(60)})
    found = judged(frame, y, p).set_index(["slice", "value", "metric"])
    kept = (frame["where"] == "JFK").to_numpy()
    row = found.loc[("where", "JFK", "roc_auc")]
    assert row["n"] == kept.sum()
    assert row["positives"] == y[kept].sum()
    assert row["figure"] == pytest.approx(METRICS["roc_auc"].of(y[kept], p[kept]))
    brier = found.loc[("where", "JFK", "brier")]
    assert brier["low"] <= brier["figure"] <= brier["high"]


def test_a_slice_of_one_class_has_no_auc_but_a_count():
    y, p = np.array([0.0, 0.0, 1.0, 0.0]), np.array([0.1, 0.2, 0.9, 0.3])
    found = judged(pd.DataFrame({"a": list("uuvv")}), y, p).set_index(["value", "metric"])
    assert np.isnan(found.loc[("u", "roc_auc"), "figure"])
    assert found.loc[("u", "roc_auc"), "undefined"] == 50
    assert found.loc[("u", "roc_auc"), "n"] == 2
    assert found.loc[("u", "brier"), "figure"] == pytest.approx(0.025)


def test_small_slices_are_put_together():
    y, p = np.zeros(5), np.full(5, 0.2)
    found = judged(pd.DataFrame({"a": list("uuxyz")}), y, p, names=["brier"])
    assert found["value"].tolist() == ["u", OTHERS]
    assert found["n"].tolist() == [2, 3]


def test_without_columns_there_are_no_slices():
    found = judged(pd.DataFrame(index=range(3)), np.zeros(3), np.full(3, 0.5))
    assert found.empty
    assert "metric" in found
