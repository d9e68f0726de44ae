"""A model that is quite sure of a row is explained all the same."""

import numpy as np

from tagline.evaluation.shapley import explain
from tagline.metrics.calibrators import sigmoid
from tagline.models.families import Logistic


def test_a_row_that_saturates_logistic_regression_is_explained():
    model = Logistic(mean=(0.0,), scale=(1.0,), coefficients=(1.0,), intercept=0.0)
    X = np.array([[1e3], [-1e3], [0.5], [np.nan], [40.0]], dtype=np.float32)
    assert set(sigmoid(model.margins(X[:2])[:, 0])) == {0.0, 1.0}
    found = explain(model, X, ["x"], rows=5, seed=1)
    assert found.additivity < 1e-9
    np.testing.assert_allclose(found.base + found.shap[:, 0], [1000, -1000, 0.5, 0, 40])
