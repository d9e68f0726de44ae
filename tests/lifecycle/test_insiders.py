"""What someone with a key, or with the store, tries from their own machine; on real runs."""

import json
import shutil
from pathlib import Path

import pytest

from tests.candidates import lose
from tests.conftest import LEAN, ROOT, Workplace
from tests.lifecycle.conftest import ask
from tests.lifecycle.test_verbs import champions, standing, tag

GATES = "[gates]\nbeat_baselines = false\n"


def someone(place, name):
    """Give the same folder to another person, with another key."""
    own = {"METAFLOW_USER": name, "TAGLINE_SIGNING_KEY": str(place.folder / f"{name}.key")}
    return Workplace(place.folder, place.variables | own)


def strict(place, *people, approvals=0, **more):
    keys = {each.environment["METAFLOW_USER"]: ask(each, "whoami")["key"] for each in people}
    listed = ", ".join(f'{who} = "{key}"' for who, key in keys.items())
    lines = "".join(f"{name} = {json.dumps(each)}\n" for name, each in more.items())
    config = place.folder / "strict.toml"
    config.write_text(
        f"{LEAN}{GATES}[standing]\napprovals = {approvals}\n{lines}keys = {{ {listed} }}\n"
    )
    return str(config)


@pytest.mark.slow
def test_rules_are_in_the_ledger_whatever_config_is_named(fresh):
    place, runs = fresh
    bob, eve = someone(place, "bob"), someone(place, "eve")
    config = strict(
        place, place, bob, approvals=1, approvers=["bob"], promoters=["tester"], reason=True
    )
    ask(bob, "approve", runs[0], "--config", config, "--why", "looked")
    ask(place, "promote", runs[0], "--config", config, "--why", "the first")
    # The run's own config asks for nothing, and changes nothing.
    for who, words, said in (
        (bob, ("promote", runs[1], "--why", "x"), "bob may not promote"),
        (place, ("promote", runs[1], "--why", "x"), "Approvals asked for"),
        (place, ("promote", runs[1]), "asks for a reason"),
        (place, ("challenge", runs[1], "--share", "99", "--why", "x"), "Approvals asked for"),
        (eve, ("rollback", "--to", runs[0], "--why", "x"), "belongs to nobody who may"),
    ):
        told = ask(who, *words, code=3)["error"]
        assert said in told["what"]
    found = ask(place, "status")
    assert found["live"][0]["run"] == runs[0]
    assert any(each.startswith("approvals: 1 stands, 0 is proposed") for each in found["policy"])
    # A key that someone trusts on their own machine is nobody's to the others.
    trusting = Workplace(
        eve.folder, eve.variables | {"TAGLINE_TRUSTED_KEYS": str(place.folder / "own")}
    )
    (place.folder / "own").write_text(ask(eve, "whoami")["key"])
    ask(trusting, "rollback", "--to", runs[0], "--why", "x", code=3)
    assert ask(place, "audit", "--verify") == []


@pytest.mark.slow
def test_a_policy_is_changed_by_the_people_it_names(fresh):
    place, runs = fresh
    bob = someone(place, "bob")
    config = strict(place, place, bob, approvals=1, promoters=["tester"])
    ask(bob, "approve", runs[0], "--config", config)
    ask(place, "promote", runs[0], "--config", config)
    assert ask(place, "policy", "set", code=3)["error"]["what"].startswith("Approvals asked for")
    proposed = ask(place, "policy", "propose", "--why", "we trust each other")["entry"]["run"]
    (waiting,) = ask(place, "policy", "show")["waiting"]
    assert (waiting["name"], waiting["by"]) == (proposed, "tester")
    assert "Whoever made" in ask(place, "approve", proposed, code=3)["error"]["what"]
    ask(bob, "approve", proposed)
    ask(place, "policy", "set", proposed)
    shown = ask(place, "policy", "show")
    assert (shown["stands"]["approvals"], shown["stands"]["open"]) == (0, True)
    assert shown["waiting"] == shown["proposes"] == []
    ask(someone(place, "cyd"), "promote", runs[1])
    assert place.tagline("policy", "show").stdout.count("\n") > 5


