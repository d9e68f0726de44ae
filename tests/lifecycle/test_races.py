"""Eight processes promote different candidates at once."""

import json

import pytest

from tests.candidates import another
from tests.lifecycle.conftest import ask

RACERS = 8


@pytest.fixture(scope="module")
def crowd(candidates):
    """Give a folder with a candidate for each racer and a first champion."""
    place, runs = candidates
    for number in range(len(runs), RACERS + 1):
        another(place, number)
    return place, [each["run"] for each in reversed(ask(place, "runs"))]


def raced(kind, rounds, ledgers, crowd):
    """Race so many rounds; give what came of each."""
    place, runs = crowd
    done = place.call("-m", "tests.lifecycle.racing", kind, str(rounds), ledgers, *runs)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(lines) == rounds
    return lines


@pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.slow)])
def test_one_wins_and_the_others_are_told_to_whom_they_lost(crowd, ledgers, rounds):
    _, runs = crowd
    for line in raced("promote", rounds, ledgers, crowd):
        (won,) = [result for result in line["told"] if "entry" in result]
        assert won["run"] == won["promoted"] in runs[1:]
        assert (won["entry"], line["found"]["entries"]) == (2, 2)
        lost = [result for result in line["told"] if result is not won]
        assert {result["promoted"] for result in lost} == {*runs[1:]} - {won["run"]}
        assert {result["raised"] for result in lost} == {"Conflict"}
        assert all(f"Lost to {won['run']}" in result["said"] for result in lost)
        assert line["found"] == {
            "ledger": won["run"],
            "tags": [won["run"]],
            "faults": [],
            "entries": 2,
            "acts": [[1, "promote"], [2, "promote"]],
        }


@pytest.mark.parametrize("rounds", [1, pytest.param(200, marks=pytest.mark.slow)])
def test_promotions_rollbacks_and_policies_at_once(crowd, ledgers, rounds):
    """Whoever was told that it is done has an entry, nobody else has one, and one stands."""
    for line in raced("mixed", rounds, ledgers, crowd):
        found, told = line["found"], line["told"]
        assert found["faults"] == []
        assert found["tags"] == [found["ledger"]]
        written = {(each["entry"], each["verb"]) for each in told if "entry" in each}
        after = {tuple(each) for each in found["acts"][2:]}
        assert written == {each for each in after if each[1] != "refuse"}
        # All who would change the champion had seen the same one: one of them can have won.
        crowned = [each for each in told if "entry" in each and each["verb"] != "policy"]
        assert len(crowned) == 1
        assert crowned[0]["run"] == found["ledger"]
        lost = {each["raised"] for each in told if "raised" in each}
        assert lost <= {"Conflict", "Refused"}
