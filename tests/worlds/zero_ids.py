"""Ids with leading zeros."""

from tests.worlds.world import World, with_columns

WORLD = World(
    name="ids with leading zeros",
    make=with_columns(id=lambda rows: [f"{i:06d}" for i in range(len(rows))]),
)
