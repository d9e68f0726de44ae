"""A request's body is read as a table's row is, and refused with every fault at once."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.columns.body import Malformed, RequestDecoder
from tagline.columns.field import Field
from tagline.columns.request import InvalidRows, RowReader
from tagline.transform.compute import columns

FIELDS = (
    Field("town", "string"),
    Field("side", "string", allowed=("left", "right")),
    Field("desk", "string", required=False),
    Field("at", "timestamp"),
    Field("since", "timestamp", required=False),
    Field("stops", "integer", minimum=0, maximum=99),
    Field("seats", "integer", required=False),
    Field("distance", "number", minimum=-10, maximum=1e6, unit="km"),
    Field("height", "number", required=False),
    Field("paid", "boolean"),
    Field("known", "boolean", required=False),
)
READER = RequestDecoder(FIELDS, id="id")
RIGHT = {
    "town": "Łódź",
    "side": "left",
    "at": "2024-05-01T12:00:00Z",
    "stops": 3,
    "distance": 12.5,
    "paid": True,
}
TIMES = st.datetimes(pd.Timestamp("1800-01-02"), pd.Timestamp("2299-12-30"))
WRITTEN = st.tuples(TIMES, st.sampled_from(["Z", "+02:00", "-09:30"])).map(
    lambda each: each[0].isoformat() + each[1]
)
ROWS = st.fixed_dictionaries(
    {
        "town": st.text(min_size=1, max_size=8),
        "side": st.sampled_from(["left", "right"]),
        "at": WRITTEN,
        "stops": st.integers(0, 99),
        "distance": st.one_of(st.floats(-10, 1e6), st.integers(-10, 10**6)),
        "paid": st.booleans(),
    },
    optional={
        "desk": st.one_of(st.none(), st.text(max_size=3)),
        "since": st.one_of(st.none(), WRITTEN),
        "seats": st.one_of(st.none(), st.integers(-(2**53), 2**53)),
        "height": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        "known": st.one_of(st.none(), st.booleans()),
        "id": st.one_of(st.none(), st.text(max_size=9), st.integers(-(2**63), 2**63 - 1)),
    },
)


def body(value):
    return json.dumps(value, ensure_ascii=False).encode()


def is_text(text):
    return not any("\ud800" <= each <= "\udfff" for each in text)


def same(one, other):
    return one == other or (one != one and other != other)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=3))
def test_what_is_read_is_what_a_table_reads(rows):
    rows = [row for row in rows if all(is_text(v) for v in row.values() if isinstance(v, str))]
    if not rows:
        return
    found = READER.read(body(rows))
    names = [field.name for field in FIELDS]
    frame = pd.DataFrame([{n: row.get(n) for n in names} for row in rows], dtype=object)
    arrays = columns(frame, fields=FIELDS)
    for place, row in enumerate(found.rows):
        for name, value in zip(names, row, strict=True):
            assert same(value, arrays[name].tolist()[place]), name
        lacking = {n for n in names if rows[place].get(n) in (None, "")}
        assert set(found.missing.get(place, [])) == lacking
    assert list(found.ids) == [row.get("id") for row in rows]
    alone = [READER.read(body(row)) for row in rows]
    assert all(len(each.ids) == 1 and not each.many for each in alone)
    for together, single in zip(found.rows, alone, strict=True):
        assert all(map(same, together, single.rows[0]))
    slowly = RowReader(FIELDS, ["id"])
    for row, value in zip(found.rows, rows, strict=True):
        values, _, faults = slowly.read(value)
        assert faults == []
        assert all(same(values[n], v) for n, v in zip(names, row, strict=True))


WRONG = {
    "town": [None, "", 5, ["a"]],
    "side": ["middle", 1],
    "at": ["yesterday", "2024-02-30T00:00:00Z", 5, "1700-01-01T00:00:00Z", "2024-05-01T12:00:00"],
    "stops": [1.5, "3", True, 100, -1, 2**70],
    "distance": ["12", True, -11, 1e7, 10**400],
    "paid": [1, "true", 0.0],
    "seats": [0.5, 2**63],
    "height": ["x", 10**400],
    "desk": [3],
    "known": ["yes"],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in WRONG.items() for v in vs])
def test_nonsense_is_refused_by_name(name, value):
    with pytest.raises(InvalidRows) as refused:
        READER.read(body({**RIGHT, name: value}))
    ((place, fault),) = refused.value.faults
    assert (place, fault.field) == (None, name)
    assert fault.what


def test_every_fault_of_every_row_is_named_at_once():
    rows = [RIGHT, {**RIGHT, "stops": -1, "colour": "red", "distance": "far"}, {"id": {}}]
    with pytest.raises(InvalidRows) as refused:
        READER.read(body(rows))
    named = [(place, fault.field) for place, fault in refused.value.faults]
    required = [(2, n) for n in ("town", "side", "at", "stops", "distance", "paid")]
    assert sorted(named) == sorted(
        [(1, "stops"), (1, "colour"), (1, "distance"), *required, (2, "id")]
    )


@pytest.mark.parametrize(
    "given_",
    [
        b"",
        b"{",
        b"nonsense",
        b"5",
        b"[5]",
        b'"text"',
        b"null",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"town": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        body(RIGHT) + b"x",
        b"\xef\xbb\xbf" + body(RIGHT),
    ],
)
def test_what_is_no_json_is_malformed(given_):
    with pytest.raises(Malformed) as refused:
        READER.read(given_)
    assert str(refused.value)


@given(first=st.integers(-9, 9) | st.none() | st.text(max_size=2), last=st.integers(0, 9))
@pytest.mark.parametrize("many", [False, True])
def test_of_a_key_that_comes_twice_the_last_counts_as_for_every_parser(many, first, last):
    twice = b'{"stops": ' + json.dumps(first).encode() + b", " + body(RIGHT)[1:-1]
    twice += b', "st\\u006fps": ' + str(last).encode() + b"}"
    parsed = json.loads(twice)
    given_, meant = (b"[" + twice + b"]", body([parsed])) if many else (twice, body(parsed))
    np.testing.assert_equal(READER.read(given_).rows, READER.read(meant).rows)


def test_escapes_are_no_second_keys():
    found = READER.read(rb'{"town": "a\"b\":\"c", ' + body(RIGHT)[1:].split(b",", 1)[1])
    assert found.rows[0][0] == 'a"b":"c'


def test_an_id_that_is_a_field_is_that_field():
    reader = RequestDecoder((Field("id", "string"), Field("x", "number")), id="id")
    found = reader.read(b'{"id": "7", "x": 1}')
    assert (found.rows, list(found.ids)) == ([("7", 1.0)], ["7"])


def test_a_missing_value_is_what_arrays_hold_for_it():
    (row,) = READER.read(body(RIGHT)).rows
    by_name = dict(zip((field.name for field in FIELDS), row, strict=True))
    assert by_name["desk"] == ""
    assert all(math.isnan(by_name[name]) for name in ("since", "seats", "height", "known"))
    assert np.array([by_name["at"]]).dtype == np.int64
