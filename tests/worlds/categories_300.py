"""A text column with 300 values."""

from tests.worlds.world import World, plain

WORLD = World(
    name="300 categories",
    make=lambda: plain(n=900).assign(
        seller=lambda rows: [f"s{i * 7919 % 300}" for i in rows.index]
    ),
    kind="parquet",
)
