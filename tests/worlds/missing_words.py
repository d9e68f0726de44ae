"""A word that means no value, named in the config."""

from tests.worlds.world import World, with_columns

WORLD = World(
    name="words for nothing",
    make=with_columns(town=lambda rows: rows["town"].replace("b", "unknown")),
    kind="parquet",
    table={"missing": ["unknown"]},
)
