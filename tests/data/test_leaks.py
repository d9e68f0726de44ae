"""A column that knows the answer stops the run before the search, by name, with two ways on."""

import numpy as np
import pandas as pd
import pytest

from tagline.errors import TaglineError
from tests.pipeline import case_of, prepared, rows

RANDOM = np.random.default_rng(5)
NOISE = RANDOM.random(600) / 10


def refusal(folder, frame, **sections):
    with pytest.raises(TaglineError) as caught:
        prepared(case_of(folder, frame, **sections))
    return str(caught.value)


LEAKS = {
    "a number that says it": lambda t: t.y * 2.0 + NOISE,
    "a falling number": lambda t: -5.0 * t.y + NOISE,
    "a number that says it from both ends": lambda t: np.where(t.y == 1, 0, NOISE * 90 - 4.5),
    "text that says it": lambda t: np.where(t.y == 1, "paid", "open"),
    "a flag that says it": lambda t: t.y == 1,
    "there for ones only": lambda t: np.where(t.y == 1, t["size"], np.nan),
    "there for some ones only": lambda t: np.where((t.y == 1) & (t.index % 2 == 0), 3.0, np.nan),
    "missing for zeros only": lambda t: np.where((t.y == 0) & (t.index % 2 == 0), np.nan, NOISE),
    "a time after the decision": lambda t: t["at"] + pd.Timedelta("3D"),
    "a time after most decisions": lambda t: t["at"] + pd.Timedelta("1D") * np.sign(t.index % 40),
}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_a_leak_stops_the_run_and_names_the_column(tmp_path, leak, kind):
    frame = rows().assign(leak=leak)
    said = refusal(tmp_path, frame, kind=kind)
    assert "'leak'" in said
    assert "'size'" not in said
    assert 'exclude = ["leak"]' in said
    assert 'known = ["leak"]' in said


def test_the_two_ways_on(tmp_path):
    frame = rows().assign(leak=lambda t: t.y * 2.0)
    known, _ = prepared(case_of(tmp_path, frame, table={"known": ["leak"]}))
    assert "leak" in known.inputs["names"]
    left, _ = prepared(case_of(tmp_path, frame, table={"exclude": ["leak"]}))
    assert "leak" not in left.inputs["names"]


def test_every_such_column_is_named_at_once(tmp_path):
    said = refusal(tmp_path, rows().assign(one=lambda t: t.y * 2.0, two=lambda t: -1.0 * t.y))
    assert "'one'" in said
    assert "'two'" in said


HONEST = {
    "a strong input": lambda t: t["size"] + RANDOM.normal(size=600),
    "gaps by chance": lambda t: np.where(NOISE < 0.01, np.nan, NOISE),
    "a few gaps in one class": lambda t: np.where((t.y == 1) & (t.index < 30), np.nan, NOISE),
    "an id": lambda t: [f"x{i}" for i in range(len(t))],
    "a time before": lambda t: t["at"] - pd.Timedelta("3D"),
    "a constant": lambda t: 1.0,
}


@pytest.mark.parametrize("honest", list(HONEST.values()), ids=list(HONEST))
def test_an_honest_column_does_not(tmp_path, honest):
    found, _ = prepared(case_of(tmp_path, rows().assign(honest=honest)))
    assert any(name.startswith("honest") for name in found.inputs["names"])
