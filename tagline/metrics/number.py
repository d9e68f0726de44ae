"""The figures of answers that are numbers."""

import numpy as np

from tagline.metrics.metric import ratio
from tagline.metrics.scored import Floats, Residuals, Weighted

ROUNDING = 1e-9


def rmse(rows: Weighted) -> Floats:
    """Root of the mean squared error, in units of the target."""
    return np.sqrt(ratio(_squared(rows), rows.size))


def mae(rows: Weighted) -> Floats:
    """Mean absolute error, in units of the target."""
    return ratio(rows.total("absolute", lambda own: np.abs(own.apart)), rows.size)


def mape(rows: Weighted) -> Floats:
    """Mean absolute error as a share of the label, of rows whose label is not 0.

    Labels near 0 count beyond measure, and answers that are too low cost less than those that are
    too high.
    """
    shares = rows.total("shares", _shares)
    return ratio(shares, rows.total("not zero", lambda own: (own.y != 0).astype(np.float64)))


def _shares(rows: Residuals) -> Floats:
    size = np.abs(rows.y)
    return np.divide(np.abs(rows.apart), size, out=np.zeros_like(size), where=size > 0)


def r2(rows: Weighted) -> Floats:
    """Share of the labels' variance that the answers explain: 1 less their squared errors' part."""
    # About the mean of all rows, or great labels would leave no digits for the difference.
    middle = rows.rows.y.mean()
    first = rows.total("first", lambda own: own.y - middle)
    second = rows.total("second", lambda own: (own.y - middle) ** 2)
    below = second - ratio(first**2, rows.size)
    # Of labels that are all the same what is left is rounding, and no variance.
    return 1 - ratio(_squared(rows), np.where(below > ROUNDING * second, below, 0.0))


def _squared(rows: Weighted) -> Floats:
    return rows.total("squared", lambda own: own.apart**2)
