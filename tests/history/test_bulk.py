"""Bulk history equals a slow, obvious walk through the events, and never sees the future."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.errors import TaglineError
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

START = pd.Timestamp("2024-03-10", tz="UTC")
MINUTE = pd.Timedelta("1min")
SEEN, HEARD = Events("seen"), Events("heard")
COUNTED = Count | Sum | Distinct
DECLARATIONS = (
    Count("n_all", SEEN, window="30min"),
    Count("n_place", SEEN, by=("place",), window="30min"),
    Count("n_bad", SEEN, by=("place",), window="1h", bucket="10min", where="bad"),
    Sum("sum_pair", SEEN, "size", by=("place", "kind"), window="20min", bucket="1min"),
    Mean("mean_place", SEEN, "size", by=("place",), window="1h", bucket="15min"),
    Mean("mean_kind", SEEN, "size", by=("kind",), window="1h", where="bad"),
    Last("last_all", SEEN, "size"),
    Last("last_place", SEEN, "size", by=("place",)),
    Last("last_fresh", SEEN, "size", by=("place",), within="25min", where="bad"),
    Age("age_pair", SEEN, by=("place", "kind")),
    Age("age_fresh", SEEN, by=("kind",), within="10min"),
    Count("heard_pair", HEARD, by=("place", "kind"), window="40min"),
    Last("heard_place", HEARD, "size", by=("place",)),
    Count("heard_turned", HEARD, by=("kind", "place"), window="40min"),
    Share("share_bad", SEEN, "bad", by=("place",), window="1h"),
    Min("min_all", SEEN, "size", window="30min"),
    Max("max_place", SEEN, "size", by=("place",), window="1h", bucket="15min"),
    Max("max_bad", HEARD, "size", by=("kind",), window="20min", where="bad"),
    Distinct("kinds", SEEN, "kind", by=("place",), window="1h"),
    Distinct("places", HEARD, "place", window="40min", bucket="10min", where="bad"),
    Distinct("two_sizes", SEEN, "size", window="90min", most=2),
)
ROUNDED = (
    Std("std_all", SEEN, "size", window="1h"),
    Std("std_place", HEARD, "size", by=("place",), window="40min", where="bad"),
    Trend("trend_all", SEEN, "size", window="1h", bucket="10min"),
    Trend("trend_kind", HEARD, "size", by=("kind",), window="90min"),
    ExponentialMean("fading_all", SEEN, "size", halflife="20min"),
    ExponentialMean("fading_place", SEEN, "size", by=("place",), halflife="1h", where="bad"),
)

minutes = st.integers(0, 90)
places = st.sampled_from(["a", "b", None])
kinds = st.sampled_from([1.0, 2.0, np.nan])
sizes = st.one_of(st.just(np.nan), st.integers(-80, 80).map(lambda n: n / 8))


def frame_of(rows, columns):
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"place": "str", "kind": "float64"})


@st.composite
def histories(draw):
    rows = draw(
        st.lists(
            st.tuples(minutes, st.integers(0, 40), places, kinds, sizes, st.booleans()), max_size=30
        )
    )
    events = frame_of(
        [(START + o * MINUTE, START + (o + late) * MINUTE, *rest) for o, late, *rest in rows],
        ["occurred_at", "known_at", "place", "kind", "size", "bad"],
    )
    events = events.astype(
        {
            "occurred_at": "datetime64[us, UTC]",
            "known_at": "datetime64[us, UTC]",
            "size": "float64",
            "bad": "bool",
        }
    )
    points = draw(st.lists(st.tuples(minutes, places, kinds), min_size=1, max_size=12))
    decisions = frame_of(
        [(START + m * MINUTE, p, k) for m, p, k in points], ["at", "place", "kind"]
    )
    return events, decisions


def one_by_one(frame):
    return frame.assign(row=range(len(frame))).to_dict("records")


def walk(declared, events, decision):
    """Ask every event in turn whether it counts."""
    now = decision["at"]
    if any(pd.isna(decision[key]) for key in declared.by):
        return 0.0 if isinstance(declared, COUNTED) else np.nan
    own = [
        event
        for event in events
        if all(event[key] == decision[key] for key in declared.by)
        and (declared.where is None or event[declared.where])
    ]
    if isinstance(declared, Last | Age):
        known = [e for e in own if e["known_at"] <= now]
        if isinstance(declared, Last):
            known = [e for e in known if not np.isnan(e[declared.value])]
        if not known:
            return np.nan
        latest = max(known, key=lambda e: (e["occurred_at"], e["known_at"], e["row"]))
        age = (now - latest["occurred_at"]).total_seconds()
        if declared.within is not None and age > pd.Timedelta(declared.within).total_seconds():
            return np.nan
        return latest[declared.value] if isinstance(declared, Last) else age
    until = now.floor(declared.bucket)
    length = pd.Timedelta(getattr(declared, "window", "1000D"))
    inside = [e for e in own if until - length <= e["known_at"] < until]
    if isinstance(declared, Count):
        return float(len(inside))
    inside = [e for e in inside if not pd.isna(e[declared.value])]
    values = [e[declared.value] for e in inside]
    if isinstance(declared, Sum):
        return float(sum(values))
    if isinstance(declared, Distinct):
        return float(min(len(set(values)), declared.most))
    return slowly(declared, values, inside) if values else np.nan


def slowly(declared, values, inside):
    """Say what a window's values come to, as a book has it."""
    days = [(e["known_at"] - START) / pd.Timedelta("1D") for e in inside]
    match declared:
        case Min():
            return min(values)
        case Max():
            return max(values)
        case Std():
            return np.std(values, ddof=1) if len(values) > 1 else np.nan
        case Trend():
            return np.polyfit(days, values, 1)[0] if len(set(days)) > 1 else np.nan
        case ExponentialMean():
            halves = np.array(days) / (pd.Timedelta(declared.halflife) / pd.Timedelta("1D"))
            return np.average(values, weights=2.0 ** (halves - max(halves)))
    return float(sum(values) / len(values))