@pytest.mark.slow
def test_a_colleague_with_a_key_of_their_own_works_beside(fresh):
    place, runs = fresh
    ask(place, "promote", runs[0])
    bob = someone(place, "bob")
    for words in (("status",), ("candidates",), ("audit", "--verify"), ("promote", runs[1])):
        ask(bob, *words)
    assert champions(place) == [runs[1]]
    assert bob.train().returncode == 0
    theirs = ask(bob, "runs")[0]["run"]
    ask(place, "promote", theirs)
    people = ask(place, "policy", "show")["stands"]["people"]
    assert set(people) == {"tester", "bob"}
    thief = Workplace(
        place.folder, place.variables | {"TAGLINE_SIGNING_KEY": str(place.folder / "thief.key")}
    )
    # Who acts is a key: another one under the same name is somebody else, and shown as such.
    other = ask(thief, "whoami")
    assert other["name"] == f"tester ({other['key'][:8]})"
    assert ask(thief, "rollback")["entry"]["who"] == other["name"]
    assert ask(place, "audit", "--verify") == []


@pytest.mark.slow
def test_a_lost_champion_locks_nothing(fresh):
    place, runs = fresh
    # A candidate with a bundle of its own.
    config = place.folder / "small.toml"
    config.write_text(config.read_text().replace('name = "small"', 'name = "small"\nseed = 8'))
    assert place.train().returncode == 0
    other = ask(place, "runs")[0]["run"]
    ask(place, "promote", runs[0])
    digest = ask(place, "show", runs[0])["bundle"]["digest"]
    lose(place, digest)
    flow, identity = runs[0].split("/")
    shutil.rmtree(place.folder / ".metaflow" / flow / identity)
    (fault,) = ask(place, "status", code=5)["faults"]
    assert "is gone" in fault
    assert "tagline promote RUN --why" in fault
    done = place.train()
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Not possible, because the champion's bundle can not be used" in done.stdout
    told = ask(place, "promote", other, code=3)["error"]
    assert "can not be compared" in told["what"]
    ask(place, "promote", other, "--why", "the champion is lost")
    assert champions(place) == [other]
    assert ask(place, "status")["faults"] == []


def test_no_tag_is_believed(fresh):
    place, runs = fresh
    ask(place, "promote", runs[0])
    ask(place, "retire", runs[3])
    tag(place, runs[3], "add_tag", "candidate")
    tag(place, runs[1], "remove_tag", "case:small")
    tag(place, runs[1], "add_tag", "champion")
    tag(place, runs[2], "add_tag", "bundle:another")
    assert [each["run"] for each in ask(place, "candidates")] == [runs[2], runs[1]]
    faults = ask(place, "status", code=5)["faults"]
    assert {run for run in runs for fault in faults if run in fault} == {*runs[1:]}
    assert len(ask(place, "reconcile")) == 3
    assert ask(place, "status")["faults"] == []
    assert champions(place) == [runs[0]]


@pytest.mark.slow
def test_an_edited_tag_makes_no_old_change_a_new_one(fresh):
    place, runs = fresh
    for run in runs[:2]:
        ask(place, "promote", run)
    ask(place, "rollback")
    for words, said in (
        (("rollback", "--to", runs[3]), "never been the champion"),
        (("rollback",), "rolled back already"),
        (("rollback", "--to", runs[0]), "champion already"),
    ):
        tag(place, runs[2], "add_tag", "champion")
        assert said in ask(place, *words, code=3)["error"]["what"]
    assert standing(place)["champion"] == runs[0]


READ_ONLY = """
import errno, os
really = {name: getattr(os, name) for name in ("open", "mkdir", "rename", "replace", "utime")}
import builtins
reading = builtins.open

def refuse(path):
    if "/PLACE/" in str(path) + "/":
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

def open_(path, flags, *args, **options):
    if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
        refuse(path)
    return really["open"](path, flags, *args, **options)

def opened(file, mode="r", *args, **options):
    if set(mode) & set("wax+"):
        refuse(file)
    return reading(file, mode, *args, **options)

import io
os.open, builtins.open, io.open = open_, opened, opened


def mkdir(path, *args, **options):
    if not os.path.isdir(path):
        refuse(path)
    return really["mkdir"](path, *args, **options)

os.mkdir = mkdir
"""


def read_only(place, folder, hidden):
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(READ_ONLY.replace("PLACE", hidden))
    return Workplace(place.folder, place.variables | {"PYTHONPATH": f"{folder}:{ROOT}"})


@pytest.mark.slow
def test_where_tags_can_not_be_written_the_entry_stands_and_that_is_said(fresh, tmp_path):
    place, runs = fresh
    for run in runs[:2]:
        ask(place, "promote", run)
    broken = read_only(place, tmp_path / "broken", ".metaflow/TrainFlow")
    done = broken.tagline("rollback")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "could not follow" in done.stdout
    assert standing_of(place) == runs[0]
    ask(place, "reconcile")
    assert champions(place) == [runs[0]]


def standing_of(place):
    done = place.tagline("status", "--json")
    return json.loads(done.stdout)["live"][0]["run"]


