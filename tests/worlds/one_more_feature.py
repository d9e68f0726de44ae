"""A module beside the config that adds two inputs, and leaves one out: all else passes through."""

from tests.worlds.world import World

MODULE = """
MONOTONE = {"log_size": 1}
SOURCES = {"weight": ["log_size"]}


def inputs(xp, row):
    log_size = xp.log(xp.abs(row["size"]) + 1.0)
    return {"log_size": log_size, "hour_by_size": log_size * 2.0 - row["size"], "flag": None}
"""


def module(folder):
    (folder / "more_than_columns.py").write_text(MODULE)


WORLD = World(
    name="one more feature",
    beside=module,
    sections={"features": "more_than_columns"},
    quick=True,
)
