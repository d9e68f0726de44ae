"""Two rows a day."""

import pandas as pd

from tests.worlds.world import World, with_columns

WORLD = World(
    name="two rows a day",
    make=with_columns(
        at=lambda rows: pd.date_range("2023-01-01", periods=len(rows), freq="12h", tz="UTC")
    ),
    kind="parquet",
)
