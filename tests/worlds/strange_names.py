"""Columns and a folder whose names have spaces, quotes and umlauts."""

from tests.worlds.world import World, plain

WORLD = World(
    name="strange names",
    make=lambda: plain().rename(columns={"size": "größe 'x'", "town": "the town"}),
    folder="a case with 'quotes' and ümlauts",
    quick=True,
)
