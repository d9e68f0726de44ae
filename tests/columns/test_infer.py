"""What a column holds is found over all of its values, and told."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tagline.columns.infer import counted, recognise
from tagline.columns.kind import How
from tagline.columns.values import read

NUMBERS = [f"{each:.4f}" for each in np.random.default_rng(0).normal(size=3000)]


def taken(values, dtype="str", **wishes):
    column = pd.Series(values, dtype=dtype, name="c")
    found = recognise(column, **wishes)
    return counted(column, read(column, found.kind, How(found.format, "UTC")), found)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (NUMBERS, "number"),
        (["1", "", "NA", "3"], "number"),
        (["true", "FALSE", ""], "boolean"),
        (["0", "1"], "number"),
        (["1", "2", "3", "A"] * 50, "string"),
        (["007", "008"], "string"),
        (["02134", "10001", "90210"], "string"),
        (["0.5", "0", "-0.25"], "number"),
        (["2024-01-01", "2024-02-01T10:00:00Z"], "timestamp"),
        (["31/01/2024", ""], "timestamp"),
        (["a", "b"], "string"),
        (["12:30", "13:45"], "duration"),
        (["12:30", "13:75"], "string"),
    ],
)
def test_text_is_taken_for_what_all_of_it_is(values, kind):
    assert taken(values).kind == kind


@pytest.mark.parametrize(
    ("values", "dtype", "kind"),
    [
        ([True, None], "boolean", "boolean"),
        ([1, None], "Int64", "number"),
        ([1.5], "float64", "number"),
        ([date(2024, 1, 1), None], "datetime64[s]", "timestamp"),
    ],
)
def test_a_typed_column_is_what_its_type_says(values, dtype, kind):
    assert taken(values, dtype).kind == kind


def test_one_stranger_among_many_numbers_is_counted_and_told():
    found = taken([*NUMBERS, "unknown", ""])
    assert (found.kind, found.unread, found.missing, found.rows) == ("number", 1, 1, 3002)
    assert "'unknown'" in str(found)


def test_a_column_that_stays_text_says_what_most_of_it_is():
    found = taken([*NUMBERS[:60], *["unknown"] * 20])
    assert found.kind == "string"
    assert "75% of its values are numbers" in str(found)
    assert "numbers with a comma" in str(taken(["3,5", "4,25", "1.234,5", "none"]))
    assert "begin with a zero" in str(taken(["007", "008"]))


def test_a_person_s_word_goes_before_a_guess():
    assert taken(["1", "2"], kind="string").kind == "string"
    assert taken(["20240103"], format="%Y%m%d").kind == "timestamp"
    found = taken(["1", "x", "2"], kind="number")
    assert (found.kind, found.unread) == ("number", 1)
