"""The verbs on real runs, from the first promotion on; each test goes on from the last."""

import shutil
import subprocess
import sys

import pytest

from tests.candidates import changed, damaged, object_of
from tests.conftest import LEAN
from tests.lifecycle.conftest import ask
from tests.notebooks.test_notebooks import execute

CHAMPIONS = """
from metaflow import Flow, namespace
namespace(None)
print(*[run.pathspec for run in Flow("TrainFlow").runs("champion")])
"""


def champions(place):
    done = place.call("-c", CHAMPIONS)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


TAG = """
import sys
from metaflow import Run
run, change, name = sys.argv[1:]
getattr(Run(run, _namespace_check=False), change)(name)
"""


def tag(place, run, change, name):
    done = place.call("-c", TAG, run, change, name)
    assert done.returncode == 0, done.stderr


def standing(place):
    return {each["standing"]: each["run"] for each in ask(place, "status")["live"]}


COMPARED = """
from pathlib import Path
from tagline.case.load import parse_case
from tagline.workflows.champion import champion_bundle

bundle, why_not = champion_bundle(parse_case(Path("small.toml").read_text(), file="small.toml"))
assert (bundle is None) == bool(why_not)
print(why_not)
"""


def why_not_compared(place):
    """Give what the next training is told of a champion that it can not be compared with."""
    done = place.call("-W", "ignore", "-c", COMPARED)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_a_promotion_there_is_no_champion_and_no_fault(candidates):
    place, runs = candidates
    assert ask(place, "status")["live"] == []
    assert [each["run"] for each in ask(place, "candidates")] == runs[::-1]
    assert [each["run"] for each in ask(place, "candidates", "--most", "1")] == [runs[-1]]
    few = place.tagline("candidates", "--most", "2").stdout
    assert few.startswith(f"Candidates: the newest 2 of {len(runs)}")
    assert place.tagline("status").stdout.startswith("small: what stands")


def test_the_newest_candidate_is_promoted_where_none_is_named(candidates):
    place, runs = candidates
    entry = ask(place, "promote", "--why", "the first")["entry"]
    assert (entry["number"], entry["run"], entry["who"]) == (1, runs[-1], "tester")
    assert champions(place) == [runs[-1]]
    (live,) = ask(place, "status")["live"]
    assert (live["run"], live["why"], live["share"]) == (runs[-1], "the first", 100)


def test_the_next_one_is_judged_beside_the_champion_and_replaces_it(candidates):
    place, runs = candidates
    entry = ask(place, "promote", runs[0])["entry"]
    assert any("champion" in gate["name"] for gate in entry["gates"])
    assert champions(place) == [runs[0]]
    assert [each["run"] for each in ask(place, "candidates")] == [runs[2], runs[1]]


def test_a_rollback_is_one_command_and_not_done_twice(candidates):
    place, runs = candidates
    ask(place, "rollback", "--why", "too many alarms")
    assert champions(place) == [runs[-1]]
    twice = place.tagline("rollback")
    assert twice.returncode == 3
    assert "rolled back already" in twice.stderr
    ask(place, "rollback", "--to", runs[0].split("/")[1])
    assert champions(place) == [runs[0]]


def test_a_challenger_gets_its_share(candidates):
    place, runs = candidates
    ask(place, "challenge", runs[1], "--share", "10")
    live = {each["run"]: each["share"] for each in ask(place, "status")["live"]}
    assert live == {runs[0]: 90, runs[1]: 10}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("promote", "{champion}"), 3, "It is the champion already"),
        (("promote", "{retired}"), 3, "rollback --to"),
        (("promote", "TrainFlow/1"), 3, "There is no run 'TrainFlow/1'"),
        (("promote", "{other}", "--case", "other"), 3, "Cases with runs: small"),
        (("retire", "{champion}"), 3, "It is the champion already"),
        (("challenge", "{other}", "--share", "95"), 3, "is not possible"),
        (("rollback", "--to", "{other}"), 3, "never been the champion"),
        (("status", "--case", "nothing"), 3, "Cases with runs: small"),
    ],
)
def test_what_can_not_be_is_one_sentence_and_an_exit_code(candidates, words, code, said):
    place, runs = candidates
    names = {"champion": runs[0], "retired": runs[3], "other": runs[2]}
    done = place.tagline(*(word.format(**names) for word in words))
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    told = ask(place, *(word.format(**names) for word in words), code=code)["error"]
    assert said in f"{told['what']} {told['todo']}"
    assert told["exit_code"] == code


def test_refusals_are_in_the_audit(candidates):
    place, _ = candidates
    refused = [entry for entry in ask(place, "audit", "--most", "99") if entry["act"] == "refuse"]
    assert any("It is the champion already" in entry["refused"] for entry in refused)


