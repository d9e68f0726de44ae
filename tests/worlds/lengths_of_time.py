"""Times of day, lengths of time with days, and ISO 8601 ones, as text with gaps."""

import pandas as pd

from tests.worlds.world import World, with_columns


def clock(rows):
    return [None if n % 9 == 0 else at.strftime("%H:%M") for n, at in enumerate(rows["at"])]


def took(rows):
    return [str(pd.Timedelta(minutes=37 * n % 5000)) for n in range(len(rows))]


WORLD = World(
    name="lengths of time",
    make=with_columns(
        clock=clock, took=took, waited=lambda rows: [f"PT{n % 400}M" for n in range(len(rows))]
    ),
)
