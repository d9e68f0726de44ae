"""What lies in a bundle, and what must not."""

import hashlib
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tagline.bundle.beside import beside
from tagline.bundle.card import card, card_html
from tagline.bundle.profile import LEAST_ROWS, PERSONAL, profile
from tagline.bundle.schema import request_schema
from tagline.columns.field import Field

from .conftest import FACTS, FIELDS, HISTORY


@pytest.fixture(scope="module")
def files(fitted):
    answering = fitted.contents().files()
    return answering | beside(FACTS, json.loads(answering["inputs.json"]))


@pytest.fixture(scope="module")
def schema(files):
    return json.loads(files["schema.json"])


def test_every_part_is_there_and_none_is_pickled(fitted, files):
    assert sorted(set(files) - set(fitted.contents().files())) == [
        "MLmodel",
        "card.html",
        "card.md",
        "provenance.json",
    ]
    assert sorted(fitted.contents().files()) == [
        "booster.ubj",
        "inputs.json",
        "model.onnx",
        "profile.json",
        "program.json",
        "python_env.yaml",
        "requirements.txt",
        "schema.json",
        "scorer.onnx",
    ]
    assert not [name for name, content in files.items() if content.startswith(b"\x80")]


def test_the_same_contents_are_the_same_bytes_in_any_process(fitted):
    script = (
        "import hashlib; from bundle.conftest import Fitted;"
        "files = Fitted().contents().files();"
        "print(*(f'{n} {hashlib.sha256(c).hexdigest()}' for n, c in files.items()), sep='\\n')"
    )
    lines = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    answering = fitted.contents().files().items()
    here = {name: hashlib.sha256(content).hexdigest() for name, content in answering}
    assert dict(line.split() for line in lines.splitlines()) == here


def test_the_graph_takes_the_raw_fields(files):
    graph = onnx.load_from_string(files["model.onnx"]).graph
    onnx.checker.check_model(files["model.onnx"], full_check=True)
    used = {each.name for each in graph.input}
    assert used <= {*(field.name for field in FIELDS), *HISTORY}
    assert [each.name for each in graph.output] == ["probability"]


def test_the_schema_is_one_and_its_example_fits(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(schema["examples"][0], schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("town", "Paris"),
        ("town", None),
        ("stops", 10),
        ("stops", 1.5),
        ("stops", "1"),
        ("paid", 1),
        ("desk", 3),
        ("unknown", 1),
    ],
)
def test_the_schema_refuses(schema, name, value):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(schema["examples"][0] | {name: value}, schema)


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
def test_only_what_is_required_must_be_there(schema, name):
    request = schema["examples"][0] | {"desk": None, "distance": None}
    left = {key: value for key, value in request.items() if key != name}
    if name in ("desk", "distance"):
        jsonschema.validate(left, schema)
        jsonschema.validate(request, schema)
    else:
        with pytest.raises(jsonschema.ValidationError, match="required"):
            jsonschema.validate(left, schema)


def test_an_optional_field_of_few_values_may_be_null():
    fields = [Field("desk", "string", allowed=("a", "b"), required=False)]
    schema = request_schema(fields, title="", example={})
    jsonschema.validate({"desk": None}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"desk": "c"}, schema)


def test_no_file_names_a_person(fitted, files):
    people = fitted.frame["owner"]
    assert people.nunique() > PERSONAL
    assert not [name for name, content in files.items() if b"person " in content]
    assert json.loads(files["profile.json"])["owner"]["distinct"] == len(people)


columns = st.lists(st.one_of(st.floats(allow_infinity=False), st.sampled_from([0.0, 1.0])))


@given(columns)
def test_a_profile_of_numbers_can_be_counted_again(values):
    values = np.asarray(values, dtype=np.float64)
    found = profile({"x": values})["x"]
    own = [int((values == value).sum()) for value in found["values"]]
    rest = values[~np.isin(values, found["values"])]
    if "rare" in found:
        assert found["others"] == int(np.isin(values, found["rare"]).sum())
        assert found["counts"] == own
    else:
        bounds = [-np.inf, *found["edges"], np.inf]
        between = [int(((rest >= low) & (rest < high)).sum()) for low, high in pairwise(bounds)]
        assert found["counts"] == own + between
    assert found["rows"] == sum(found["counts"]) + found.get("others", 0) + found["missing"]


