"""A model whose inputs need history answers from a snapshot, as training computed it."""

import json
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import rain
from tagline.bundle.load import Bundle
from tagline.history.bulk import compute
from tagline.history.declare import Count, Events, Last
from tagline.history.snapshot import Snapshot, known_as, load, newest, snapshot, write
from tagline.storage.disk import Disk
from tests.conftest import ROOT, Workplace
from tests.serving.server import eventually, log_of, serving

SNAPSHOT = str(ROOT / "flows" / "snapshot.py")
LAST = pd.Timestamp("2013-12-31", tz="UTC")


@pytest.fixture(scope="module")
def rainy(tmp_path_factory):
    """Train the small case that `make serve` serves, and promote it."""
    place = Workplace(tmp_path_factory.mktemp("rain"), {"PYTHONPATH": str(ROOT)})
    config = (ROOT / "config" / "rain.toml").read_text()
    lean = config.replace("trials = 4", "trials = 1").replace("rows = 200", "rows = 60")
    (place.folder / "rain.toml").write_text(lean)
    done = place.train(case="rain.toml")
    assert done.returncode == 0, done.stdout[-3000:]
    assert place.tagline("promote").returncode == 0
    return place


def test_every_key_has_what_training_would_compute():
    events = rain.events(rain.load())
    found = snapshot(rain.HISTORY, events)
    assert found.as_of == LAST.timestamp()
    for group in found.groups:
        keys = pd.DataFrame({"origin": list(group.keys), "at": LAST})
        own = [each for each in rain.HISTORY if each.name in group.names]
        expected = compute(own, events, keys, at="at").to_numpy()
        places = [group.names.index(each.name) for each in own]
        np.testing.assert_array_equal(group.matrix[:-1, places], expected)
        lookup = group.lookup()
        assert lookup({"origin": "JFK"}) == pytest.approx(
            tuple(group.matrix[group.keys["JFK"]]), nan_ok=True
        )
        never = dict(zip(group.names, lookup({"origin": "nowhere"}), strict=True))
        assert never["rain_6h"] == 0.0
        assert math.isnan(never["pressure_6h"])


def test_a_snapshot_is_read_back_as_it_was_written(tmp_path):
    moment = pd.Timestamp("2024-05-01", tz="UTC")
    seen = pd.DataFrame(
        {
            "occurred_at": moment - pd.to_timedelta([3, 2, 1], unit="h"),
            "number": [2**53 + 1, 7, 7],
            "city": ["Łódź", "b", None],
            "value": [1.5, 2.5, 4.5],
        }
    )
    seen["known_at"] = seen["occurred_at"]

    events = Events("seen")
    declared = (
        Count("all", events, window="12h"),
        Count("numbered", events, by=("number",), window="12h"),
        Last("last", events, "value", by=("number", "city")),
    )
    found = snapshot(declared, {"seen": seen}, at=moment)
    store = Disk(tmp_path)
    read = load(store, write(found, store, f"snapshots/{known_as(declared)}"))
    for one, other in zip(found.groups, read.groups, strict=True):
        assert (one.by, one.names, dict(one.keys)) == (other.by, other.names, dict(other.keys))
        np.testing.assert_array_equal(one.matrix, other.matrix)
    everything, by_number, last = read.groups
    assert everything.lookup()({}) == (3.0,)
    assert by_number.lookup()({"number": 2**53 + 1}) == (1.0,)
    assert last.lookup()({"number": 7, "city": "b"}) == (2.5,)
    assert math.isnan(last.lookup()({"number": 7, "city": ""})[0])
    assert newest(store, "nothing") == ""


def test_what_is_written_later_counts_where_the_clock_was_put_back(tmp_path, monkeypatch):
    store, found = Disk(tmp_path), Snapshot(as_of=0.0, groups=())
    first = write(found, store, "history")
    monkeypatch.setattr("tagline.history.snapshot.time.time_ns", lambda: 5)
    for _ in range(3):
        assert newest(store, "history") == first
        later = write(found, store, "history")
        assert newest(store, "history") == later != first
        first = later


