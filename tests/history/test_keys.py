"""Keys keep all their bits, whatever types meet; what can not be compared is refused."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.errors import TaglineError
from tagline.history.bulk import compute
from tagline.history.declare import Count, Events, Last, Mean, Sum
from tagline.history.exact import digits, total

START = pd.Timestamp("2024-03-10", tz="UTC")
LAST = Last("last", Events("seen"), "size", by=("key",))
NEAR = [10**17 + n for n in range(4)]


def last(stream, points):
    events = pd.DataFrame({"key": stream, "size": [10.0, 20.0, 30.0, 40.0][: len(stream)]})
    events = events.assign(occurred_at=START, known_at=START)
    decisions = pd.DataFrame({"key": points, "at": START + pd.Timedelta("1h")})
    return compute([LAST], {"seen": events}, decisions, at="at")["last"].tolist()


HOLDERS = {
    "int64": lambda values: pd.Series(values, dtype="int64"),
    "uint64": lambda values: pd.Series(values, dtype="uint64"),
    "Int64": lambda values: pd.Series(values, dtype="Int64"),
    "UInt64": lambda values: pd.Series(values, dtype="UInt64"),
    "object": lambda values: pd.Series(values, dtype="object"),
    "category": lambda values: pd.Series(values, dtype="int64").astype("category"),
}


@pytest.mark.parametrize("points", HOLDERS.values(), ids=HOLDERS)
@pytest.mark.parametrize("stream", HOLDERS.values(), ids=HOLDERS)
def test_keys_of_18_digits_do_not_fall_together_whatever_integer_types_meet(stream, points):
    assert last(stream(NEAR), points(NEAR)) == [10, 20, 30, 40]


def test_whole_numbers_with_gaps_are_the_same_keys():
    gaps = pd.Series([1, None, 3], dtype="Int64")
    assert last(pd.Series([1, 2, 3, 4]), gaps)[::2] == [10, 30]
    assert last(pd.Series([1.0, 2.0, 3.0, np.nan]), gaps)[::2] == [10, 30]


def test_doubles_that_hold_whole_numbers_no_more_are_refused():
    with pytest.raises(TaglineError, match=r"above 2\*\*53"):
        last(pd.Series([float(n) for n in NEAR]), pd.Series(NEAR))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=4, unique=True))
@settings(deadline=None)
def test_each_key_finds_itself_only(keys):
    found = last(pd.Series(keys), pd.Series(list(reversed(keys)), dtype="Int64"))
    assert found == [10.0 * (n + 1) for n in range(len(keys))][::-1]


TIMES = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"], utc=True))


@pytest.mark.parametrize(
    ("stream", "points"),
    [
        (["a", "b"], [1, 2]),
        ([1, 2], ["1", "2"]),
        (["2024-01-01", "2024-01-02"], TIMES),
        (TIMES, [1, 2]),
        ([True, False], [1, 0]),
        ([True, False], ["True", "False"]),
        ([date(2024, 1, 1), date(2024, 1, 2)], ["2024-01-01", "2024-01-02"]),
    ],
)
def test_keys_of_another_sort_are_refused(stream, points):
    with pytest.raises(TaglineError, match="The key 'key' is "):
        last(pd.Series(stream), pd.Series(points))


def test_a_key_that_mixes_sorts_is_refused():
    with pytest.raises(TaglineError, match="mixes"):
        last(pd.Series(["a", 1], dtype=object), pd.Series(["a", "b"]))


def test_times_are_the_same_keys_in_any_unit_and_zone():
    points = TIMES.dt.as_unit("ns").dt.tz_convert("America/New_York")
    assert last(TIMES, points) == [10, 20]


def stream(**columns):
    return pd.DataFrame(columns).assign(occurred_at=START, known_at=START)


DECISION = pd.DataFrame({"at": [START + pd.Timedelta("10min")]})


@pytest.mark.parametrize("flags", [["yes", "no"], ["True", "False"], [2, 0], [0.5, 1.0]])
def test_a_where_that_is_no_flag_is_refused(flags):
    declared = Count("n", Events("seen"), window="1h", where="bad")
    with pytest.raises(TaglineError, match="no flag"):
        compute([declared], {"seen": stream(bad=flags)}, DECISION, at="at")


@pytest.mark.parametrize("flags", [[True, False], [1, 0], [1.0, np.nan], [True, None]])
def test_a_where_that_is_a_flag_counts(flags):
    declared = Count("n", Events("seen"), window="1h", where="bad")
    found = compute([declared], {"seen": stream(bad=flags)}, DECISION, at="at")
    assert found["n"].tolist() == [1.0]


@pytest.mark.parametrize("kind", [Sum, Mean, Last])
@pytest.mark.parametrize("endless", [np.inf, -np.inf])
def test_an_infinite_value_is_refused_by_every_declaration(kind, endless):
    window = {} if kind is Last else {"window": "1h"}
    with pytest.raises(TaglineError, match="1 infinite values"):
        compute(
            [kind("x", Events("seen"), "size", **window)],
            {"seen": stream(size=[1.0, endless])},
            DECISION,
            at="at",
        )


def test_small_numbers_are_not_rounded_away():
    declared = [Mean("m", Events("seen"), "size", window="1h")]
    found = compute(declared, {"seen": stream(size=[1e-6, 3e-6])}, DECISION, at="at")
    assert found["m"].tolist() == [2e-6]


@given(st.lists(st.floats(-1e28, 1e28), min_size=1, max_size=30), st.randoms())
@settings(deadline=None)
def test_sums_are_the_nearest_doubles_in_any_order(values, random):
    def added(order):
        cut = digits(np.array(order), where="x")
        sums = {place: each.sum(keepdims=True) for place, each in cut.items()}
        return float(total(sums, rows=1)[0])

    import math  # noqa: PLC0415

    shuffled = random.sample(values, len(values))
    assert added(values) == added(shuffled)
    exact = math.fsum(values)
    assert abs(added(values) - exact) <= math.ulp(exact)


def test_an_event_on_repeated_clocks_is_known_at_the_later_moment():
    clocks = pd.Series(pd.to_datetime(["2024-11-03 01:30"]))
    events = pd.DataFrame({"occurred_at": clocks, "known_at": clocks, "size": [5.0]})
    moments = pd.to_datetime(["2024-11-03T05:45", "2024-11-03T06:45"], utc=True)
    decisions = pd.DataFrame({"at": moments})
    declared = [Last("last", Events("seen"), "size")]
    found = compute(declared, {"seen": events}, decisions, at="at", timezone="America/New_York")
    assert np.isnan(found["last"][0])
    assert found["last"][1] == 5.0
    with pytest.raises(TaglineError, match="no times with a time zone"):
        compute(declared, {"seen": events}, decisions, at="at")