@pytest.mark.slow
def test_where_nothing_can_be_written_everything_can_be_read(fresh, tmp_path):
    place, runs = fresh
    ask(place, "promote", runs[0])
    shutil.rmtree(place.folder / ".tagline" / "seen")
    broken = read_only(place, tmp_path / "broken", place.folder.name)
    found = ask(broken, "status")
    assert found["live"][0]["run"] == runs[0]
    assert any("can not be kept" in note for note in found["notes"])
    for words in (("candidates",), ("audit", "--verify"), ("policy", "show"), ("show", runs[0])):
        ask(broken, *words)
    told = ask(broken, "promote", runs[1], code=1)["error"]
    assert "Read-only file system" in told["what"]


@pytest.mark.slow
def test_metaflows_service_that_is_down_is_one_sentence(fresh):
    place, _ = fresh
    down = {
        "METAFLOW_DEFAULT_METADATA": "service",
        "METAFLOW_SERVICE_URL": "http://127.0.0.1:9",
        "METAFLOW_SERVICE_RETRY_COUNT": "1",
    }
    done = Workplace(place.folder, place.variables | down).tagline("status")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.slow
def test_the_ledger_alone_can_be_audited_and_verified_without_tagline(fresh, tmp_path):
    place, runs = fresh
    for run in runs[:3]:
        ask(place, "promote", run)
    ask(place, "promote", runs[2], code=3)
    alone = Workplace(tmp_path / "alone", place.variables)
    shutil.copytree(
        place.store / "ledger",
        alone.store / "ledger",
    )
    assert len(ask(alone, "audit")) == 4
    assert ask(alone, "audit", "--verify") == []
    for name in ("ledger.jsonl", "ledger.csv"):
        done = alone.tagline("audit", "--export", name)
        assert done.returncode == 0, done.stderr
    assert (alone.folder / "ledger.csv").read_text().startswith("number,sha256,void,at,who,act")
    script = str(ROOT / "docs" / "verify_ledger.py")
    sound = alone.call(script, "ledger.jsonl")
    assert (sound.returncode, sound.stdout) == (0, "What counts of the ledger is sound.\n")
    content = (alone.folder / "ledger.jsonl").read_text()
    changed = alone.folder / "changed.jsonl"
    for old, new in (("tester", "nobody"), ('"number": 2', '"number": 9')):
        changed.write_text(content.replace(old, new, 3))
        assert alone.call(script, changed.name).returncode == 1


@pytest.mark.slow
def test_the_audit_is_whole_in_json_and_shows_no_codes(fresh):
    place, runs = fresh
    for turn in range(25):
        ask(place, "promote", runs[0], code=3 if turn else 0)
    assert len(ask(place, "audit")) == 25
    ask(place, "challenge", runs[1], "--share", "5", "--why", "\x1b[31mred\x07")
    for words in (("audit",), ("status",)):
        said = place.tagline(*words).stdout
        assert "\x1b[31m" not in said
        assert "\x07" not in said


@pytest.mark.slow
def test_first_promotions_of_a_case_without_gates_say_that_nothing_was_asked(fresh):
    place, runs = fresh
    assert "No gate is asked again" in place.tagline("promote", runs[0]).stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"), [("tagline promote Train", 4), ("tagline rollback --to Train", 2)]
)
def test_runs_are_completed(fresh, words, expected):
    place, runs = fresh
    for run in runs[:2]:
        ask(place, "promote", run)
    asked = {"_TAGLINE_COMPLETE": "complete_bash", "COMP_WORDS": words}
    completing = Workplace(
        place.folder, place.variables | asked | {"COMP_CWORD": str(words.count(" "))}
    )
    done = completing.call("-m", "tagline")
    assert len(set(runs) & set(done.stdout.split())) == expected


def test_notebooks_and_programs_ask_the_ledger(fresh):
    place, runs = fresh
    code = (
        "import tagline; live = tagline.champion('small'); "
        "print(live.run.pathspec, live.bundle.digest, [e.share for e in tagline.challengers()])"
    )
    lacking = place.call("-c", code)
    assert "There are 0 cases with entries" in lacking.stderr or "no champion" in lacking.stderr
    ask(place, "promote", runs[0])
    ask(place, "challenge", runs[1], "--share", "7")
    tag(place, runs[2], "add_tag", "champion")
    done = place.call("-W", "ignore", "-c", code)
    assert done.returncode == 0, done.stderr
    run, digest, share = done.stdout.split(maxsplit=2)
    assert (run, share.strip()) == (runs[0], "[7]")
    assert Path(place.folder / ".tagline" / "bundles" / digest).is_dir()