def test_a_server_waits_for_a_snapshot_and_takes_a_newer_one(rainy):
    row = {"origin": "LGA", "at": "2013-12-31T01:00:00Z", "temp": 40, "dewp": 39, "visib": 3}
    row |= {"precip": 0.05, "wind_dir": 90, "wind_speed": 8, "pressure": 1010}
    with serving(rainy, ready=False) as server:
        answer = server.post("/v1/predict", row)
        assert answer.status == 503
        assert "python flows/snapshot.py run" in answer.json["detail"]
        done = rainy.call(SNAPSHOT, "--no-pylint", "run")
        assert done.returncode == 0, done.stdout[-3000:]
        eventually(lambda: server.post("/v1/predict", row).status == 200)
        answer = server.post("/v1/predict", row).json
        assert answer["history"]["as_of"] == LAST.timestamp()
        assert answer["history"]["age_seconds"] == pytest.approx(
            time.time() - LAST.timestamp(), abs=5
        )
        many = server.post("/v1/predict", [row, {**row, "origin": "JFK"}]).json
        assert many["predictions"][0]["probability"] == pytest.approx(
            answer["probability"], abs=1e-6
        )
        assert answer["probability"] == pytest.approx(expected(rainy, row), abs=1e-6)
        assert server.metric("tagline_history_age_seconds") > 0
        (folder,) = (rainy.store / "snapshots" / "rain").iterdir()
        store, name = Disk(rainy.store), f"snapshots/rain/{folder.name}"
        older = load(store, newest(store, name))
        newer = write(replace(older, as_of=older.as_of + 60), store, name)
        eventually(
            lambda: server.post("/v1/predict", row).json["history"]["as_of"] == older.as_of + 60
        )
        logged = server_log(rainy)
        assert set(logged["snapshot"]) == {older.name, Path(newer).stem}


def expected(place, row):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLINE_SIGNING_KEY", str(place.folder / "signing.key"))
        digest = json.loads(place.tagline("status", "--json").stdout)["live"][0]["bundle"]
        bundle = Bundle(place.folder / ".tagline" / "bundles" / digest)
    decision = pd.DataFrame([{**row, "asked": LAST}])
    past = compute(bundle.declarations, rain.events(rain.load()), decision, at="asked")
    (answer,) = bundle.predict_frame(pd.concat([pd.DataFrame([row]), past], axis=1))
    return answer


def server_log(place):

    return log_of(place, "rain").predictions()


ROW = {"origin": "LGA", "temp": 40, "dewp": 39, "visib": 3, "precip": 0.05}


@pytest.mark.parametrize("says", ["missing", "refuse"])
def test_a_decision_outside_of_the_snapshot_is_told_counted_or_refused(rainy, says):
    if not (rainy.store / "snapshots" / "rain").exists():
        assert rainy.call(SNAPSHOT, "--no-pylint", "run").returncode == 0
    own = (ROOT / "config" / "rain.toml").read_text()
    (rainy.folder / "own.toml").write_text(
        own.replace("[serving]\n", f'[serving]\noutside_history = "{says}"\n')
    )
    asked = {"": "2013-12-31T01:00:00Z", "stale": "2013-12-31T09:00:00Z"}
    asked |= {"future": "2013-12-30T23:00:00Z"}
    with serving(rainy, "--config", "own.toml") as server:
        for why, at in asked.items():
            answer = server.post("/v1/predict", {**ROW, "at": at})
            many = server.post("/v1/predict", [{**ROW, "at": at}] * 2)
            explained = server.post("/v1/explain", {**ROW, "at": at})
            refused = bool(why) and says == "refuse"
            assert {each.status for each in (answer, many, explained)} == {422 if refused else 200}
            if refused:
                assert "1 rows are refused: the" in answer.json["detail"]
                continue
            assert answer.json.get("outside_history", "") == why
            one, _ = many.json["predictions"]
            assert one.get("outside_history", "") == why
            assert one["probability"] == pytest.approx(answer.json["probability"], abs=1e-12)
            assert explained.json.get("outside_history", "") == why
        if says == "missing":
            eventually(lambda: server.metric("tagline_history_outside_total") == 8)
            logged = server_log(rainy)
            assert set(logged["outside_history"]) == {"", "stale", "future"}
