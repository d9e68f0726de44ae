"""Ids that are whole numbers of which some are missing."""

import pandas as pd

from tests.worlds.world import World, with_columns


def ids(rows):
    return pd.Series(range(len(rows)), dtype="Int64").mask(rows.index == 11)


WORLD = World(
    name="ids with gaps",
    make=with_columns(id=ids),
    kind="parquet",
    sections={"contract": {"max_quarantined": 0.01}},
    quick=True,
)
