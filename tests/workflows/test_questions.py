"""Which question a column asks, and what is said of the other one that it could be."""

import numpy as np
import pandas as pd
import pytest

from tagline.case.load import parse_case
from tagline.errors import TaglineError
from tagline.workflows.new_case import NewCase, begin

RANDOM = np.random.default_rng(0)
ROWS = 300


def asked(folder, values, **wished):
    frame = pd.DataFrame({"y": values, "x": RANDOM.normal(size=ROWS).round(6)})
    frame.to_csv(folder / "t.csv", index=False)
    found = begin(NewCase("own", folder / "t.csv", target="y", **wished), file=folder / "own.toml")
    return parse_case(found.config, file=str(folder / "own.toml")), found.told


def dealt(*values):
    return [values[n % len(values)] for n in range(ROWS)]


AMOUNTS = RANDOM.normal(100, 30, ROWS).round(2)


@pytest.mark.parametrize(
    ("values", "task", "classes", "said"),
    [
        (dealt("a", "b"), "binary", (), "'b' counts as 1"),
        (dealt("b", "a", "c"), "classes", ("a", "b", "c"), "one of 3 classes"),
        (dealt(3, 1, 2), "classes", (1, 2, 3), "say --task number"),
        (dealt(1.0, 2.0, 3.0, 4.0, 5.0), "classes", (1, 2, 3, 4, 5), "say --task number"),
        (dealt(1.0, 1.5, 2.0, 2.5), "number", (), "say --task classes"),
        (dealt(*range(11)), "number", (), "a number of 11 values"),
        (AMOUNTS, "number", (), "a number of"),
        (dealt("1 a", "2 b", "10 c"), "classes", ("1 a", "10 c", "2 b"), "one of 3 classes"),
        (dealt(10**17, 10**17 + 1, 10**17 + 2), "classes", (10**17, 10**17 + 1, 10**17 + 2), ""),
        ([f"${each:,.2f}" for each in AMOUNTS * 100], "number", (), "a number of"),
        (dealt("10%", "20%", "30%"), "number", (), "say --task classes"),
        ([*dealt("a", "b", "c")[2:], "d", "d"], "classes", ("a", "b", "c"), "too few to learn"),
    ],
)
def test_the_values_say_which_question_they_ask(tmp_path, values, task, classes, said):
    case, told = asked(tmp_path, values)
    assert (case.task, case.table.classes) == (task, classes)
    assert said in " ".join(told)


@pytest.mark.parametrize(
    ("values", "wished", "classes"),
    [
        (dealt("a", "b"), {"task": "classes"}, ("a", "b")),
        (dealt(True, False), {"task": "classes"}, (False, True)),
        (dealt(3, 1, 2), {"task": "number"}, ()),
        (dealt("10%", "20%", "30%"), {"task": "classes"}, ("10%", "20%", "30%")),
        (dealt("a", "b", "c"), {"positive": "a", "negative": "b"}, ()),
    ],
)
def test_what_a_person_says_counts(tmp_path, values, wished, classes):
    case, _ = asked(tmp_path, values, **wished)
    assert case.task == wished.get("task", "binary")
    assert case.table.classes == classes


@pytest.mark.parametrize(
    ("values", "wished", "said"),
    [
        (dealt("a", "b", "c"), {"task": "number"}, "no numbers.*--task classes"),
        (dealt("a", "b", "c"), {"task": "binary"}, "--positive A --negative B.*--task classes"),
        (dealt(*map(str, range(150))), {"task": "classes"}, "150 values.*--task number"),
        (dealt("a", "b", "c"), {"task": "ranking"}, "no question 'ranking'"),
        (dealt("a", "b", "c"), {"task": "classes", "positive": "a"}, "are of two answers"),
        (["a"] * 297 + ["b", "c", "d"], {"task": "classes"}, "1 values of 6 rows or more"),
    ],
)
def test_what_can_not_be_asked_says_what_can(tmp_path, values, wished, said):
    with pytest.raises(TaglineError, match=said):
        asked(tmp_path, values, **wished)
