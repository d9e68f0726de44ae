"""Small tables that a search runs on in a second."""

from pathlib import Path

import numpy as np
import pytest

from tagline.case.search import SearchSection
from tagline.models.training_data import TrainingData, write


def make_rows(count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(count, 5)).astype(np.float32)
    X[:, 1] = np.round(X[:, 1])
    X[random.random(X.shape) < 0.1] = np.nan
    X[:, 4] = np.nan
    known = np.nan_to_num(X)
    margin = known[:, 0] * known[:, 1] + known[:, 2] - 0.5
    return X, (random.random(count) < 1 / (1 + np.exp(-margin))).astype(np.float64)


@pytest.fixture
def data(tmp_path: Path) -> TrainingData:
    X, y = make_rows(900, seed=3)
    split = np.repeat(["train", "tune", "test"], [500, 300, 100])
    return write(tmp_path / "rows", X=X, y=y, split=split)


@pytest.fixture
def section() -> SearchSection:
    return SearchSection(trials=6, max_rounds=60, early_stopping_rounds=8)
