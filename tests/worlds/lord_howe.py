"""Local times without a zone on the clocks of Australia/Lord_Howe, in Parquet."""

from tests.worlds.world import World, on_a_clock

WORLD = World(
    name="Lord Howe, parquet",
    make=on_a_clock("Australia/Lord_Howe"),
    kind="parquet",
    sections={"split": {"timezone": "Australia/Lord_Howe"}},
    quick=True,
)
