"""What happens around the flights, and when each thing becomes known.

A departure is known when it happens and an arrival likewise; a cancellation is taken to be known
at scheduled departure. Schedules and the aircraft assigned to them are known beforehand. A row
of the weather table gathers observations until minute 51 of its hour and the precipitation up to
then, so it is known an hour after the time that it bears.
"""

from collections.abc import Mapping

import pandas as pd

from tagline.history.declare import Age, Count, Declaration, Events, Last, Mean, Sum

Tables = Mapping[str, pd.DataFrame]

KEYS = ("carrier", "origin", "dest", "tailnum", "flight")
SKY = (
    *("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust"),
    *("precip", "pressure", "visib"),
)
AHEAD = pd.Timedelta("3h")
JUST_AFTER_LEAD = pd.Timedelta("2h") - pd.Timedelta("1s")
BEGINNING = pd.Timestamp("2000-01-01", tz="UTC")
WITHOUT_ZONE = "America/Puerto_Rico"  # SJU, BQN, STT and PSE are not in the airports table
FASTEST_WIND = 120.0  # mph; the table has one wind of 1,048

DEPARTED = Events("departed")
ARRIVED = Events("arrived")
CANCELLED = Events("cancelled")
DUE = Events("due")
GONE = Events("gone")
OVERDUE = Events("overdue")
STUCK = Events("stuck")
AHEAD_OF = Events("ahead")
LEGS = Events("legs")
WEATHER = Events("weather")
PLANES = Events("planes")


def scheduled(tables: Tables) -> pd.DataFrame:
    """Give the flights with their times in UTC.

    Local clock times are never subtracted: the scheduled departure is `time_hour` (UTC) and the
    minute, and everything actual is a delay on the schedule.

    Returns
    -------
    DataFrame of shape (336776, 25)
        The flights table with `sched_dep`, `sched_arr`, `dep`, `arr` (NaT where there was none),
        `block` (scheduled minutes from gate to gate) and `late_dep`, `late`.
    """
    flights = tables["flights"].reset_index(drop=True)
    departure = pd.to_datetime(flights["time_hour"], utc=True, format="ISO8601")
    departure += pd.to_timedelta(flights["minute"], unit="min")
    arrival = _scheduled_arrival(flights, departure, tables["airports"])
    return flights.assign(
        carrier=flights["carrier"].astype("str"),
        sched_dep=departure,
        sched_arr=arrival,
        dep=departure + pd.to_timedelta(flights["dep_delay"], unit="min"),
        arr=arrival + pd.to_timedelta(flights["arr_delay"], unit="min"),
        block=(arrival - departure).dt.total_seconds() / 60,
        late_dep=flights["dep_delay"] >= 15,
        late=flights["arr_delay"] >= 15,
    )


