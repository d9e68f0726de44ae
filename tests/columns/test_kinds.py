"""What holds of every kind of column: its forms agree value by value, and each says what it is."""

import json
import math
from typing import get_args

import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagline.bundle.schema import request_schema
from tagline.columns.body import RequestDecoder
from tagline.columns.duration import Duration, seconds_of
from tagline.columns.field import Field
from tagline.columns.kind import TEXT, Fit
from tagline.columns.kinds import EXACT, Kind
from tagline.columns.request import InvalidRows, RowReader
from tagline.columns.texts import Texts
from tagline.columns.types import KINDS
from tagline.errors import TaglineError
from tagline.transform.arrays import expect_arrays
from tagline.transform.compute import columns

TIMES = st.datetimes(pd.Timestamp("1801-01-01"), pd.Timestamp("2298-01-01"))
VALUES = {
    "string": st.text(st.characters(codec="utf-8"), max_size=8),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-EXACT, EXACT),
    "boolean": st.booleans(),
    "timestamp": TIMES.map(lambda moment: f"{moment.isoformat()}Z"),
    "duration": st.one_of(
        st.timedeltas(pd.Timedelta("-90000D"), pd.Timedelta("90000D")).map(str),
        st.times().map(lambda moment: moment.isoformat()),
        st.integers(0, 10**6).map("PT{}S".format),
    ),
    "text": st.text(st.characters(codec="utf-8"), max_size=8),
}
ANYTHING = st.one_of(*VALUES.values(), st.none(), st.lists(st.integers(), max_size=1))
FIELDS = {
    (kind, required): Field("x", kind, required=required)
    for kind in KINDS
    for required in (True, False)
}
each_field = pytest.mark.parametrize("field", FIELDS.values(), ids=[f"{k}-{r}" for k, r in FIELDS])
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def one(field, value):
    """Read a value as a request has it, by both ways; give it as an array holds it, or none."""
    row = {"x": value}
    values, _, faults = RowReader([field]).read(row)
    written = json.dumps(row).encode()
    if faults:
        with pytest.raises(InvalidRows) as wrong:
            RequestDecoder([field], id="own").read(written)
        assert [fault for _, fault in wrong.value.faults] == faults
        return None
    body = RequestDecoder([field], id="own").read(written)
    np.testing.assert_equal(body.columns[0][0], values["x"])
    return np.array([values["x"]], dtype=array_type(field))


def array_type(field):
    return TEXT if field.dtype == "utf8" else np.dtype(field.dtype)


def test_there_is_an_object_for_every_name():
    assert set(KINDS) == set(get_args(Kind)) == set(VALUES)


@each_field
@given(value=ANYTHING)
def test_what_a_request_takes_a_table_reads_the_same(field, value):
    taken = one(field, value)
    if taken is None:
        return
    table = columns(pd.DataFrame({"x": [value]}, dtype=object), fields=[field])["x"]
    assert table.dtype == taken.dtype
    np.testing.assert_array_equal(table, taken)
    expect_arrays({"x": table}, [field], [], where="here")


@each_field
def test_a_value_of_its_own_is_taken_by_all_and_its_schema_says_so(field):
    @given(value=VALUES[field.kind])
    def check(value):
        taken = one(field, value)
        schema = request_schema([field], title="?", example={})
        lacking = field.required and value == ""
        assert (taken is None) == lacking or not isinstance(value, str)
        if taken is not None:
            jsonschema.validate({"x": value}, schema)

    check()


@each_field
@given(value=ANYTHING)
def test_what_the_schema_refuses_a_request_refuses(field, value):
    schema = request_schema([field], title="?", example={})
    if not jsonschema.Draft202012Validator(schema).is_valid({"x": value}):
        # Text that means nothing is nothing, whatever the kind.
        assert one(field, value) is None or (value == "" and not field.required)


@each_field
def test_nothing_is_held_as_it_says(field):
    if field.required:
        assert one(field, None) is None
        return
    (held,) = one(field, None)
    nothing = field.type.nothing
    assert held == nothing or (math.isnan(held) and math.isnan(nothing))


@each_kind
@pytest.mark.parametrize("required", [True, False])
def test_a_log_gives_back_what_was_answered(kind, required):
    @given(values=st.lists(VALUES[kind.name], min_size=1, max_size=5))
    def check(values):
        field = FIELDS[kind.name, required]
        try:
            before = columns(pd.DataFrame({"x": pd.Series(values, dtype=object)}), fields=[field])
        except TaglineError:
            return
        logged = pd.Series(before["x"].tolist())
        after = columns(pd.DataFrame({"x": kind.from_log(logged)}), fields=[field])
        np.testing.assert_array_equal(before["x"], after["x"])

    check()


@each_kind
def test_its_example_is_a_value_of_it(kind):
    @given(values=st.lists(VALUES[kind.name].filter(lambda value: value != ""), min_size=1))
    def check(values):
        field = FIELDS[kind.name, True]
        try:
            read = columns(pd.DataFrame({"x": pd.Series(values, dtype=object)}), fields=[field])
        except TaglineError:
            return
        known = kind.from_log(pd.Series(read["x"].tolist()))
        assert one(field, kind.plain(kind.middle(known))) is not None

    check()


@each_kind
@pytest.mark.parametrize("is_moment", [True, False])
def test_a_plain_case_makes_the_inputs_that_it_names(kind, is_moment):
    field = FIELDS[kind.name, True]
    value = np.array(["1"]).astype(array_type(field))
    made = kind.inputs(Texts(), value, None if is_moment else np.full(1, 86_400))
    assert tuple(made) == kind.parts(is_moment=is_moment)
    assert all(each.dtype in (np.float64, value.dtype) for each in made.values())


def test_a_column_of_text_is_held_for_one_kind():
    written = {
        "boolean": ["true", "False"],
        "number": ["1.5", "-2", "1e3"],
        "timestamp": ["2024-05-01", "2024-06-30"],
        "duration": ["8:30", "-26:05:09.5", "2 days, 3:04:05", "PT1H30M"],
        "string": ["007", "012"],
    }
    for name, texts in written.items():
        distinct, counts = pd.Series(texts, dtype="str"), np.ones(len(texts), np.int64)
        fitting = [k.name for k in KINDS.values() if k.fits(distinct, counts, name="x")]
        assert fitting[0] == name
    assert isinstance(KINDS["number"].fits(distinct[:0], counts[:0], name="x"), Fit)


@given(st.timedeltas())
def test_lengths_of_time_are_read_as_python_and_pandas_write_them(length):
    seconds = length.total_seconds()
    written = [str(length), Duration().plain(seconds)]
    if abs(seconds) < 9e9:
        written.append(str(pd.Timedelta(length)))
    for text in written:
        assert seconds_of(text) == pytest.approx(seconds, abs=2e-6)


def test_a_range_holds_for_lengths_of_time_as_text_and_as_seconds():
    field = Field("x", "duration", minimum=0, maximum=3_600)
    for inside in ("0:30", "PT1H", 1_800):
        assert one(field, inside) is not None
    for outside in ("-0:30", "1:01", "PT3601S", -1.0, 3_601):
        assert one(field, outside) is None


def test_an_example_of_free_text_is_nobody_s():
    assert "Ann" not in KINDS["text"].middle(pd.Series(["Ann was here"] * 9))
