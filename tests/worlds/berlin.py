"""Local times without a zone on the clocks of Europe/Berlin, in Parquet."""

from tests.worlds.world import World, on_a_clock

WORLD = World(
    name="Berlin, parquet",
    make=on_a_clock("Europe/Berlin"),
    kind="parquet",
    sections={"split": {"timezone": "Europe/Berlin"}},
    quick=False,
)