def _scheduled_arrival(
    flights: pd.DataFrame, departure: pd.Series, airports: pd.DataFrame
) -> pd.Series:
    zones = flights["dest"].map(airports.set_index("faa")["tzone"]).fillna(WITHOUT_ZONE)
    clock = flights["sched_arr_time"]
    minutes = pd.to_timedelta(clock // 100 * 60 + clock % 100, unit="min")
    arrival = pd.Series(pd.NaT, index=flights.index, dtype="datetime64[us, UTC]")
    for zone, rows in departure.groupby(zones):
        leaves = rows.dt.tz_convert(zone).dt.tz_localize(None)
        lands = leaves.dt.normalize() + minutes[rows.index]
        lands += pd.to_timedelta((lands <= leaves).astype("int64"), unit="D")
        there = lands.dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
        arrival[rows.index] = there.dt.tz_convert("UTC")
    return arrival


def events(tables: Tables) -> dict[str, pd.DataFrame]:
    """Make the streams that `HISTORY` names; their keys are categories, found once for all."""
    flights = scheduled(tables).astype(dict.fromkeys(KEYS, "category"))
    departed = flights[flights["dep"].notna()]
    arrived = flights[flights["arr"].notna()]
    cancelled = flights[flights["dep"].isna()]
    left = flights["dep"].where(flights["dep"] > flights["sched_dep"], flights["sched_dep"])
    overdue = flights[flights["late_dep"] | flights["dep"].isna()]
    stuck = flights[(flights["dep_delay"] >= 60) | flights["dep"].isna()]
    return {
        "departed": _stream(departed, occurred=departed["dep"]),
        "arrived": _stream(arrived, occurred=arrived["arr"]),
        "cancelled": _stream(cancelled, occurred=cancelled["sched_dep"]),
        "due": _stream(flights, occurred=flights["sched_dep"]),
        "gone": _stream(flights, occurred=left),
        "overdue": _stream(overdue, occurred=overdue["sched_dep"] + pd.Timedelta("15min")),
        "stuck": _stream(stuck, occurred=stuck["sched_dep"] + pd.Timedelta("60min")),
        "ahead": _stream(
            flights, occurred=flights["sched_dep"], known=flights["sched_dep"] - AHEAD
        ),
        "legs": _stream(
            flights, occurred=flights["sched_dep"], known=flights["sched_dep"] - JUST_AFTER_LEAD
        ),
        "weather": _weather(tables["weather"]),
        "planes": tables["planes"].assign(occurred_at=BEGINNING, known_at=BEGINNING),
    }


def _stream(
    flights: pd.DataFrame, *, occurred: pd.Series, known: pd.Series | None = None
) -> pd.DataFrame:
    return flights.assign(occurred_at=occurred, known_at=occurred if known is None else known)


def _weather(weather: pd.DataFrame) -> pd.DataFrame:
    seen = pd.to_datetime(weather["time_hour"], utc=True, format="ISO8601")
    wind = weather["wind_speed"].where(weather["wind_speed"] <= FASTEST_WIND)
    gust = weather["wind_gust"].fillna(wind)
    return weather.assign(
        occurred_at=seen, known_at=seen + pd.Timedelta("1h"), wind_speed=wind, wind_gust=gust
    )


PLACES: dict[str, tuple[str, ...]] = {
    "all": (),
    "origin": ("origin",),
    "carrier": ("carrier",),
    "hub": ("origin", "carrier"),
    "dest": ("dest",),
}
WINDOWS = ("1h", "2h", "4h")
NUMBER = ("carrier", "flight", "origin")
LONG_RUN: dict[str, tuple[str, ...]] = {
    "carrier": ("carrier",),
    "route": ("carrier", "origin", "dest"),
    "dest": ("dest",),
    "number": NUMBER,
}


def _state(place: str, by: tuple[str, ...]) -> tuple[Declaration, ...]:
    within = [
        declared
        for window in WINDOWS
        for declared in (
            Count(f"departed_{place}_{window}", DEPARTED, by=by, window=window),
            Mean(f"late_dep_{place}_{window}", DEPARTED, "late_dep", by=by, window=window),
            Mean(f"dep_delay_{place}_{window}", DEPARTED, "dep_delay", by=by, window=window),
            Mean(f"arr_delay_{place}_{window}", ARRIVED, "arr_delay", by=by, window=window),
            Count(f"overdue_{place}_{window}", OVERDUE, by=by, window=window),
            Count(f"stuck_{place}_{window}", STUCK, by=by, window=window),
            Count(f"due_{place}_{window}", DUE, by=by, window=window),
        )
    ]
    return (
        *within,
        Count(f"due_{place}_12h", DUE, by=by, window="12h"),
        Count(f"gone_{place}_12h", GONE, by=by, window="12h"),
        Count(f"cancelled_{place}_6h", CANCELLED, by=by, window="6h"),
        Count(f"ahead_{place}_2h", AHEAD_OF, by=by, window="2h"),
        Mean(f"late_{place}_1D", ARRIVED, "late", by=by, window="1D"),
    )


def _long_run(name: str, by: tuple[str, ...]) -> tuple[Declaration, ...]:
    return (
        Mean(f"late_{name}_28D", ARRIVED, "late", by=by, window="28D", bucket="1h"),
        Mean(f"delay_{name}_28D", ARRIVED, "arr_delay", by=by, window="28D", bucket="1h"),
        Count(f"arrived_{name}_28D", ARRIVED, by=by, window="28D", bucket="1h"),
    )


def _aircraft() -> tuple[Declaration, ...]:
    tail = ("tailnum",)
    return (
        Last("leg_dep", LEGS, "sched_dep", by=tail, within="2D"),
        Last("leg_arr", LEGS, "sched_arr", by=tail, within="2D"),
        Last("departed_dep", DEPARTED, "sched_dep", by=tail, within="2D"),
        Last("departed_delay", DEPARTED, "dep_delay", by=tail, within="2D"),
        Last("arrived_dep", ARRIVED, "sched_dep", by=tail, within="2D"),
        Last("arrived_delay", ARRIVED, "arr_delay", by=tail, within="2D"),
        Mean("late_number_7D", ARRIVED, "late", by=NUMBER, window="7D", bucket="1h"),
        Last("number_delay", ARRIVED, "arr_delay", by=NUMBER, within="8D"),
        Mean("late_tail_7D", ARRIVED, "late", by=tail, window="7D", bucket="1h"),
        Last("plane_year", PLANES, "year", by=tail),
        Last("plane_seats", PLANES, "seats", by=tail),
    )


def _sky() -> tuple[Declaration, ...]:
    here = ("origin",)
    return (
        *(Last(name, WEATHER, name, by=here, within="8h") for name in SKY),
        Mean("pressure_6h", WEATHER, "pressure", by=here, window="6h", bucket="1h"),
        Sum("precip_6h", WEATHER, "precip", by=here, window="6h", bucket="1h"),
        Mean("wind_3h", WEATHER, "wind_speed", by=here, window="3h", bucket="1h"),
        Mean("visib_3h", WEATHER, "visib", by=here, window="3h", bucket="1h"),
        Age("weather_age", WEATHER, by=here, within="8h"),
    )


HISTORY: tuple[Declaration, ...] = (
    *(declared for place, by in PLACES.items() for declared in _state(place, by)),
    *(declared for name, by in LONG_RUN.items() for declared in _long_run(name, by)),
    *_aircraft(),
    *_sky(),
)
