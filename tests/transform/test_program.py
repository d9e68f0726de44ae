"""One row on plain Python numbers is one row on NumPy, whatever is in it."""

import json
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.flights import FIELDS, HISTORY
from features.flights import inputs as flights
from tagline.canonical import as_json
from tagline.columns.field import Field
from tagline.columns.kind import TEXT
from tagline.errors import TaglineError
from tagline.transform.compile_row import record
from tagline.transform.compute import compute
from tagline.transform.program import Program

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, 1e-300, 1e300, -1e300, 5e-324]
EDGES += [math.nan, math.inf, -math.inf, 2.0**53, 2.0**63, -(2.0**63), 360.0]
NUMBERS = st.one_of(st.sampled_from(EDGES), st.floats(-1e6, 1e6), st.floats())
WHOLE = st.one_of(
    st.sampled_from([0, 1, -1, 7, -7, 2**63 - 1, -(2**63)]), st.integers(-(2**63), 2**63 - 1)
)

SOME = (
    Field("a", "number"),
    Field("b", "number"),
    Field("i", "integer"),
    Field("j", "integer"),
    Field("flag", "boolean"),
    Field("text", "string"),
)


def everything(xp, row):
    a, b, i, j, flag, text = (row[name] for name in ("a", "b", "i", "j", "flag", "text"))
    number = xp.astype(i, xp.float64)
    return {
        "add": a + b, "sub": a - b, "mul": a * b, "div": a / b, "mod": a % b, "floor": a // b,
        "turned": 3.0 - a, "over": 1.0 / a, "into": 7 % a, "half": a / 2, "square": a**2.0,
        "pow": xp.pow(a, b), "neg": -a, "abs": abs(a), "clip": xp.clip(a, -1.0, 1.0),
        "least": xp.minimum(a, b), "most": xp.maximum(a, b),
        "floored": xp.floor(a), "ceiled": xp.ceil(a), "cut": xp.trunc(a), "round": xp.round(a),
        "exp": xp.exp(a), "expm1": xp.expm1(a), "log": xp.log(a), "log1p": xp.log1p(a),
        "log2": xp.log2(a), "log10": xp.log10(a), "sqrt": xp.sqrt(a),
        "sin": xp.sin(a), "cos": xp.cos(b), "tanh": xp.tanh(a),
        "i_add": i + j, "i_sub": i - j, "i_mul": i * j, "i_mod": i % 7, "i_floor": i // -7,
        "i_neg": -i, "i_abs": abs(i), "i_div": i / j, "i_least": xp.minimum(i, j),
        "mixed": i + a, "weak": i + 0.5, "days": (i // 86_400 + 4) % 7,
        "lt": xp.where(a < b, a, b), "ge": xp.where(i >= j, 1.0, number),
        "and": xp.astype((a > b) & ~flag | (i != j) ^ flag, xp.float64),
        "is": xp.where(text == "x", 1.0, xp.where(text != "", 2.0, a)),
        "nan": xp.astype(xp.isnan(a), xp.float64), "inf": xp.astype(xp.isinf(a), xp.int64),
        "finite": xp.where(xp.isfinite(a) & (xp.abs(a) < 9e18), a, 0.0),
        "flagged": xp.astype(flag, xp.float64) * a, "zero": xp.zeros_like(a) + xp.pi,
        "not": xp.astype(xp.logical_not(flag), xp.int64) + i, "true": xp.astype(a, xp.bool) & flag,
        "chosen": xp.where(flag, text, "other"), "joined": text + "/" + text,
        "either": xp.where(flag, 1.0, 2.0),
        "missing": xp.asarray(xp.nan, dtype=xp.float64) * a,
    }  # fmt: skip


PROGRAM = record(everything, fields=SOME, history=[], text=("chosen", "joined"))
KEPT = Program.from_dict(json.loads(as_json(PROGRAM.to_dict())))
ROW = KEPT.compile()


@settings(max_examples=400, deadline=None)
@given(
    a=NUMBERS, b=NUMBERS, i=WHOLE, j=WHOLE, flag=st.booleans(), text=st.sampled_from(["", "x", "é"])
)
@example(a=1.0, b=0.0, i=5, j=0, flag=True, text="x")
@example(a=0.0, b=0.0, i=0, j=0, flag=False, text="")
@example(a=-1.0, b=math.inf, i=-(2**63), j=-1, flag=False, text="")
@example(a=-8.0, b=1 / 3, i=1, j=2, flag=False, text="")
@example(a=0.0, b=-1.0, i=1, j=2, flag=False, text="")
@example(a=-0.0, b=-3.0, i=1, j=2, flag=False, text="")
@example(a=-0.0, b=-0.5, i=1, j=2, flag=False, text="")
@example(a=-1e300, b=3.0, i=1, j=2, flag=False, text="")
@example(a=-1e300, b=2.5, i=1, j=2, flag=False, text="")
@example(a=-math.inf, b=3.0, i=1, j=2, flag=False, text="")
def test_every_operation_is_numpy_s(a, b, i, j, flag, text):
    row = {
        "a": np.array([a]),
        "b": np.array([b]),
        "i": np.array([i]),
        "j": np.array([j]),
        "flag": np.array([flag]),
        "text": np.array([text], dtype=TEXT),
    }
    with np.errstate(all="ignore"):
        expected = compute(everything, row)
    alone = {"a": a, "b": b, "i": i, "j": j, "flag": flag, "text": text}
    found = dict(zip(KEPT.gives, ROW(*(alone[name] for name in KEPT.takes)), strict=True))
    for name, (value,) in ((name, values.tolist()) for name, values in expected.items()):
        close = (
            found[name] == value
            or math.isclose(found[name], value, rel_tol=1e-12)
            or (value != value and found[name] != found[name])
        )
        assert close, f"{name}: NumPy {value!r}, program {found[name]!r}"


NAMES = [declared.name for declared in HISTORY]
FLIGHTS = record(flights, fields=FIELDS, history=NAMES, text=("carrier", "origin", "dest"))
FLIGHTS_ROW = FLIGHTS.compile()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_flights_inputs_are_the_same_on_strange_rows(data):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    history = random.choice([*EDGES, *random.normal(0, 100, 30)], len(NAMES))
    row = {
        "carrier": data.draw(st.sampled_from(["UA", "", "??"])),
        "flight": data.draw(st.integers(1, 9999)),
        "origin": "JFK",
        "dest": data.draw(st.sampled_from(["IAH", ""])),
        "tailnum": "N1",
        "sched_dep": data.draw(st.integers(1_300_000_000, 1_500_000_000)),
        "sched_arr": data.draw(st.integers(1_300_000_000, 1_500_000_000)),
        "distance": data.draw(NUMBERS),
    } | dict(zip(NAMES, history.tolist(), strict=True))
    arrays = {
        name: np.array([value], dtype=TEXT if isinstance(value, str) else None)
        for name, value in row.items()
    }
    with np.errstate(all="ignore"):
        expected = compute(flights, arrays)
    found = FLIGHTS_ROW(*(row[name] for name in FLIGHTS.takes))
    for (name, values), value in zip(expected.items(), found, strict=True):
        (wanted,) = values.tolist()
        same = value == wanted or (wanted != wanted and value != value)
        assert same or math.isclose(value, wanted, rel_tol=1e-9), name


def test_only_what_is_read_is_taken_and_computed_once():
    def function(xp, row):
        xp.exp(row["b"])
        return {"twice": (row["a"] + 1.0) * (row["a"] + 1.0), "again": row["a"] + 1.0}

    program = record(function, fields=SOME, history=[], text=())
    assert program.takes == ("a",)
    assert len(program.steps) == 2


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda xp, row: {"x": xp.cumulative_sum(row["a"])}, "cumulative_sum"),
        (lambda xp, row: {"x": row["a"] if row["flag"] else 0.0}, "use xp.where"),
        (lambda xp, row: {"x": xp.astype(row["a"], "float32")}, "float32"),
        (lambda xp, row: {"x": row["flag"] + row["flag"]}, "use xp.astype"),
        (lambda xp, row: {"x": row["text"] + 1}, "text and numbers"),
        (lambda xp, row: {"x": row["i"] ** 2}, "whole numbers have no power"),
        (lambda xp, row: {"x": row["text"]}, "utf8 can not become float64"),
        (lambda xp, row: {"x": row["a"] * 2**70}, "more than 64 bits"),
        (lambda xp, row: {"x": float(row["a"])}, "use xp.astype"),
    ],
)
def test_what_one_row_can_not_do_as_numpy_does_is_refused(function, why):
    with pytest.raises(TaglineError, match="can not be a program") as refused:
        record(function, fields=SOME, history=[], text=())
    assert why in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": [["__import__", "float64", 0]]},
        {"steps": [["add", "float64", 0, 99]]},
        {"steps": [["add", "float64", 0, {"str": "'); import os; ('"}]], "gives": [["x", 77]]},
        {"steps": [["add", "float64", -1, 0]]},
    ],
)
def test_a_program_that_was_written_by_hand_does_nothing_else(change):
    values = {"takes": ["a"], "steps": [], "gives": [["x", 0]]} | change
    with pytest.raises(TaglineError, match="no program of a row"):
        Program.from_dict(values).compile()
