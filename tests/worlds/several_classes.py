"""A question with several classes, one of them rare, one named like a number."""

import numpy as np

from tests.worlds.world import QUICK, World, plain

CLASSES = ["often", "seldom", "3", "Łódź & co"]


def several():
    rows = plain()
    hour = rows["at"].dt.hour
    kind = np.where(rows["size"].fillna(10) > 11, 0, np.where(hour < 12, 1, 2))
    kind = np.where(rows.index % 17 == 0, 3, kind)
    return rows.assign(y=[CLASSES[each] for each in kind])


WORLD = World(
    name="several classes",
    make=several,
    table={"classes": CLASSES},
    sections={"task": "classes", "search": QUICK},
    quick=True,
)