@given(histories(), histories())
@settings(max_examples=80, deadline=None)
def test_bulk_equals_the_slow_walk(history, other):
    seen, decisions = history
    streams = {"seen": seen, "heard": other[0]}
    found = compute(DECLARATIONS, streams, decisions, at="at")
    for declared in DECLARATIONS:
        events = one_by_one(streams[declared.events.name])
        expected = [walk(declared, events, decision) for decision in one_by_one(decisions)]
        np.testing.assert_array_equal(found[declared.name], expected, err_msg=declared.name)


@given(histories(), histories())
@settings(max_examples=80, deadline=None)
def test_what_is_rounded_equals_the_slow_walk_too(history, other):
    seen, decisions = history
    streams = {"seen": seen, "heard": other[0]}
    found = compute(ROUNDED, streams, decisions, at="at")
    for declared in ROUNDED:
        events = one_by_one(streams[declared.events.name])
        expected = [walk(declared, events, decision) for decision in one_by_one(decisions)]
        np.testing.assert_allclose(
            found[declared.name], expected, rtol=1e-9, atol=1e-7, err_msg=declared.name
        )


@pytest.mark.parametrize("huge", [1e12, 1e15, -1e20, 1e28])
def test_a_huge_value_that_has_left_a_window_leaves_nothing_behind(huge):
    minutes_ = [0, 61, 62, 63, 64]
    times = pd.DatetimeIndex([START + m * MINUTE for m in minutes_])
    events = pd.DataFrame({"occurred_at": times, "known_at": times})
    events["size"] = [huge, 1.0, 2.0, 3.0, 4.0]
    declared = [
        Std("std", SEEN, "size", window="1h", bucket="1min"),
        Trend("trend", SEEN, "size", window="1h", bucket="1min"),
        Mean("mean", SEEN, "size", window="1h", bucket="1min"),
    ]
    asked = pd.DataFrame({"at": [START + 65 * MINUTE]})
    found = compute(declared, {"seen": events}, asked, at="at").iloc[0]
    np.testing.assert_allclose(found, [np.std([1, 2, 3, 4], ddof=1), 1440.0, 2.5], rtol=1e-12)


def test_the_spread_of_values_far_from_zero_is_found():
    times = pd.date_range(START, periods=50, freq="1min")
    events = pd.DataFrame({"occurred_at": times, "known_at": times})
    events["size"] = 1e9 + np.arange(50) % 2 / 1024
    asked = pd.DataFrame({"at": [START + 55 * MINUTE]})
    declared = [Std("std", SEEN, "size", window="1h")]
    found = compute(declared, {"seen": events}, asked, at="at").iloc[0, 0]
    assert found == pytest.approx(np.std(np.arange(50) % 2 / 1024, ddof=1), rel=1e-9)
    events["size"] = 0.1
    assert compute(declared, {"seen": events}, asked, at="at").iloc[0, 0] == 0.0


def test_the_greatest_doubles_are_values_too():
    times = pd.date_range(START, periods=4, freq="1min")
    events = pd.DataFrame({"occurred_at": times, "known_at": times})
    events["size"] = [np.finfo(float).max, -np.finfo(float).max / 2, 0.0, 1.0]
    asked = pd.DataFrame({"at": [START + 9 * MINUTE]})
    declared = [
        Std("std", SEEN, "size", window="1h"),
        Trend("trend", SEEN, "size", window="1h"),
        ExponentialMean("fading", SEEN, "size", halflife="1h"),
        Max("most", SEEN, "size", window="1h"),
    ]
    found = compute(declared, {"seen": events}, asked, at="at").iloc[0]
    assert np.isfinite(found[["std", "fading", "most"]]).all()


def test_different_values_that_can_not_be_told_apart_are_a_sentence():
    events = event_of("a", 1.0).assign(size=[[1, 2]])
    asked = pd.DataFrame({"at": [START + 9 * MINUTE]})
    with pytest.raises(TaglineError, match="can not be told apart"):
        compute([Distinct("d", SEEN, "size", window="1h")], {"seen": events}, asked, at="at")
    with pytest.raises(TaglineError, match="most is 0"):
        Distinct("d", SEEN, "size", window="1h", most=0)


