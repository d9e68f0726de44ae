"""Local times without a zone on the clocks of America/New_York, in Parquet."""

from tests.worlds.world import World, on_a_clock

WORLD = World(
    name="New York, parquet",
    make=on_a_clock("America/New_York"),
    kind="parquet",
    sections={"split": {"timezone": "America/New_York"}},
    quick=False,
)
