"""Few rows without times: folds judge the trials, and what they choose is fitted to all rows."""

from tests.worlds.world import QUICK, World, plain


def few():
    return plain(n=500).drop(columns="at")


WORLD = World(
    name="judged by folds",
    make=few,
    table={"time": None},
    sections={"search": QUICK | {"folds": 3, "baselines": ["base_rate", "logistic"]}},
    quick=True,
)
