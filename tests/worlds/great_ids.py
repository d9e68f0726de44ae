"""Ids beyond 2^53, which no double can tell apart."""

from tests.worlds.world import World, with_columns

WORLD = World(
    name="great ids",
    make=with_columns(id=lambda rows: 2**60 + rows.index.to_numpy()),
    kind="parquet",
)
