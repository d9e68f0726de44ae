"""Times as numbers since 1970, in seconds."""

from tests.worlds.world import World, with_columns

WORLD = World(
    name="epoch s",
    make=with_columns(at=lambda rows: rows["at"].astype("int64") // 1_000_000),
    kind="parquet",
    table={"formats": {"at": "s"}},
)
