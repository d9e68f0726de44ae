"""Rows on weekdays only."""

from tests.worlds.world import World, plain


def weekdays():
    rows = plain(n=900)
    return rows[rows["at"].dt.day_of_week < 5]


WORLD = World(name="weekdays only", make=weekdays)
