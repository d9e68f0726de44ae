"""A promotion and a rollback that are killed before each of their writes."""

import json

import pytest


# tests/lifecycle/test_killed.py kills at each write of one ledger in seconds.
@pytest.mark.slow
@pytest.mark.parametrize("ledgers", ["disk", "s3"], indirect=True)
@pytest.mark.parametrize(("verb", "old", "new"), [("promote", 1, 2), ("rollback", 1, 0)])
def test_a_command_killed_at_any_write_leaves_one_champion_and_can_be_done_again(
    candidates, ledgers, verb, old, new
):
    place, runs = candidates
    done = place.call("-m", "tests.lifecycle.killing", ledgers, verb, *runs[:3])
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(lines) > 10
    *killed, lived = lines
    assert lived["done"]["run"] == runs[new]
    assert {line["after"]["ledger"] for line in killed} == {runs[old], runs[new]}
    for line in lines:
        after, finally_ = line["after"], line["finally"]
        assert after["faults"] == finally_["faults"] == []
        assert after["tags"], "nobody finds no champion"
        assert set(after["tags"]) <= {runs[old], runs[new]}
        assert finally_["ledger"] == runs[new]
        assert finally_["tags"] == [runs[new]]
        finished = line["again"].get("run") == runs[new]
        assert finished or line["again"]["raised"] == "Refused"
