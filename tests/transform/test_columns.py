"""Frames become arrays of the declared types, or the column that can not is named."""

import numpy as np
import pandas as pd
import pytest

from tagline.columns.field import Field
from tagline.errors import TaglineError
from tagline.transform.compute import columns


def column(values, kind, **more):
    return columns(pd.DataFrame({"x": values}), fields=[Field("x", kind, **more)])["x"]


def test_times_are_seconds_since_1970_in_any_zone_and_unit():
    local = pd.Series(pd.to_datetime(["2013-03-10 01:59:59", "2013-03-10 03:00:00"]))
    times = local.dt.tz_localize("America/New_York")
    for unit in ("s", "ms", "ns"):
        assert column(times.dt.as_unit(unit), "timestamp").tolist() == [1362898799, 1362898800]


def test_whole_numbers_keep_every_digit():
    great = [2**63 - 1, 2**53 + 1]
    assert column(great, "integer").tolist() == great


@pytest.mark.parametrize("values", [["東", None], pd.array(["東", None], dtype="string")])
def test_missing_text_is_empty(values):
    assert column(values, "string").tolist() == ["東", ""]


@pytest.mark.parametrize("kind", ["integer", "timestamp", "boolean", "number"])
def test_what_is_not_required_may_be_missing(kind):
    times = pd.Series(pd.to_datetime([5, None], unit="s", utc=True))
    values = times if kind == "timestamp" else pd.array([1, None], dtype="Int64")
    found = column(values, kind, required=False)
    assert found.dtype == np.float64
    assert np.isnan(found).tolist() == [False, True]


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        (pd.array([1, None], dtype="Int64"), "integer", "1 rows lack a value"),
        (pd.to_datetime(["2013-01-01", None], utc=True), "timestamp", "1 rows lack a value"),
        (pd.to_datetime(["2013-01-01"]), "timestamp", "a time with its zone"),
        (["2013-01-01"], "timestamp", "a time with its zone"),
        (["far"], "number", "can not be read as number"),
    ],
)
def test_what_does_not_fit_is_told_with_its_column(values, kind, said):
    with pytest.raises(TaglineError, match=f"column 'x': .*{said}"):
        column(values, kind)


def test_a_column_that_is_not_there_is_told():
    with pytest.raises(TaglineError, match="column 'past': There is no such column"):
        columns(pd.DataFrame({"x": [1.0]}), fields=[Field("x", "number")], history=["past"])


def test_an_unknown_kind_of_field_is_told():
    with pytest.raises(TaglineError, match="field 'x': kind is 'date'"):
        Field("x", "date")


def test_a_field_can_be_written_down_and_read_again():
    field = Field("x", "string", "What.", allowed=("a", "b"), required=False)
    assert Field.from_dict(field.to_dict()) == field
