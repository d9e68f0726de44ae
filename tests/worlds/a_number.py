"""A question whose answer is a number, far from 0 and of great spread."""

import numpy as np

from tests.worlds.world import QUICK, World, plain


def amounts():
    rows, random = plain(), np.random.default_rng(3)
    size, hour = rows["size"].fillna(10), rows["at"].dt.hour
    paid = 250_000 + 9_000 * size + 4_000 * (hour < 12) + random.normal(0, 9_000, len(rows))
    return rows.assign(y=paid.round(2))


WORLD = World(
    name="a number",
    make=amounts,
    sections={"task": "number", "search": QUICK | {"baselines": ["constant"], "metric": "rmse"}},
    quick=True,
)
