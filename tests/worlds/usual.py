"""The world that most tests live in."""

from tests.worlds.world import World

WORLD = World(name="usual", quick=True)
