"""Labels that come at different speeds: yes after days, no after thirty; what is open is blank."""

import numpy as np
import pandas as pd

from tests.worlds.world import World, plain

DAYS = 30


def late():
    rows = plain(n=1_800)
    random = np.random.default_rng(5)
    took = np.where(rows["y"] == 1, random.uniform(1, 6, len(rows)), DAYS)
    observed = rows["at"] + pd.to_timedelta(took, unit="D").floor("s")
    is_open = observed > rows["at"].max()
    return rows.assign(
        y=rows["y"].astype("Int64").mask(is_open), seen=observed.mask(is_open).dt.floor("s")
    )


WORLD = World(name="labels that come late", make=late, table={"observed": "seen"}, quick=True)
