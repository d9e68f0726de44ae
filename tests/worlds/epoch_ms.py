"""Times as numbers since 1970, in milliseconds."""

from tests.worlds.world import World, with_columns

WORLD = World(
    name="epoch ms",
    make=with_columns(at=lambda rows: rows["at"].astype("int64") // 1_000),
    kind="parquet",
    table={"formats": {"at": "ms"}},
)
