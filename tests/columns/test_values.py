"""A value is read by what it is; what a kind can not hold is unread, never changed."""

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.columns.kind import How
from tagline.columns.values import read

KINDS = ("string", "integer", "number", "timestamp", "boolean")
IN_NEW_YORK = How(timezone="America/New_York")
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["", "NA", "true", "1", "01", "2024-01-01", "1e3", "a\0", "\ud800", "0\x1f"]),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-9, max_value=9),
    st.dates(date(1900, 1, 1), date(2200, 1, 1)),
)


def plain(found):
    return [None if value is pd.NA or value != value else value for value in found.series.tolist()]


@given(st.lists(ANYTHING, min_size=1, max_size=8), st.sampled_from(KINDS))
@settings(deadline=None, max_examples=150)
def test_a_value_reads_alike_alone_and_in_company(values, kind):
    together = read(pd.Series(values, dtype=object), kind, IN_NEW_YORK)
    alone = [read(pd.Series([value], dtype=object), kind, IN_NEW_YORK) for value in values]
    assert plain(together) == [plain(each)[0] for each in alone]
    assert together.unread.tolist() == [bool(each.unread[0]) for each in alone]


@given(st.lists(ANYTHING, min_size=1, max_size=8), st.sampled_from(KINDS))
@settings(deadline=None, max_examples=100)
def test_what_was_read_reads_the_same_again(values, kind):
    once = read(pd.Series(values, dtype=object), kind, IN_NEW_YORK)
    again = read(once.series, kind, IN_NEW_YORK)
    assert plain(again) == plain(once)
    assert not again.unread.any()


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1))
@settings(deadline=None)
def test_whole_numbers_keep_all_their_bits_as_text_and_as_numbers(values):
    for given_as in (
        pd.Series(values, dtype="Int64"),
        pd.Series(values, dtype=object),
        pd.Series([None if v is None else str(v) for v in values], dtype="str"),
    ):
        assert plain(read(given_as, "integer")) == values
        assert plain(read(given_as, "string")) == [None if v is None else str(v) for v in values]


@given(st.lists(st.floats(allow_nan=False), min_size=1))
@settings(deadline=None)
def test_numbers_written_as_text_are_read_to_the_last_bit(values):
    found = read(pd.Series([repr(value) for value in values], dtype="str"), "number")
    assert found.series.tolist() == values


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("boolean", 7),
        ("boolean", 0.5),
        ("boolean", "maybe"),
        ("number", True),
        ("number", datetime(2024, 1, 1)),
        ("number", "1,5"),
        ("number", "0x10"),
        ("number", "12 km"),
        ("integer", 1.5),
        ("integer", "1.5"),
        ("integer", 2**63),
        ("integer", True),
        ("integer", float("inf")),
        ("timestamp", 1_700_000_000),
        ("timestamp", 1_700_000_000_000),
        ("timestamp", 20240103),
        ("timestamp", "soon"),
        ("timestamp", "2024-02-30"),
        ("string", 1.5),
        ("string", True),
        ("string", b"bytes"),
        ("string", ["a"]),
        ("string", "\ud800"),
        ("string", datetime(2024, 1, 1)),
    ],
)
def test_what_a_kind_can_not_hold_is_unread(kind, value):
    found = read(pd.Series([value], dtype=object), kind, IN_NEW_YORK)
    assert found.unread.tolist() == [True]
    assert found.series.isna().all()


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", 1, "1"),
        ("string", 1.0, "1"),
        ("string", "01", "01"),
        ("string", "a\0", "a\0"),
        ("string", Decimal(3), "3"),
        ("integer", 3.0, 3),
        ("integer", "9007199254740993", 9007199254740993),
        ("number", Decimal("0.1"), 0.1),
        ("number", " 2.5 ", 2.5),
        ("boolean", "True", True),
        ("boolean", 1, True),
        ("boolean", 0.0, False),
    ],
)
def test_what_means_the_same_is_read(kind, value, expected):
    found = read(pd.Series([value], dtype=object), kind)
    assert found.series.tolist() == [expected]
    assert not found.unread.any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT, ""])
def test_nothing_is_missing_and_no_fault(kind, nothing):
    found = read(pd.Series([nothing], dtype=object), kind)
    assert found.series.isna().all()
    assert not found.unread.any()


def test_words_for_nothing_are_missing_but_in_text_they_are_words():
    words = pd.Series(["NA", "null", "nan", "None"], dtype="str")
    for kind in ("integer", "number", "timestamp", "boolean"):
        assert not read(words, kind).unread.any()
    assert read(words, "string").series.tolist() == words.tolist()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_numbers_are_times_only_where_their_unit_is_named(unit):
    moment = pd.Timestamp("2024-05-06T07:08:09", tz="UTC")
    ticks = moment.as_unit(unit).value // {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
    for number in (pd.Series([ticks]), pd.Series([str(ticks)], dtype="str")):
        assert read(number, "timestamp", How(unit)).series[0] == moment
    assert read(pd.Series([ticks]), "timestamp").unread.all()


def test_days_written_as_numbers_are_read_by_a_named_format():
    found = read(pd.Series([20240103]), "timestamp", How("%Y%m%d", "UTC"))
    assert found.series[0] == pd.Timestamp("2024-01-03", tz="UTC")


def test_a_request_may_write_iso_whatever_the_table_wrote():
    both = pd.Series(["03/04/2024", "2024-04-03T00:00:00Z"], dtype="str")
    found = read(both, "timestamp", How("%d/%m/%Y", "UTC"))
    assert found.series[0] == found.series[1] == pd.Timestamp("2024-04-03", tz="UTC")


@pytest.mark.parametrize("space", ["\x1c", "\x1f", "\x85", "\u2003", "\t", " "])
@pytest.mark.parametrize("kind", ["integer", "number"])
def test_any_space_about_a_number_is_passed_over(space, kind):
    found = read(pd.Series([f"{space}7{space}"], dtype=object), kind, IN_NEW_YORK)
    assert plain(found) == [7]
