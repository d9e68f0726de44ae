"""A text column with 3,000 values."""

from tests.worlds.world import World, plain

WORLD = World(
    name="3,000 categories",
    make=lambda: plain(n=4000).assign(
        seller=lambda rows: [f"s{i * 7919 % 3000}" for i in rows.index]
    ),
    kind="parquet",
)
