"""MONOTONE is the only way in which an input may move the answer, whatever model is chosen."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.case.search import SearchSection
from tagline.models.linear import Logistic
from tagline.models.training_data import TrainingData


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3))
def test_no_weight_of_the_logistic_model_goes_against_its_direction(seed, directions):
    random = np.random.default_rng(seed)
    X = random.normal(size=(300, 3)).astype(np.float32)
    X[:, 1] += X[:, 0]
    y = (random.random(300) < 1 / (1 + np.exp(X @ random.normal(size=3)))).astype(np.float32)
    y[:2] = 0, 1
    data = TrainingData(X, y, X, y, X[:0], np.array(directions, np.int8))
    model = Logistic.fitting(data, SearchSection())({}, learning_rate=None, seed=0)
    assert (np.array(model.coefficients) * directions >= 0).all()
    moved = X.copy()
    for place, direction in enumerate(directions):
        if direction:
            moved[:, place] = X[:, place] + direction
            assert (model.margins(moved) >= model.margins(X) - 1e-12).all()
            moved[:, place] = X[:, place]