def test_tags_that_were_edited_by_hand_are_reported_and_put_right(candidates):
    place, runs = candidates
    tag(place, runs[2], "add_tag", "champion")
    tag(place, runs[1], "remove_tag", "challenger")
    faults = ask(place, "status", code=5)["faults"]
    assert len(faults) == 2
    assert {runs[1], runs[2]} == {run for run in runs for fault in faults if run in fault}
    assert len(ask(place, "reconcile")) == 2
    assert champions(place) == [runs[0]]
    assert ask(place, "status")["faults"] == []
    assert ask(place, "reconcile") == []


def digest_of(place, run):
    return ask(place, "show", run)["bundle"]["digest"]


def test_a_bundle_that_was_changed_at_hand_is_fetched_again(candidates):
    place, runs = candidates
    file = place.folder / ".tagline" / "bundles" / digest_of(place, runs[0]) / "model.onnx"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert ask(place, "status")["faults"] == []
    assert file.read_bytes() == content


def test_a_champion_whose_bundle_was_changed_is_reported_and_nothing_is_guessed(candidates):
    place, runs = candidates
    with damaged(place, digest_of(place, runs[0])):
        (first, *_) = ask(place, "status", code=5)["faults"]
        assert "it was changed" in first
        refused = place.tagline("promote", runs[2])
        assert refused.returncode == 3
        assert "it was changed" in refused.stderr
        assert place.tagline("rollback", "--to", runs[3]).returncode == 3
    assert standing(place)["champion"] == runs[0]


def test_a_champion_whose_bundle_is_gone_is_reported_and_stays(candidates):
    place, runs = candidates
    digest = digest_of(place, runs[0])
    shutil.rmtree(place.folder / ".tagline" / "bundles" / digest)
    with changed(object_of(place, digest)):
        (first, *_) = ask(place, "status", code=5)["faults"]
        assert f"The bundle {digest[:12]} of {runs[0]} is gone" in first
        assert "or replace it: tagline promote RUN --why" in first
        assert place.tagline("reconcile").returncode == 1
        assert "is gone" in why_not_compared(place)
    assert why_not_compared(place) == ""
    assert champions(place) == [runs[0]]
    assert ask(place, "status")["faults"] == []


def test_a_notebook_compares_champion_and_challenger(candidates, monkeypatch):
    place, _ = candidates
    assert len(execute("03_champion_against_challenger", place, monkeypatch)) >= 2


def test_the_audit_finds_the_entry_that_was_changed(candidates):
    place, _ = candidates
    assert ask(place, "audit", "--verify") == []
    file = place.store / "ledger" / "small" / "000" / "000002.json"
    content = file.read_text()
    file.write_text(content.replace('"tester"', '"nobody"'))
    fault, *rest = ask(place, "audit", "--verify", code=5)
    assert fault["entry"] == 2
    # What rested on it is void too: a rollback to a run that, without it, was never champion.
    assert all("never been the champion" in each["what"] for each in rest)
    file.write_text(content)
    assert ask(place, "audit", "--verify") == []


def test_a_run_that_was_deleted_is_reported(candidates):
    place, runs = candidates
    flow, identity = runs[0].split("/")
    folder = place.folder / ".metaflow" / flow / identity
    aside = place.folder / "aside"
    folder.rename(aside)
    try:
        (fault,) = ask(place, "status", code=5)["faults"]
        assert fault.startswith(f"The run {runs[0]} is gone.")
        assert why_not_compared(place) == "", "its bundle is enough to compare with"
    finally:
        aside.rename(folder)


def test_the_shell_completes_runs(candidates):
    place, runs = candidates
    environment = place.environment | {
        "_TAGLINE_COMPLETE": "complete_bash",
        "COMP_WORDS": "tagline retire TrainFlow/",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tagline"],
        cwd=place.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(runs) <= set(done.stdout.split())


@pytest.mark.slow
def test_a_run_of_another_case_is_refused_and_that_is_recorded(candidates):
    place, runs = candidates
    place.tagline("promote", runs[0])  # a refusal begins no ledger
    (place.folder / "other.toml").write_text(LEAN.replace('"small"', '"other"'))
    assert place.train(case="other.toml").returncode == 0
    other = ask(place, "runs")[0]["run"]
    refused = place.tagline("promote", other, "--case", "small")
    assert refused.returncode == 3
    assert "a run of the case 'other', not of 'small'" in refused.stderr
    last, *_ = ask(place, "audit", "--case", "small")
    assert (last["act"], last["run"]) == ("refuse", other)
    assert "There are 2 cases with runs: other, small." in place.tagline("status").stderr