def test_bins_of_many_numbers_are_about_equal():
    found = profile({"x": np.random.default_rng(0).normal(size=1000)})["x"]
    assert len(found["counts"]) == 10
    assert max(found["counts"]) - min(found["counts"]) <= 1


@given(st.lists(st.sampled_from([*(f"c{i}" for i in range(40)), "", "東"])))
def test_a_profile_of_text_accounts_for_every_row(texts):
    found = profile({"x": np.asarray(texts, dtype=np.dtypes.StringDType())})["x"]
    assert found["rows"] == found["missing"] + found["others"] + sum(found["categories"].values())
    assert found["missing"] == texts.count("")
    for text, count in found["categories"].items():
        assert texts.count(text) == count
    kept = min(found["categories"].values(), default=0)
    rest = set(texts) - {*found["categories"], ""}
    assert all(texts.count(t) <= kept or texts.count(t) < LEAST_ROWS for t in rest)


def test_the_card_says_what_a_person_must_know(files):
    text = files["card.md"].decode()
    for said in ("parcels team", "Knows only three towns.", "0.7643", "0.75", "0.78", "b\\|c"):
        assert said in text
    assert "11 quarantined" in text
    assert "with uncommitted changes" in text
    assert "candidate" in text


def test_the_card_as_a_page_shows_html_and_does_not_obey_it(files):
    page = files["card.html"].decode()
    assert "<b>" not in page
    assert "&lt;b&gt;be&lt;/b&gt;" in page
    assert page.count("<table>") == 4


def test_a_card_without_slices_and_limits_is_whole():
    facts = {**FACTS, "slices": [], "case": {**FACTS["case"], "limits": [], "owners": []}}
    text = card(facts)
    assert "## Slices" not in text
    assert "none named" in text
    assert "<h1>" in card_html(text, title="x")


def test_the_requirements_are_those_of_the_run(files):
    listed = files["requirements.txt"].decode().splitlines()
    assert listed[:-1] == ["numpy==2.4.6", "onnxruntime==1.32.0"]
    assert listed[-1].startswith("mlflow==")
    assert yaml.safe_load(files["python_env.yaml"])["dependencies"] == ["-r requirements.txt"]


NEEDED = """
import ast, sys
from importlib.metadata import packages_distributions
from pathlib import Path
import pandas as pd
import tagline.bundle.pyfunc
from tagline.bundle.mlmodel import INFERENCE
known = packages_distributions()
found = set()
for name, module in list(sys.modules.items()):
    if not name.startswith("tagline") or name == "tagline.bundle.mlmodel":
        continue
    for node in ast.parse(Path(module.__file__).read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
asked = {known[name][0] for name in found if name in known}
assert asked | {"tagline"} == set(INFERENCE), (asked, INFERENCE)
assert not {"xgboost", "sklearn", "shap", "metaflow", "lime", "onnx"} & set(sys.modules)
"""


def test_the_requirements_are_what_answering_imports_and_nothing_else():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", NEEDED], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_mlflow_is_told_the_graph_and_every_column(files):
    described = yaml.safe_load(files["MLmodel"])
    assert described["flavors"]["onnx"]["data"] in files
    columns = json.loads(described["signature"]["inputs"])
    assert [each["name"] for each in columns] == [*(field.name for field in FIELDS), *HISTORY]
    types = {each["name"]: each["type"] for each in columns}
    assert (types["town"], types["at"], types["paid"]) == ("string", "any", "boolean")
    required = {each["name"]: each["required"] for each in columns}
    assert required == {field.name: field.required for field in FIELDS} | dict.fromkeys(
        HISTORY, True
    )


def test_the_example_shows_no_row(fitted, schema):
    (example,) = schema["examples"]
    frame = fitted.frame.assign(at=fitted.frame["at"].map(pd.Timestamp.isoformat))
    same = pd.concat([frame[name] == value for name, value in example.items()], axis=1)
    assert not same.all(axis=1).any()
