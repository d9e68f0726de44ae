"""What is written of later than now is not known yet, and what is written later counts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.shop
from tagline.case.load import check_case
from tagline.history.bulk import compute
from tagline.history.declare import (
    Age,
    Count,
    Distinct,
    Events,
    ExponentialMean,
    Last,
    Max,
    Mean,
    Min,
    Share,
    Std,
    Sum,
    Trend,
)
from tagline.history.lookup import History
from tagline.history.snapshot import Group, Snapshot, load, newest, snapshot, write
from tagline.history.written import from_dict, to_dict
from tagline.storage.disk import Disk
from tests.pipeline import logged, prepared

NAN = float("nan")
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
        store = Disk(tmp_path)
        write(late, store, "snapshots")
        name = write(found, store, "snapshots")
        assert newest(store, "snapshots") == name
        assert load(store, name).as_of == found.as_of


SEEN = Events("seen")
KEPT = (
    Last("last", SEEN, "size", by=("place",)),
    Last("fresh", SEEN, "size", by=("place",), within="40min"),
    Last("before", SEEN, "size", by=("place",), within="2h", strictly_before=True),
    Age("age", SEEN, by=("place",)),
    Age("young", SEEN, by=("place",), within="90min"),
    Age("age_all", SEEN),
)
WINDOWS = (
    Count("count", SEEN, by=("place",), window="30min"),
    Mean("mean", SEEN, "size", window="1h"),
    Max("greatest", SEEN, "size", by=("place",), window="2h"),
    Distinct("places", SEEN, "place", window="1h"),
)
minutes = st.integers(-200, 0)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(minutes, st.integers(0, 30), st.sampled_from("ab"), st.sampled_from([1.0, NAN])),
        min_size=1,
        max_size=12,
    ),
    lag=st.integers(-90, 300),
    part=st.floats(0, 0.999),
    within=st.sampled_from([None, "20min", "3h"]),
)
def test_a_snapshot_answers_later_as_if_nothing_had_happened_since(rows, lag, part, within):
    known = [NOW + pd.Timedelta(minutes=min(m + late, 0)) for m, late, *_ in rows]
    frame = pd.DataFrame(
        {
            "occurred_at": [NOW + pd.Timedelta(minutes=m) for m, *_ in rows],
            "known_at": known,
            "place": [place for _, _, place, _ in rows],
            "size": [size * n for n, (*_, size) in enumerate(rows)],
        }
    )
    declared = (*KEPT, *WINDOWS)
    found = History.of(snapshot(declared, {"seen": frame}, at=NOW), declared, within=within)
    at = NOW.timestamp() + lag * 60 + part
    past, why = found.columns({"place": ["a", "b", "c"]}, np.full(3, at))
    for place, key in enumerate("abc"):
        alone, reason = found.row({"place": key}, at)
        named = dict(zip(found.names, alone, strict=True))
        assert all(
            each[place] == named[n] or np.isnan([each[place], named[n]]).all()
            for n, each in past.items()
        )
        assert reason == why[place]
    asked = pd.DataFrame({"place": ["a", "b", "c"], "at": pd.Timestamp(at, unit="s", tz="UTC")})
    later = compute(declared, {"seen": frame}, asked, at="at")
    then = compute(declared, {"seen": frame}, asked.assign(at=NOW), at="at")
    kept = dict.fromkeys(declared, pd.Timedelta(within or "900D")) | (
        {} if within else {each: pd.Timedelta(each.window) for each in WINDOWS}
    )
    for each, most in kept.items():
        holds = 0 <= lag * 60 <= most.total_seconds()
        if not holds:
            assert np.isnan(past[each.name]).all()
        elif each in WINDOWS:
            np.testing.assert_array_equal(past[each.name], then[each.name])
        elif each in KEPT and not (each.name == "before" and lag == 0):
            np.testing.assert_array_equal(past[each.name], later[each.name])
    limit = min(most.total_seconds() for most in kept.values())
    assert set(why) == {"future" if lag < 0 else "stale" if lag * 60 > limit else ""}


def test_a_snapshot_of_before_ages_were_kept_lets_no_value_outlive_its_time():
    seen = pd.DataFrame({"occurred_at": [NOW], "known_at": [NOW], "size": [1.0]})
    (declared,) = (Last("fresh", SEEN, "size", within="1D"),)
    whole = snapshot((declared,), {"seen": seen}, at=NOW)
    (group,) = whole.groups
    older = Snapshot(whole.as_of, (Group((), ("fresh",), group.keys, group.matrix[:, :1]),))
    found = History.of(older, (declared,), within=None)
    assert found.row({}, NOW.timestamp() + 3_600)[0] == [1.0]
    late, why = found.row({}, NOW.timestamp() + 10 * 86_400)
    assert np.isnan(late).all()
    assert why == "stale"


def test_a_column_may_be_called_as_it_likes():
    seen = pd.DataFrame({"occurred_at": [NOW], "known_at": [NOW], "sale": [1.0]})
    declared = (Last("sale", SEEN, "sale", within="2D"), Age("age of sale", SEEN))
    found = History.of(snapshot(declared, {"seen": seen}, at=NOW), declared, within=None)
    past, _ = found.columns({}, np.full(2, NOW.timestamp() + 60))
    assert past["age of sale"].tolist() == [60.0, 60.0]
    assert set(past) == {"sale", "age of sale"}


def test_an_event_of_the_row_itself_can_be_left_out():
    times = pd.to_datetime(["2024-05-01", "2024-05-02"], utc=True)
    seen = pd.DataFrame({"occurred_at": times, "known_at": times, "size": [1.0, 2.0]})
    declared = (
        Age("own", SEEN),
        Age("since", SEEN, strictly_before=True),
        Last("before", SEEN, "size", strictly_before=True),
    )
    found = compute(declared, {"seen": seen}, pd.DataFrame({"at": times}), at="at")
    assert found["own"].tolist() == [0.0, 0.0]
    assert found["since"].tolist()[1] == 86_400
    assert found["before"].tolist()[1] == 1.0
    assert found.isna().sum().to_dict() == {"own": 0, "since": 1, "before": 1}
    assert [from_dict(to_dict(each)) for each in declared] == list(declared)


def shop(folder, **sections):
    table = {"id": "id", "time": "at", "target": "back"}
    values = {"name": "shop", "title": "Is it sent back?", "features": "tests.shop"}
    search = {"search": {"trials": 1, "brackets": 1, "max_rounds": 20, "baselines": ["base_rate"]}}
    own = {"evaluation": {"resamples": 100, "slice_resamples": 100}}
    return check_case(
        values | {"table": table} | search | own | sections, file=str(folder / "shop.toml")
    )


def test_windows_that_are_not_full_yet_are_told_and_can_be_left_out(tmp_path):
    found, lines = prepared(shop(tmp_path))
    (told,) = [each for each in lines if "windows are full from" in each]
    assert "2024-01-29 on (orders_28D is the last)" in told
    assert any("nothing is learned" in each and "since_own" in each for each in lines)
    less, lines = prepared(shop(tmp_path, split={"full_windows": True}))
    assert not [each for each in lines if "windows are full from" in each]
    orders = tests.shop.load()["orders"]
    early = int((orders["at"] < orders["at"].min() + pd.Timedelta("28D")).sum())
    assert less.accounting["outside_split"] == early
    assert less.accounting["used"] == found.accounting["used"] - early


@pytest.mark.parametrize("missing", [None, ""])
def test_a_row_without_its_key_is_to_a_server_what_it_is_to_training(missing):
    frame = pd.DataFrame({"occurred_at": [NOW], "known_at": [NOW], "place": ["a"], "size": [5.0]})
    frame = frame.assign(flag=True)[["occurred_at", "known_at", "place", "size", "flag"]]
    by = {"by": ("place",), "window": "30min"}
    declared = (
        Count("count", SEEN, **by),
        Sum("sum", SEEN, "size", **by),
        Share("share", SEEN, "flag", **by),
        Min("least", SEEN, "size", **by),
        Std("std", SEEN, "size", **by),
        Trend("trend", SEEN, "size", **by),
        Distinct("several", SEEN, "size", **by),
        ExponentialMean("fading", SEEN, "size", by=("place",), halflife="1D"),
        Last("last", SEEN, "size", by=("place",)),
    )
    served = History.of(snapshot(declared, {"seen": frame}, at=NOW), declared, within=None)
    for key in ("a", "never", missing):
        past, _ = served.row({"place": key or ""}, NOW.timestamp())
        asked = pd.DataFrame({"place": pd.Series([key or None], dtype="str"), "at": [NOW]})
        whole = compute(declared, {"seen": frame}, asked, at="at").iloc[0]
        named = dict(zip(served.names, past, strict=True))
        for each in declared:
            assert (
                named[each.name] == whole[each.name]
                or np.isnan([named[each.name], whole[each.name]]).all()
            )
