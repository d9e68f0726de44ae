"""Local times without a zone on the clocks of Asia/Kolkata, in CSV."""

from tests.worlds.world import World, on_a_clock

WORLD = World(
    name="Kolkata, csv",
    make=on_a_clock("Asia/Kolkata"),
    kind="csv",
    sections={"split": {"timezone": "Asia/Kolkata"}},
    quick=False,
)
