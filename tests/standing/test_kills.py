"""A promotion and a rollback that are killed before each of their writes."""

import json
import shutil

import pytest

from tests.conftest import ROOT, Workplace
from tests.standing.conftest import ask


@pytest.fixture
def two_champions(candidates, tmp_path):
    """Give a folder where the second promotion has been done, its champions, and a candidate."""
    place, runs = candidates
    folder = tmp_path / "work"
    shutil.copytree(place.folder, folder, symlinks=True)
    own = Workplace(folder, {"PYTHONPATH": str(ROOT)})
    for run in runs[:2]:
        ask(own, "promote", run)
    return own, runs


def told(place, *words):
    done = place.call("-m", "tests.standing.killing", *words)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize(("verb", "old", "new"), [("promote", 1, 2), ("rollback", 1, 0)])
def test_a_command_killed_at_any_write_leaves_one_champion_and_can_be_done_again(
    two_champions, verb, old, new
):
    place, runs = two_champions
    lines = told(place, verb, *([runs[new]] if verb == "promote" else []))
    assert len(lines) > 10
    *killed, lived = lines
    assert lived["done"]["run"] == runs[new]
    assert {line["after"]["ledger"] for line in killed} == {runs[old], runs[new]}
    for line in lines:
        after, finally_ = line["after"], line["finally"]
        assert after["faults"] == finally_["faults"] == []
        assert after["ledger"] in {runs[old], runs[new]}
        assert after["tags"], "nobody finds no champion"
        assert set(after["tags"]) <= {runs[old], runs[new]}
        assert finally_["ledger"] == runs[new]
        assert finally_["tags"] == [runs[new]]
        finished = line["again"].get("run") == runs[new]
        assert finished or line["again"]["raised"] == "Refused"
