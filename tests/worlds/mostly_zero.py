"""A number that is mostly zero, and one that is constant in training and not after."""

import numpy as np

from tests.worlds.world import World, with_columns


def rare(rows):
    return np.where(rows.index % 20 == 0, rows["size"].fillna(1.0), 0.0)


WORLD = World(
    name="mostly zero",
    make=with_columns(rare=rare, late=lambda rows: np.where(rows.index < 420, 0.0, 7.0)),
    quick=True,
)
