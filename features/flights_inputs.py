"""What the model is given of a flight: a pure function of its raw fields and its history.

Shares are drawn towards what is known more surely (the airline's own rate, all airports' state)
by as many rows as a constant says, so that three flights are not taken for a trend.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from features.flights_events import PLACES, SKY, WINDOWS
from features.new_york import local_clock

Row = Mapping[str, Any]
Inputs = dict[str, Any]

HOUR, MINUTE = 3_600.0, 60.0
LEAD = 2 * HOUR
USUAL_LATE, USUAL_STUCK = 0.2, 0.08
CRUISE = 7.5  # miles a minute


def inputs(xp: Any, row: Row) -> Inputs:
    """Give the model's inputs of columns, of one request or of traced arrays."""
    return {
        **_schedule(xp, row),
        **_habits(xp, row),
        **_states(xp, row),
        **_aircraft(xp, row),
        **_weather(xp, row),
    }


def _schedule(xp: Any, row: Row) -> Inputs:
    hour, weekday = local_clock(xp, row["sched_dep"])
    block = xp.astype(row["sched_arr"] - row["sched_dep"], xp.float64) / MINUTE
    return {
        "carrier": row["carrier"],
        "origin": row["origin"],
        "dest": row["dest"],
        "hour": hour,
        "weekday": weekday,
        "arrival_hour_utc": xp.astype(row["sched_arr"] % 86_400, xp.float64) / HOUR,
        "block": block,
        "distance": row["distance"],
        "padding": block - row["distance"] / CRUISE,
    }


def _habits(xp: Any, row: Row) -> Inputs:
    """Long-run rates, relative to the airline's own: absolute ones drift with the season."""
    late = _known(xp, row["late_carrier_28D"], 0.0)
    delay = _known(xp, row["delay_carrier_28D"], 0.0)
    made: Inputs = {}
    for name, rows in (("route", 40), ("dest", 40), ("number", 15)):
        seen = row[f"arrived_{name}_28D"]
        made[f"late_{name}"] = _drawn(xp, row[f"late_{name}_28D"], seen, late, rows) - late
        made[f"delay_{name}"] = _drawn(xp, row[f"delay_{name}_28D"], seen, delay, rows) - delay
    made["late_number_week"] = row["late_number_7D"] - late
    made["late_tail"] = row["late_tail_7D"] - late
    made["delay_number_last"] = row["number_delay"]
    return made


def _states(xp: Any, row: Row) -> Inputs:
    """How the airports and airlines fare now."""
    made: Inputs = {}
    for place in PLACES:
        for window in WINDOWS:
            made |= _state(xp, row, made, place=place, window=window)
        backlog = row[f"due_{place}_12h"] - row[f"gone_{place}_12h"]
        made[f"backlog_{place}"] = backlog
        made[f"backlog_share_{place}"] = backlog / (row[f"due_{place}_2h"] + 3)
        made[f"cancelled_{place}"] = row[f"cancelled_{place}_6h"]
        made[f"ahead_{place}"] = row[f"ahead_{place}_2h"]
        made[f"late_day_{place}"] = row[f"late_{place}_1D"]
    return made


def _state(xp: Any, row: Row, made: Inputs, *, place: str, window: str) -> Inputs:
    here = f"{place}_{window}"
    late, overdue, stuck = USUAL_LATE, USUAL_LATE, USUAL_STUCK
    if place != "all":
        late = made[f"late_dep_all_{window}"]
        overdue, stuck = made[f"overdue_all_{window}"], made[f"stuck_all_{window}"]
    departed = row[f"departed_{here}"]
    return {
        f"late_dep_{here}": _drawn(xp, row[f"late_dep_{here}"], departed, late, 5),
        f"overdue_{here}": (row[f"overdue_{here}"] + 3 * overdue) / (row[f"due_{here}"] + 3),
        f"stuck_{here}": (row[f"stuck_{here}"] + 3 * stuck) / (row[f"due_{here}"] + 3),
        f"dep_delay_{here}": row[f"dep_delay_{here}"],
        f"arr_delay_{here}": row[f"arr_delay_{here}"],
    }


