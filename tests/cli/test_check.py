"""`tagline check` says in seconds what a training would begin with, and what would stop it."""

import json
import sys

import pytest
from typer.testing import CliRunner

from tagline.case.load import parse_case
from tagline.cli import app
from tagline.errors import TaglineError
from tagline.testing import check_features
from tests.data.test_more_than_columns import rows, seen

CONFIG = """
name = "looked"
title = "Is it so?"
features = "{module}"

[table]
source = "rows.csv"
id = "id"
time = "at"
target = "y"
"""
STREAMS = """
[events.visits]
source = "seen.csv"
time = "when"
known = "heard"
key = { town = "place" }

[history]
visits_7d = { count = "visits", window = "7D", bucket = "1h" }
spent_last = { last = "visits", value = "spent", within = "9D" }
"""
SOUND = 'def inputs(xp, row):\n    return {"twice": row["size"] * 2.0}\n'


@pytest.fixture
def config(tmp_path):
    rows().to_csv(tmp_path / "rows.csv", index=False)
    seen().to_csv(tmp_path / "seen.csv", index=False)

    def write(module=SOUND, more=STREAMS):
        name = f"looked_{abs(hash((tmp_path, module)))}"
        (tmp_path / f"{name}.py").write_text(module)
        file = tmp_path / "looked.toml"
        file.write_text(CONFIG.format(module=name) + more)
        return file

    before = list(sys.path)
    yield write
    sys.path[:] = before


def told(config, *words):
    found = CliRunner().invoke(app, ["check", str(config), *words], env={"COLUMNS": "160"})
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.output


def test_it_says_what_is_there(config):
    said = told(config())
    for words in (
        ("town", "string", "3 different"),
        ("visits", "900", "2023-12-20", "town"),
        ("visits_7d", "%", "2023-12-27"),
        ("400 rows in = 400 used",),
        ("the same on columns, of one row and in the graph",),
        ("No earlier decision changes",),
        ("No column seems to know the answer",),
        ("flows/train.py --config case",),
    ):
        assert any(all(word in line for word in words) for line in said.splitlines()), words


def test_scripts_get_plain_data(config):
    said = json.loads(told(config(), "--json"))
    assert said["inputs"]["twice"] == "number"
    assert said["inputs"]["town"] == "text"
    assert {each["name"] for each in said["history"]} == {"visits_7d", "spent_last"}
    assert len(said["holds"]) == 3


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            'return {"x": row["sise"] * 2.0}',
            r"line 2 \(.*\): There is no field 'sise' \(is it 'size'",
        ),
        (
            'if row["size"] > 3:\n        pass',
            r"line 2 .*write xp.where\(condition, yes, no\) instead",
        ),
        ('return {"x": row["size"].fillna(0)}', r"line 2 .*no \.fillna\..*xp\.isnan"),
        ('return {"x": xp.mean(row["size"])}', r"line 2 .*xp\.mean is nothing that a row of one"),
        (
            'return {"x": row["town"].str.lower()}',
            r"line 2 .*A text of a row has no \.str.*strip, lower",
        ),
        ("import nothing_of_that_name\n    return {}", r"line 2 .*No module named 'nothing_of"),
        ('return {"x": (row["size"]', r"line 2 .*This is no Python: '[({]' was never closed"),
        ('return {"x": undefined}', r"line 2 .*NameError: name 'undefined'"),
        (
            'return {"x": row["size"] + row["town"]}',
            r"line 2 .*text and numbers do not go together",
        ),
    ],
)
def test_a_fault_in_a_module_is_a_sentence_with_its_line(config, body, said):
    file = config(f"def inputs(xp, row):\n    {body}\n")
    with pytest.raises(TaglineError, match=said) as caught:
        told(file)
    assert "looked_" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "first", ["import nothing_of_that_name", "1 / 0", "from os import nothing"]
)
def test_a_module_that_can_not_be_imported_is_a_sentence_too(config, first):
    with pytest.raises(TaglineError, match=rf"looked_\d+\.py, line 1 \({first}"):
        told(config(f"{first}\n{SOUND}"))


LEAKY = """
from tagline.history.declare import Events, Last

HISTORY = (Last("usual", Events("own"), "usual", by=("town",)),)


def events(tables):
    own = tables["events.visits"].rename(columns={"place": "town"})
    own["usual"] = own["spent"] - own["spent"].mean()
    return {"own": own.assign(occurred_at=own["heard"], known_at=own["heard"])}
"""


def test_a_stream_that_knows_the_mean_of_all_that_comes_is_found(config):
    file = config(LEAKY)
    with pytest.raises(TaglineError, match="'usual' of an earlier decision changes when"):
        told(file)
    with pytest.raises(AssertionError, match="'usual' of an earlier decision changes when"):
        check_features(file)
    check_features(config())


def test_a_column_that_knows_the_answer_is_told(config, tmp_path):
    rows().assign(refund=lambda r: r["y"] * 5.0).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(TaglineError, match="seems to know the answer: 'refund'"):
        told(config())


def test_features_says_what_each_input_is(config):
    module = SOUND.replace('"twice"', '"one": row["size"] * 0.0 + 1.0,\n        "twice"')
    found = CliRunner().invoke(app, ["features", str(config(module)), "--json"])
    said = {each["name"]: each for each in json.loads(found.output)}
    assert set(said) >= {"twice", "one", "town", "size", "visits_7d", "spent_last"}
    assert said["twice"]["formula"].startswith('row["size"] * 2.0 (looked_')
    assert said["twice"]["formula"].endswith(".py:3)")
    assert said["twice"]["of"] == ["size"]
    assert said["one"]["distinct"] == 1
    assert said["town"]["kind"] == "text"
    assert said["size"]["low"] == rows()["size"].min()
    assert said["size"]["alone"] > 0.8
    assert said["visits_7d"]["full_from"].startswith("2023-12-27")
    (origin,) = said["visits_7d"]["of"]
    assert origin == "visits_7d = Count of visits (by=town, window=7D, bucket=1h)"
    shown = CliRunner().invoke(app, ["features", str(config())], env={"COLUMNS": "200"}).output
    assert "Count of visits" in shown


def test_new_offers_to_put_texts_right_that_differ_by_spaces_or_capitals(tmp_path):
    messy = rows().assign(
        town=lambda r: r["town"].where(r.index % 3 > 0, r["town"].str.upper() + " ")
    )
    messy.to_csv(tmp_path / "messy.csv", index=False)
    file = tmp_path / "messy.toml"
    words = [
        "new",
        "messy",
        "--table",
        str(tmp_path / "messy.csv"),
        "--target",
        "y",
        "--to",
        str(file),
    ]
    assert CliRunner().invoke(app, words).exit_code == 0
    offered = file.read_text()
    assert "town: 6 different, 3 of them another one but for spaces or capitals" in offered
    for line in ('[fields."town"]', "strip = true", "lower = true"):
        offered = offered.replace(f"# {line}", line)
    assert parse_case(offered, file=str(file)).fields["town"].lower


def test_limits_on_the_whole_table_are_not_asked_of_half_of_it(config, tmp_path):
    late = seen().assign(what=lambda e: e["what"].where(e["when"] < "2024-01-25", "new"))
    late.to_csv(tmp_path / "seen.csv", index=False)
    more = STREAMS.replace("[history]", 'where = { what = "new" }\n\n[history]')
    file = config(more=more + "\n[contract]\nmin_rows = 390\n")
    late.to_csv(tmp_path / "seen.csv", index=False)
    assert "No earlier decision changes" in told(file)
