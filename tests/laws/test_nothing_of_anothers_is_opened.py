"""Verbs believe a run's signed record, and open nothing of what its author gave Metaflow."""

import gzip
import json
import pickle
from pathlib import Path

import pytest

from tests.candidates import ask, copied
from tests.conftest import ROOT, Workplace


class Bomb:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.fixture
def fresh(untouched, tmp_path):
    place = copied(untouched, tmp_path / "work")
    return place, [each["run"] for each in reversed(ask(place, "runs"))]


def test_no_verb_opens_what_an_author_can_rewrite(fresh, tmp_path):
    """Artifacts, `_success` and exceptions among them."""
    place, runs = fresh
    mark = tmp_path / "opened"
    bomb = gzip.compress(pickle.dumps(Bomb(mark)))
    written = 0
    for path in (place.folder / ".metaflow" / "TrainFlow" / "data").rglob("*"):
        if path.is_file() and not path.name.endswith("_meta"):
            path.chmod(0o644)
            path.write_bytes(bomb)
            written += 1
    assert written > 20
    before = ask(place, "show", runs[0])["bundle"]["digest"]
    assert ask(place, "promote", runs[0])["entry"]["bundle"] == before
    for words in (
        *(("runs",), ("status",), ("candidates",), ("show", runs[1]), ("audit", "--verify")),
        *(("policy", "show"), ("whoami",), ("promote", runs[1]), ("rollback",), ("gc",)),
        *(("challenge", runs[2], "--share", "5"), ("retire", runs[2]), ("reconcile",)),
    ):
        ask(place, *words)
    assert not mark.exists()


def test_a_record_that_was_rewritten_is_void_and_its_run_is_promoted_by_nobody(fresh):
    place, runs = fresh
    file = place.store / "runs" / "small" / f"{runs[0].split('/')[1]}.json"
    said = json.loads(file.read_bytes())
    file.chmod(0o644)
    file.write_text(json.dumps({**said, "digest": "0" * 64}))
    told = ask(place, "promote", runs[0], code=1)["error"]
    assert "not as its author signed it" in told["what"]
    assert any(
        "not as its author signed it" in each for each in ask(place, "status", code=5)["faults"]
    )
    assert [each["run"] for each in ask(place, "candidates")] == runs[:0:-1]


@pytest.mark.parametrize(
    "words",
    [
        ("reconcile",),
        *(
            pytest.param((each,), marks=pytest.mark.slow)
            for each in ("status", "runs", "promote", "gc")
        ),
    ],
)
def test_a_store_to_which_no_run_here_belongs_is_refused(fresh, tmp_path, words):
    """As where `$TAGLINE_STORE` was forgotten: by an empty ledger no champion would stand."""
    place, runs = fresh
    ask(place, "promote", runs[0])
    other = Workplace(place.folder, place.variables | {"TAGLINE_STORE": str(tmp_path / "other")})
    told = ask(other, *words, code=1)["error"]
    assert "The runs here belong to the store" in told["what"]
    assert "TAGLINE_STORE" in told["todo"]
    assert not (tmp_path / "other").exists()
    assert ask(place, "status")["live"][0]["run"] == runs[0]


def test_an_empty_ledger_takes_no_tag_away_and_no_refusal_begins_one(fresh, tmp_path):
    place, runs = fresh
    ask(place, "promote", runs[0])
    apart = {"TAGLINE_LEDGER": str(tmp_path / "ledger"), "TAGLINE_HOME": str(tmp_path / "home")}
    other = Workplace(place.folder, place.variables | apart)
    told = ask(other, "reconcile", code=1)["error"]
    assert "this ledger has no entry" in told["what"]
    ask(other, "rollback", code=3)
    assert not (tmp_path / "ledger").exists()
    assert ask(place, "status")["faults"] == []


PROFILE = """
import os
from tagline.storage.place import location
print(location())
"""


def test_a_profile_of_metaflow_means_one_store_in_every_folder(tmp_path):
    """What Metaflow itself finds, and not only the environment."""
    (tmp_path / "profiles").mkdir()
    said = {"METAFLOW_DATASTORE_SYSROOT_LOCAL": str(tmp_path / "root")}
    (tmp_path / "profiles" / "config_team.json").write_text(json.dumps(said))
    variables = {
        "METAFLOW_PROFILE": "team",
        "METAFLOW_HOME": str(tmp_path / "profiles"),
        "PYTHONPATH": str(ROOT),
    }
    found = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        done = Workplace(tmp_path / name, variables).call("-c", PROFILE)
        assert done.returncode == 0, done.stderr
        found.add(done.stdout.strip())
    assert found == {str(tmp_path / "root" / ".metaflow" / "mf.tagline")}


@pytest.mark.parametrize(
    "variables", [{"METAFLOW_DEFAULT_METADATA": "service"}, {"ARGO_WORKFLOW_TEMPLATE": "x"}]
)
def test_where_others_see_the_runs_and_not_the_store_it_says_which_line_to_set(tmp_path, variables):
    place = Workplace(tmp_path, {"PYTHONPATH": str(ROOT), **variables})
    done = place.call("-m", "tagline", "status")
    assert done.returncode == 1
    assert "Set TAGLINE_STORE to a folder" in done.stderr
    assert "Traceback" not in done.stderr
