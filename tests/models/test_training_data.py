"""The rows that models learn from: written, read, refused, and cut into bins."""

from pathlib import Path

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_arrays

from tagline.errors import TaglineError
from tagline.models.training_data import TrainingData, quantile_cuts, read, write

from .conftest import make_rows

COLUMNS = of_arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 60), st.integers(1, 3)),
    elements=st.one_of(st.floats(-50, 50, width=32), st.just(np.nan), st.integers(0, 3)),
)


def test_what_is_read_is_what_was_written(data: TrainingData, tmp_path: Path) -> None:
    again = read(tmp_path / "rows")
    for name in TrainingData.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(again, name), getattr(data, name))
    assert isinstance(again.X, np.memmap)
    assert (len(data.X), len(data.X_tune)) == (500, 300)


@given(X=COLUMNS, max_bin=st.integers(2, 20))
def test_cuts_are_rising_values_of_their_input(X: np.ndarray, max_bin: int) -> None:
    cuts = quantile_cuts(X, max_bin=max_bin)
    assert cuts.shape[0] <= max(max_bin, 1)
    for column, values in zip(cuts.T, X.T, strict=True):
        known, known_cuts = values[~np.isnan(values)], column[~np.isnan(column)]
        assert (np.diff(known_cuts) > 0).all()
        assert np.isin(known_cuts, known).all()
        if len(known):
            assert known_cuts[0] == known.min()
        if len(np.unique(known)) <= max_bin:
            np.testing.assert_array_equal(known_cuts, np.unique(known))


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), max_bin=st.integers(2, 64))
def test_cuts_fill_their_bins_evenly(seed: int, max_bin: int) -> None:
    X = np.random.default_rng(seed).normal(size=(2000, 1)).astype(np.float32)
    cuts = quantile_cuts(X, max_bin=max_bin)[:, 0]
    sizes = np.histogram(X, bins=[*cuts, np.inf])[0]
    assert sizes[:-1].max() <= 2 * len(X) / (max_bin - 1)


def test_trees_split_at_the_shared_cuts_only(data: TrainingData) -> None:
    shared = xgboost.QuantileDMatrix(data.cuts, max_bin=256)
    rows = xgboost.QuantileDMatrix(data.X, data.y, ref=shared, max_bin=256)
    booster = xgboost.train({"objective": "binary:logistic", "max_bin": 256}, rows, 10)
    splits = booster.trees_to_dataframe().query("Feature != 'Leaf'")
    for feature, value in zip(splits["Feature"], splits["Split"], strict=True):
        column = data.cuts[:, int(feature[1:])]
        assert np.isclose(column[~np.isnan(column)], value, rtol=1e-6).any()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"X": np.full((900, 5), np.inf, np.float32)}, "infinite"),
        ({"X": np.empty((900, 0), np.float32)}, "no input"),
        ({"monotone": (1, 0)}, "5 numbers"),
    ],
)
def test_rows_that_nothing_can_be_learnt_from_are_refused(
    change: dict[str, object], reason: str, tmp_path: Path
) -> None:
    X, y = make_rows(900, seed=3)
    split = np.repeat(["train", "tune"], [600, 300])
    with pytest.raises(TaglineError, match=reason):
        write(tmp_path, **{"X": X, "y": y, "split": split, **change})
    assert not list(tmp_path.glob("*.npy"))


def test_a_truncated_array_is_named(data: TrainingData, tmp_path: Path) -> None:
    path = tmp_path / "rows" / "X.npy"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(TaglineError, match=r"X\.npy"):
        read(tmp_path / "rows")
    assert len(data.X)
