"""Numbers as people write them: read where there is one way to read them, asked about where two."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagline.columns.infer import recognise
from tagline.columns.kind import How
from tagline.columns.values import read
from tagline.errors import TaglineError

MARKS = {"1,234.5": ("", ""), "1.234,5": (",.", ".,")}
AROUND = ("{}", "${}", "€ {}", "{} EUR", "{}%", "USD {}", "{} zł")
HUNDREDTHS = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=8)


def column(texts):
    return pd.Series(texts, name="t", dtype="str")


@given(HUNDREDTHS, st.sampled_from(list(MARKS)), st.sampled_from(AROUND))
def test_what_is_written_is_read(hundredths, style, around):
    numbers = [1234567.89, *(each / 100 for each in hundredths)]
    texts = [f"{abs(each):,.2f}".translate(str.maketrans(*MARKS[style])) for each in numbers]
    texts = [
        ("-" if each < 0 else "") + around.format(t) for each, t in zip(numbers, texts, strict=True)
    ]
    found = recognise(column(texts))
    assert (found.kind, found.format) == ("number", style)
    values = read(column(texts), "number", How(found.format)).series
    np.testing.assert_array_equal(values, np.abs(numbers) * np.sign(numbers))


@pytest.mark.parametrize(
    ("texts", "kind", "values"),
    [
        (["(12.00)", "3.50"], "number", [-12.0, 3.5]),
        (["1 234,50", "2,5"], "number", [1234.5, 2.5]),
        (["1\u202f234,5", "2,5"], "number", [1234.5, 2.5]),
        (["1'234.50", "12"], "number", [1234.5, 12.0]),
        (["12,5", "1,25"], "number", [12.5, 1.25]),
        (["$5", "€6"], "string", None),
        (["50%", "0.5"], "string", None),
        (["+49 123 456", "+49 234 567"], "string", None),
        (["007,5", "1,25"], "string", None),
        (["ABC 123", "XYZ 456"], "string", None),
        (["10.0.0.1", "192.168.1.1"], "string", None),
        (["1,2,3", "4,5,6"], "string", None),
        (["$", "%"], "string", None),
    ],
)
def test_what_a_column_is_taken_for(texts, kind, values):
    found = recognise(column(texts))
    assert found.kind == kind
    if values:
        assert read(column(texts), kind, How(found.format)).series.tolist() == values


@pytest.mark.parametrize("make", ["{}", "${}", "{},5"])
def test_a_few_different_numbers_beside_words_are_codes(make):
    few = [make.format(1 + n % 20) for n in range(2000)]
    words = [f"w{n % 5}" for n in range(20)]
    assert recognise(column([*few, *words])).kind == "string"
    many = [make.format(1 + n % 60) for n in range(2000)]
    assert recognise(column([*many, *words])).kind == "number"


@pytest.mark.parametrize("texts", [["1,234", "5,678"], ["1.234", "EUR 5.678"], ["1,234", "7"]])
def test_what_can_be_read_in_two_ways_is_asked_about(texts):
    with pytest.raises(TaglineError, match="can be read in two ways"):
        recognise(column(texts))
    assert recognise(column(texts), format="1,234.5").kind == "number"
    said = read(column(texts), "number", How("1.234,5")).series
    assert said.notna().all()
