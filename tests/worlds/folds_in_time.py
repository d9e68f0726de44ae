"""Few rows in the order of time: a fold learns from what is before its rows."""

from tests.worlds.world import QUICK, World

WORLD = World(
    name="folds in time",
    sections={"search": QUICK | {"folds": 4, "baselines": ["base_rate", "logistic"]}},
)
