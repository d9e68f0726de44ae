"""What becomes known at the very second of a decision: seen by the latest event, not by windows."""

import pandas as pd
import pytest

from tagline.history.bulk import compute
from tagline.history.declare import Age, Count, Events, Last, Mean, Sum

SEEN = Events("seen")
AT = pd.Timestamp("2024-05-01 12:00", tz="UTC")
PAST = (
    Last("last", SEEN, "size"),
    Age("age", SEEN),
    Count("count", SEEN, window="1h"),
    Sum("sum", SEEN, "size", window="1h"),
    Mean("mean", SEEN, "size", window="1h"),
)


def seen(known_at, decided_at=AT):
    events = pd.DataFrame(
        {"occurred_at": [AT - pd.Timedelta("9min")], "known_at": [known_at], "size": [5.0]}
    )
    row = compute(PAST, {"seen": events}, pd.DataFrame({"at": [decided_at]}), at="at").iloc[0]
    return row.fillna(-1.0).to_dict()


def test_at_the_very_second():
    expected = {"last": 5.0, "age": 540.0, "count": 0.0, "sum": 0.0, "mean": -1.0}
    assert seen(AT) == expected


@pytest.mark.parametrize("late", ["1ms", "1s"])
def test_a_moment_later_nothing_is_seen(late):
    expected = {"last": -1.0, "age": -1.0, "count": 0.0, "sum": 0.0, "mean": -1.0}
    assert seen(AT + pd.Timedelta(late)) == expected


def test_a_window_sees_it_from_the_next_bucket_s_first_second_on():
    before = seen(AT, AT + pd.Timedelta("4min59s"))
    after = seen(AT, AT + pd.Timedelta("5min"))
    assert (before["count"], after["count"]) == (0.0, 1.0)
    assert after["mean"] == 5.0
