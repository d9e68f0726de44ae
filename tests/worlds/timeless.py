"""A table that names no row and knows no time."""

from tests.worlds.world import World, plain


def timeless():
    return plain(n=900).drop(columns=["id", "at"])


WORLD = World(name="no id and no time", make=timeless, table={"id": None, "time": None}, quick=True)
