"""Columns that are put right, and a module that adds inputs and leaves one out beside the rest."""

import numpy as np

from tests.worlds.world import World, with_columns

MODULE = """
from tagline import cross

MONOTONE = {"log_size": 1}
SOURCES = {"weight": ["log_size"]}


def inputs(xp, row):
    log_size = xp.log(xp.abs(row["size"]) + 1.0)
    both = cross(row["town"], row["shop"])
    more = {"log_size": log_size, "twice": log_size * 2.0 - row["size"], "town_shop": both}
    return {**more, "flag": None}
"""


def module(folder):
    (folder / "more_than_columns.py").write_text(MODULE)


def towns(rows):
    nth = np.arange(len(rows))
    written = rows["town"].where(nth % 3 > 0, " " + rows["town"].str.upper())
    return written.where(nth % 17 > 0, "N/A")


WORLD = World(
    name="one more feature",
    make=with_columns(
        town=towns,
        size=lambda rows: rows["size"].fillna(999),
        shop=lambda rows: np.where(rows["flag"], "new", None),
    ),
    beside=module,
    sections={
        "features": "more_than_columns",
        "fields": {
            "town": {"strip": True, "lower": True, "missing": ["n/a"], "aliases": {"b": "bee"}},
            "size": {"missing": [999]},
        },
    },
    quick=True,
)