def test_a_share_is_of_a_flag():
    declared = [Share("share", SEEN, "size", window="1h")]
    asked = pd.DataFrame({"at": [START + 55 * MINUTE]})
    with pytest.raises(TaglineError, match="no flag, such as"):
        compute(declared, {"seen": event_of("a", 1.0).assign(size=0.5)}, asked, at="at")


def test_decisions_without_a_key_leave_the_others_alone_in_every_stream():
    decisions = frame_of(
        [(START + 9 * MINUTE, "b", np.nan), (START + 9 * MINUTE, "a", 1.0)],
        ["at", "place", "kind"],
    )
    streams = {
        "seen": event_of("a", 1.0),
        "heard": pd.concat([event_of("a", 1.0), event_of("a", 2.0)], ignore_index=True),
    }
    for order in (("seen", "heard"), ("heard", "seen")):
        declared = [Count(n, Events(n), by=("place", "kind"), window="40min") for n in order]
        found = compute(declared, streams, decisions, at="at")
        assert found.to_numpy().tolist() == [[0.0, 0.0], [1.0, 1.0]]


def event_of(place, kind):
    return frame_of(
        [(START, START, place, kind, 0.0, False)],
        ["occurred_at", "known_at", "place", "kind", "size", "bad"],
    )


@given(histories(), st.data())
@settings(max_examples=50, deadline=None)
def test_what_becomes_known_later_changes_nothing(history, data):
    events, decisions = history
    moment = decisions["at"].max()
    later = events["known_at"] > moment
    changed = events.copy()
    changed.loc[later, "size"] = data.draw(st.floats(-99, 99))
    changed.loc[later, "bad"] = ~changed.loc[later, "bad"]
    changed.loc[later, "place"] = data.draw(st.sampled_from(["a", "b"]))
    changed.loc[later, "occurred_at"] += data.draw(st.integers(-60, 60)) * MINUTE
    before = compute(DECLARATIONS, {"seen": events, "heard": events}, decisions, at="at")
    after = compute(DECLARATIONS, {"seen": changed, "heard": changed}, decisions, at="at")
    pd.testing.assert_frame_equal(before, after)
    kept = compute(
        DECLARATIONS, {"seen": events[~later], "heard": events[~later]}, decisions, at="at"
    )
    pd.testing.assert_frame_equal(before, kept)


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_order_of_decisions_is_kept(history, random):
    events, decisions = history
    order = list(range(len(decisions)))
    random.shuffle(order)
    straight = compute(DECLARATIONS, {"seen": events, "heard": events}, decisions, at="at")
    shuffled = compute(
        DECLARATIONS, {"seen": events, "heard": events}, decisions.iloc[order], at="at"
    )
    pd.testing.assert_frame_equal(straight.iloc[order], shuffled)


def test_an_event_known_within_the_same_second_but_later_is_not_seen():
    instant = START + pd.Timedelta("200ms")
    events = pd.DataFrame(
        {"occurred_at": [START], "known_at": [START + pd.Timedelta("700ms")], "size": [1.0]}
    )
    decisions = pd.DataFrame({"at": [instant]})
    found = compute(
        [Last("last", SEEN, "size")], {"seen": events, "heard": events}, decisions, at="at"
    )
    assert found["last"].isna().all()


def one_event(**changes):
    frame = pd.DataFrame(
        {"occurred_at": [START], "known_at": [START], "place": ["a"], "size": [1.0]}
    )
    return frame.assign(**changes)


DECISION = pd.DataFrame({"at": [START + MINUTE], "place": ["a"]})


@pytest.mark.parametrize(
    ("declared", "events", "said"),
    [
        (Count("n", Events("other"), window="1h"), one_event(), "no events 'other'"),
        (Count("n", SEEN, by=("town",), window="1h"), one_event(), "no column 'town'"),
        (Sum("s", SEEN, "weight", window="1h"), one_event(), "no column 'weight'"),
        (Sum("s", SEEN, "place", window="1h"), one_event(), "no number"),
        (Sum("s", SEEN, "size", window="1h"), one_event(size=[np.inf]), "1 infinite values"),
        (Sum("s", SEEN, "size", window="1h"), one_event(size=[1e30]), "too large"),
        (Count("n", SEEN, by=("place",), window="1h"), one_event(place=[3]), "key 'place'"),
        (Count("n", SEEN, window="1h"), one_event(known_at=["yesterday"]), "time zone"),
    ],
)
def test_what_can_not_be_computed_is_told(declared, events, said):
    with pytest.raises(TaglineError, match=said):
        compute([declared], {"seen": events}, DECISION, at="at")


def test_a_name_declared_twice_is_told():
    twice = [Count("n", SEEN, window="1h"), Age("n", SEEN)]
    with pytest.raises(TaglineError, match="Declared twice: n"):
        compute(twice, {"seen": one_event()}, DECISION, at="at")


def test_a_window_is_made_of_whole_buckets():
    with pytest.raises(TaglineError, match="whole number of buckets"):
        Count("n", SEEN, window="7min", bucket="5min")


def test_no_declarations_give_no_columns():
    assert compute([], {}, DECISION, at="at").shape == (1, 0)
