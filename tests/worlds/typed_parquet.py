"""Parquet with lengths of time, times of day, whole numbers with gaps, dictionaries, decimals."""

from decimal import Decimal

import numpy as np
import pandas as pd

from tests.worlds.world import World, with_columns

NUMBERS = np.arange(600)


def lengths(rows):
    return pd.to_timedelta(rows["size"].fillna(0) * 60, unit="s")


def clocks(rows):
    return [each.time() for each in rows["at"]]


def gaps(_):
    return pd.Series(NUMBERS, dtype="Int64").mask(NUMBERS % 7 == 0)


WORLD = World(
    name="typed Parquet",
    make=with_columns(
        lasts=lengths,
        clock=clocks,
        count=gaps,
        town=lambda rows: rows["town"].astype("category"),
        price=lambda rows: [Decimal(f"{each:.2f}") for each in rows["size"].fillna(0)],
    ),
    kind="parquet",
    table={"exclude": ["clock"]},
    quick=True,
)
