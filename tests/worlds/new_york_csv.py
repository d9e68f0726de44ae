"""Local times without a zone on the clocks of America/New_York, in CSV."""

from tests.worlds.world import World, on_a_clock

WORLD = World(
    name="New York, csv",
    make=on_a_clock("America/New_York"),
    kind="csv",
    sections={"split": {"timezone": "America/New_York"}},
    quick=True,
)
