"""What is put right in a value is put right alike in a table, a frame and a request."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.columns.body import RequestDecoder
from tagline.columns.field import Field
from tagline.columns.request import InvalidRows, RowReader
from tagline.columns.rows import read_rows
from tagline.errors import TaglineError

FIELDS = (
    Field(
        "shop",
        "string",
        required=False,
        strip=True,
        lower=True,
        missing=("N/A", "?"),
        aliases={"Shoe ": "shoes", "hat": "hats"},
    ),
    Field("age", "number", required=False, missing=(999, -1.5)),
    Field("stops", "integer", required=False, missing=(99, "none")),
    Field("plain", "string", required=False),
)
shops = st.sampled_from(
    ["SHOES ", "shoes", " Shoe", "shoe", "HAT", "n/a", "N/A ", "?", "", "  ", "Łódź ", None]
) | st.text(st.characters(codec="utf-8"), max_size=6)
rows = st.fixed_dictionaries(
    {
        "shop": shops,
        "age": st.sampled_from([999, 999.0, -1.5, 12.5, None]) | st.floats(-1e3, 1e3),
        "stops": st.sampled_from([99, 0, 5, None]),
        "plain": st.sampled_from(["SHOES ", "N/A", "", None]),
    }
)


def of_frame(drawn):
    read = read_rows(pd.DataFrame(drawn, dtype=object), FIELDS).frame
    return {field.name: field.type.array(read[field.name], field).tolist() for field in FIELDS}


@given(st.lists(rows, min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_a_frame_a_row_and_a_body_are_put_right_alike(drawn):
    whole = of_frame(drawn)
    reader, decoder = RowReader(FIELDS), RequestDecoder(FIELDS, id="id")
    body = decoder.read(json.dumps(drawn).encode())
    for place, row in enumerate(drawn):
        values, _, faults = reader.read(row)
        single = decoder.read(json.dumps(row).encode())
        assert not faults
        for at, field in enumerate(FIELDS):
            expected = whole[field.name][place]
            for got in (values[field.name], body.columns[at][place], single.columns[at][0]):
                assert got == expected or (np.isnan(got) and np.isnan(expected))


def test_what_is_put_right_is_what_a_person_means():
    found = of_frame(
        [
            {"shop": "SHOES ", "age": 999, "stops": 99},
            {"shop": " Shoe", "age": 5, "stops": 1},
            {"shop": "Hat", "age": None, "stops": None},
            {"shop": " n/a", "age": -1.5, "stops": 2},
        ]
    )
    assert found["shop"] == ["shoes", "shoes", "hats", ""]
    np.testing.assert_array_equal(found["age"], [np.nan, 5, np.nan, np.nan])
    np.testing.assert_array_equal(found["stops"], [np.nan, 1, np.nan, 2])


def test_allowed_values_are_those_that_were_put_right():
    field = Field("shop", "string", strip=True, lower=True, allowed=("shoes",))
    decoder = RequestDecoder((field,), id="id")
    assert decoder.read(b'{"shop": "SHOES "}').columns == [["shoes"]]
    with pytest.raises(InvalidRows):
        decoder.read(b'{"shop": "HATS"}')


def test_a_field_that_is_put_right_can_be_written_down_and_read_again():
    for field in FIELDS:
        again = Field.from_dict(json.loads(json.dumps(field.to_dict())))
        assert again == field
        assert again.cleaning == field.cleaning
    assert "strip" not in FIELDS[3].to_dict()


@given(st.lists(rows, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_what_was_put_right_stays_as_it_is(drawn):
    once = read_rows(pd.DataFrame(drawn, dtype=object), FIELDS).frame
    pd.testing.assert_frame_equal(read_rows(once, FIELDS).frame, once)


@pytest.mark.parametrize(
    "given",
    [
        {"lower": True, "aliases": {"hat": "HATS"}},
        {"strip": True, "aliases": {"hat": "hats "}},
        {"aliases": {"a": "b", "b": "c"}},
        {"aliases": {"a": "b", "b": "a"}},
        {"aliases": {"a": "n/a"}, "missing": ("n/a",)},
    ],
)
def test_aliases_that_would_be_put_right_again_are_refused(given):
    with pytest.raises(TaglineError, match="would itself be put right"):
        Field("shop", "string", **given)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "number", "strip": True},
        {"kind": "timestamp", "aliases": {"a": "b"}},
        {"kind": "string", "missing": (999,)},
    ],
)
def test_what_can_not_be_put_right_is_refused(wrong):
    with pytest.raises(TaglineError, match="the field is a"):
        Field("x", **wrong)
