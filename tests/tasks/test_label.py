"""A label is one of the values that the case names, or missing, or a fault with its count."""

import pandas as pd
import pytest

from tagline.case.classes import class_of
from tagline.case.config import TableSection
from tagline.errors import TaglineError
from tagline.tasks.label import read_label, read_number


def label(values, dtype=None, **named):
    section = TableSection(id="id", time="at", target="y", **named)
    return read_label(pd.Series(values, dtype=dtype), section)


def plain(found):
    return [None if value != value else value for value in found.series.tolist()]


@pytest.mark.parametrize(
    ("values", "dtype", "named"),
    [
        (["yes", "no", None, ""], "str", {"positive": "yes"}),
        (["yes", "no", None, None], object, {"positive": "yes", "negative": "no"}),
        ([2, 1, None, None], "Int64", {"positive": 2}),
        ([2.0, 1.0, None, None], "float64", {"positive": 2}),
        (["2", "1", "", None], "str", {"positive": 2}),
        ([True, False, None, None], "boolean", {"positive": True}),
        ([True, False, None, None], "boolean", {}),
        ([1, 0, None, None], "Int64", {}),
        (["1", "0", "", "NA"], "str", {}),
        (["true", "False", None, ""], "str", {}),
        (["no", "yes", None, None], "category", {"positive": "no"}),
    ],
)
def test_the_two_values_and_nothing(values, dtype, named):
    found = label(values, dtype, **named)
    assert plain(found) == [1.0, 0.0, None, None]
    assert not any(mask.any() for mask in found.faults.values())


def test_what_is_neither_is_a_fault_and_no_negative():
    found = label(["yes", "no", "maybe", "Yes", None], "str", positive="yes", negative="no")
    assert plain(found) == [1.0, 0.0, None, None, None]
    ((reason, mask),) = found.faults.items()
    assert reason == "y is neither 'yes' nor 'no'"
    assert mask.tolist() == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["yes", "no", "maybe"], "'no' (1 rows), 'maybe' (1 rows): which of them counts as 0?"),
        (["yes", "Yes"], "which of them counts as 0?"),
        (["yes", "yes"], "one class only"),
        (["ja", "nein"], "which of them counts as 0?"),
    ],
)
def test_where_several_values_could_be_0_one_sentence_asks(values, said):
    with pytest.raises(TaglineError) as asked:
        label(values, "str", positive="yes")
    assert said in str(asked.value)


@pytest.mark.parametrize("named", [{"positive": "ja"}, {"positive": "yes", "negative": "nein"}])
def test_a_value_that_no_row_has_is_told(named):
    with pytest.raises(TaglineError, match="No row has y = "):
        label(["yes", "no"], "str", **({"negative": "no"} | named))


def test_numbers_that_are_neither_are_faults():
    found = label([0, 1, 7, None], "Int64")
    assert plain(found) == [0.0, 1.0, None, None]
    assert found.faults["y is neither 0 nor 1"].tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("read", "values", "said"),
    [
        (read_label, ["yes", "no"] * 9, r"Which of them counts as 1\? positive = '(yes|no)'"),
        (read_label, ["a", "b", "c"] * 9, r"task = \"classes\", with classes = \['a', 'b', 'c'\]"),
        (
            read_label,
            [1, 2, 3] * 9,
            r"classes = \[1, 2, 3\] under \[table\]\? Or task = \"number\"",
        ),
        (read_label, list(range(40)), 'task = "number"'),
        (read_number, ["a", "b", "c"] * 9, 'most of them no numbers.*task = "classes"'),
    ],
)
def test_a_target_that_does_not_fit_says_which_question_would(read, values, said):
    section = TableSection(id="id", time="at", target="y")
    with pytest.raises(TaglineError, match=said):
        read(pd.Series(values), section)


@pytest.mark.parametrize(
    ("classes", "said", "place"),
    [((0.1, 0.2), "0.1", 0), ((1, 2), "2", 1), ((1.0, 2.0), 2, 1), ((True, False), False, 1)],
)
def test_a_class_is_meant_by_its_text_or_its_value(classes, said, place):
    assert class_of(said, classes) == place
    assert class_of("neither", classes) is None