def _aircraft(xp: Any, row: Row) -> Inputs:
    """Give what the aircraft has before this flight, and how late it runs.

    The tables hold departures from New York only: the way back is taken to last as long as
    the way out.
    """
    departs = xp.astype(row["sched_dep"], xp.float64)
    now = departs - LEAD
    left, lands = row["leg_dep"], row["leg_arr"]
    ground = (departs - lands) / MINUTE - (lands - left) / MINUTE
    is_due = now > left
    overdue = xp.where(is_due, (now - left) / MINUTE, xp.asarray(xp.nan, dtype=xp.float64))
    has_left = row["departed_dep"] == left
    leg_delay = xp.where(has_left, row["departed_delay"], overdue)
    delay = xp.where(row["arrived_dep"] == left, row["arrived_delay"], leg_delay)
    known_delay = _known(xp, delay, 0.0)
    return {
        "leg_since": (departs - left) / MINUTE,
        "leg_gap": (departs - lands) / MINUTE,
        "leg_ground": ground,
        "leg_has_left": xp.where(xp.isnan(left), left, xp.astype(has_left, xp.float64)),
        "leg_delay": leg_delay,
        "inbound_delay": delay,
        "slack": ground - known_delay,
        "slack_at_best": ground - xp.where(known_delay > 0.0, known_delay, known_delay * 0.0),
        "last_arrival_delay": row["arrived_delay"],
        "last_departure_delay": row["departed_delay"],
        "hours_since_arrived_leg": (now - row["arrived_dep"]) / HOUR,
        "plane_year": row["plane_year"],
        "plane_seats": row["plane_seats"],
    }


def _weather(xp: Any, row: Row) -> Inputs:
    return {
        **{name: row[name] for name in (*SKY, "precip_6h", "visib_3h")},
        "pressure_rise": row["pressure"] - row["pressure_6h"],
        "dew_gap": row["temp"] - row["dewp"],
        "wind_north": row["wind_speed"] * _towards(xp, row["wind_dir"]),
        "wind_east": row["wind_speed"] * _towards(xp, row["wind_dir"] - 90.0),
        "wind_rise": row["wind_speed"] - row["wind_3h"],
        "visib_rise": row["visib"] - row["visib_3h"],
    }


def _towards(xp: Any, degrees: Any) -> Any:
    # A triangle in place of the cosine, which onnxruntime has in single precision only.
    return 1.0 - xp.abs((degrees + 180.0) % 360.0 - 180.0) / 90.0


def _known(xp: Any, value: Any, otherwise: float) -> Any:
    return xp.where(xp.isnan(value), xp.asarray(otherwise, dtype=xp.float64), value)


def _drawn(xp: Any, mean: Any, rows: Any, towards: Any, by: float) -> Any:
    return (_known(xp, mean, 0.0) * rows + by * towards) / (rows + by)


MONOTONE: Mapping[str, int] = MappingProxyType(
    {
        "slack": -1,
        "slack_at_best": -1,
        "inbound_delay": 1,
        "leg_delay": 1,
        "last_arrival_delay": 1,
        "last_departure_delay": 1,
        **{f"overdue_{place}_{window}": 1 for place in PLACES for window in WINDOWS},
        **{f"stuck_{place}_{window}": 1 for place in PLACES for window in WINDOWS},
        **{f"late_dep_{place}_{window}": 1 for place in PLACES for window in WINDOWS},
        **{f"backlog_share_{place}": 1 for place in PLACES},
    }
)


SOURCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "schedule": ("hour", "weekday", "arrival_hour", "block", "distance", "padding", "ahead_"),
        "airline and route": ("carrier", "origin", "dest", "late_", "delay_"),
        "aircraft": ("leg_", "inbound_", "slack", "last_", "hours_since", "plane_", "late_tail"),
        "weather": ("temp", "dew", "humid", "wind_", "precip", "pressure", "visib"),
        "state of airports and airlines": (
            *("late_dep", "late_day", "overdue_", "dep_delay_", "arr_delay_"),
            "stuck_",
            *("backlog_", "cancelled_"),
        ),
    }
)
