"""What is written of later than now is not known yet, and what is written later counts."""

import pandas as pd

from tagline.history.declare import Count, Events, Last
from tagline.history.snapshot import load, newest, snapshot, write
from tests.pipeline import logged

NOW = pd.Timestamp("2024-06-01", tz="UTC")
HISTORY = (
    Count("seen_1d", Events("weather"), by=("place",), window="1D"),
    Last("temp", Events("weather"), "temp", by=("place",)),
)


def events(last=None):
    times = pd.date_range(NOW - pd.Timedelta("2D"), NOW - pd.Timedelta("1h"), freq="1h")
    frame = pd.DataFrame({"known_at": times, "occurred_at": times, "place": "JFK", "temp": 20.0})
    if last is not None:
        row = frame.tail(1).assign(known_at=last, occurred_at=last, temp=-9.0)
        frame = pd.concat([frame, row], ignore_index=True)
    return {"weather": frame}


def test_one_event_of_2031_empties_no_window_and_is_told():
    usual = snapshot(HISTORY, events(), now=NOW)
    with logged() as lines:
        found = snapshot(HISTORY, events(pd.Timestamp("2031-01-01", tz="UTC")), now=NOW)
    assert found.as_of == usual.as_of
    assert found.groups[0].matrix.tolist()[0] == usual.groups[0].matrix.tolist()[0]
    assert any("1 events of 'weather' became known after" in line for line in lines)


def test_the_snapshot_that_was_written_last_is_taken(tmp_path):
    late = snapshot(HISTORY, events(), at=NOW + pd.Timedelta("900D"))
    found = snapshot(HISTORY, events(), now=NOW)
    for _ in range(40):
        write(late, tmp_path)
        path = write(found, tmp_path)
        assert newest(tmp_path) == path
        assert load(newest(tmp_path)).as_of == found.as_of
