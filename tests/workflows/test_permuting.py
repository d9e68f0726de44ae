"""Inputs that go together are shuffled together, and what they cost is what they tell."""

import numpy as np

from tagline.workflows.permuting import _shuffled, _together

RANDOM = np.random.default_rng(3)


def inputs(n=400):
    first = RANDOM.normal(size=n)
    twin = np.exp(first) + RANDOM.normal(scale=0.01, size=n)
    other = RANDOM.normal(size=n)
    constant = np.full(n, 2.0)
    return np.column_stack([first, other, twin, constant]).astype(np.float32)


def test_inputs_whose_ranks_go_together_are_one_group():
    X = inputs()
    assert sorted(map(sorted, _together(X))) == [[0, 2], [1], [3]]
    X[::3, 1] = np.nan
    assert sorted(map(sorted, _together(X))) == [[0, 2], [1], [3]]
    assert list(_together(X[:, :1])) == [[0]]


def test_what_is_shuffled_costs_what_it_tells():
    X = inputs()
    y = X[:, 0] + 0.5 * X[:, 2]

    def loss(rows):
        return (y - rows[:, 0] - 0.5 * rows[:, 2]) ** 2

    assert _shuffled(X, [0, 2], loss, 1).mean() > 1
    assert _shuffled(X, [1], loss, 1).mean() == _shuffled(X, [3], loss, 1).mean() < 1e-12
    np.testing.assert_array_equal(_shuffled(X, [0, 2], loss, 1), _shuffled(X, [0, 2], loss, 1))
