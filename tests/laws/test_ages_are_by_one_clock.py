"""Nothing is deleted because this machine's clock has jumped."""

import json
import os
import time

import pytest

from tagline import clock, paths
from tagline.errors import TaglineError
from tagline.prediction_log.log import PredictionLog
from tagline.prediction_log.maintenance import DAY, LogMaintenance
from tagline.storage.disk import Disk
from tagline.storage.workspace import Workspace
from tagline.workflows.garbage import unneeded


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGLINE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def set_forward(days):
    """Make the note one of before somebody set the clock forward."""
    clock.note()
    file = paths.seen() / "clock.json"
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, "wall": said["wall"] - days * 86_400}))


@pytest.fixture
def log(home, tmp_path):
    return PredictionLog(Disk(tmp_path / "store"), Workspace("small"), tmp_path / "open")


def tables(log, ages):
    place = log.store.folder / log.workspace.predictions / "2024-01-01"
    place.mkdir(parents=True, exist_ok=True)
    for age in ages:
        at = time.time_ns() - int(age * DAY * 1e9)
        path = place / f"{at:020d}-1-aaaaaa.parquet"
        path.write_bytes(b"")
        os.utime(path, ns=(at, at))
    return place


def test_a_day_that_is_over_is_deleted_and_not_a_year_at_once(log):
    place = tables(log, [7.2, 7.9, 1])
    keeper = LogMaintenance(log, retention_days=7)
    assert keeper.delete_old() == 2
    tables(log, range(8, 35))
    with pytest.raises(TaglineError, match="27 tables of 26 days"):
        keeper.delete_old()
    assert len([*place.glob("*.parquet")]) == 28
    assert keeper.delete_old(at_most=None) == 27
    assert len([*place.glob("*.parquet")]) == 1


@pytest.mark.parametrize("days", [0.02, 400])
def test_a_clock_that_was_set_forward_stops_what_deletes(log, days):
    place = tables(log, [7.5])
    keeper = LogMaintenance(log, retention_days=7)
    set_forward(days)
    clock.note()
    if days < 1:
        unneeded(hours=24)
        assert keeper.delete_old() == 1
        return
    with pytest.raises(TaglineError, match=r"set forward by 400\.0 days"):
        unneeded(hours=24)
    with pytest.raises(TaglineError, match=r"set forward by 400\.0 days"):
        keeper.delete_old()
    assert len([*place.glob("*.parquet")]) == 1


def test_ages_are_by_the_clock_that_dates_the_files(tmp_path, monkeypatch):
    store = Disk(tmp_path)
    store.create("objects/a", b"1")
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert store.age("objects/a") < 60
