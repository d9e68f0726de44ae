"""The deployment as a flow: approvals are waited for, and servers confirm or it is taken back."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tagline.storage.disk import Disk
from tagline.workflows.servers import Report
from tests.conftest import LEAN, ROOT, Workplace
from tests.lifecycle.conftest import ask
from tests.serving.server import eventually

FLOW = str(ROOT / "flows" / "promote.py")


def promote(place, *words):
    return place.call(FLOW, "--no-pylint", "run", *words)


def champion(place):
    return [each["run"] for each in ask(place, "status")["live"] if each["standing"] == "champion"]


@contextmanager
def server(place, *entries, refuses=0) -> Iterator[None]:
    """Say in the store, as a server does, that it has the model of one entry after the other."""
    left, stop = list(entries), threading.Event()
    refused = {"entry": refuses, "digest": "d" * 64, "why": "it is broken"} if refuses else None

    def say():
        while not stop.wait(0.5):
            has = left.pop(0) if len(left) > 1 else left[0]
            said = Report("one", 1, "host", "http://127.0.0.1:1", has, "", refused, 1.0)
            said.write(Disk(place.store), "small")

    thread = threading.Thread(target=say)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for path in (place.store / "servers").rglob("one-1.json"):
            path.unlink()


def test_the_newest_candidate_is_deployed_step_by_step(candidates):
    place, runs = candidates
    with server(place, *[0] * 40, 1):
        done = promote(place, "--why", "the first")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert f"{runs[-1]} is the champion of small: entry 1" in done.stdout
    assert "one at http://127.0.0.1" in done.stdout
    assert champion(place) == [runs[-1]]
    cards = place.call(FLOW, "--no-pylint", "card", "list", newest(place) + "/promote")
    assert cards.returncode == 0, cards.stderr


@pytest.mark.slow
def test_what_a_server_refuses_is_taken_back(candidates):
    place, runs = candidates
    place.tagline("promote", runs[-1])  # where it is not the champion already
    entries = len(ask(place, "audit"))
    with server(place, entries, refuses=entries + 1):
        done = promote(place, "--candidate", runs[0])
    assert done.returncode != 0
    assert "It was taken back" in done.stdout
    assert f"tagline restore {runs[0]}" in done.stdout
    assert "Traceback" not in done.stdout
    assert champion(place) == [runs[-1]]
    last, before, *_ = ask(place, "audit")
    assert (last["act"], before["act"], before["run"]) == ("rollback", "promote", runs[0])
    assert "it is broken" in last["why"]


def newest(place):
    return sorted((place.folder / ".metaflow" / "PromoteFlow").glob("[0-9]*"))[-1].name


@contextmanager
def promoting(place, run, minutes):
    """Run the flow beside the test, until its promotion stands and servers are asked."""
    with subprocess.Popen(
        [sys.executable, FLOW, "--no-pylint", "run", "--candidate", run, "--wait", str(minutes)],
        cwd=place.folder,
        env=place.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            eventually(lambda: champion(place) == [run], seconds=120)
            yield running
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)


@pytest.mark.slow
def test_only_ones_own_promotion_is_taken_back(fresh):
    place, runs = fresh
    ask(place, "promote", runs[3])
    with server(place, 0), promoting(place, runs[0], 2) as running:
        ask(place, "promote", runs[2])
        said, _ = running.communicate()
    assert running.returncode != 0
    assert f"tester made {runs[2]} the champion" in said
    assert "Nothing was taken back" in said
    assert champion(place) == [runs[2]]


@pytest.mark.slow
def test_killed_while_servers_are_asked_it_goes_on_with_what_stands(fresh):
    place, runs = fresh
    with server(place, 0), promoting(place, runs[0], 5):
        pass
    entries = len(ask(place, "audit"))
    with server(place, entries):
        again = promote(place, "--candidate", runs[0])
    assert again.returncode == 0, again.stdout[-3000:]
    assert "one at http://127.0.0.1" in again.stdout
    assert champion(place) == [runs[0]]
    assert len(ask(place, "audit")) == entries


@pytest.mark.slow
def test_without_a_server_and_without_a_champion_before_it_is_said_what_stands(fresh):
    place, (first, second, *_) = fresh
    with server(place, 0, refuses=1):
        unconfirmed = promote(place, "--candidate", first)
    assert unconfirmed.returncode != 0
    assert "It could not be taken back, and stands" in unconfirmed.stdout
    assert "There was no champion before" in unconfirmed.stdout
    assert champion(place) == [first]
    alone = promote(place, "--candidate", second)
    assert alone.returncode == 0, alone.stdout[-3000:]
    assert "none is running; one that starts takes what stands" in alone.stdout


@pytest.mark.slow
def test_a_server_that_is_silent_is_named_and_nothing_is_taken_back(fresh):
    place, runs = fresh
    with server(place, 0):
        done = promote(place, "--candidate", runs[0])
    assert done.returncode == 0, done.stdout[-3000:]
    assert "one at http://127.0.0.1:1 on host (worker 1) does not have it yet" in done.stdout
    assert champion(place) == [runs[0]]


@pytest.mark.slow
def test_a_gate_that_fails_leaves_its_card_and_its_figures(fresh):
    place, runs = fresh
    ask(place, "promote", runs[0])  # a refusal begins no ledger
    config = place.folder / "hard.toml"
    config.write_text(LEAN + "[gates]\nbeat_baselines = false\nminimum = { roc_auc = 0.9999 }\n")
    done = promote(place, "--candidate", runs[1], "--config", str(config))
    assert done.returncode != 0
    assert "of its gates fail now" in done.stdout
    shown = place.call(FLOW, "--no-pylint", "card", "get", newest(place) + "/start", "card.html")
    assert shown.returncode == 0, shown.stderr
    assert "FAILED" in (place.folder / "card.html").read_text()
    last, *_ = ask(place, "audit")
    assert last["act"] == "refuse"
    assert [gate["passed"] for gate in last["gates"]].count(False) == 1


@pytest.mark.slow
def test_it_waits_for_approvals_by_others(fresh):
    place, runs = fresh
    bob = Workplace(
        place.folder,
        {"METAFLOW_USER": "bob", "TAGLINE_SIGNING_KEY": str(place.folder / "bob.key")},
    )
    keys = {who: ask(each, "whoami")["key"] for who, each in (("bob", bob), ("tester", place))}
    listed = ", ".join(f'{who} = "{key}"' for who, key in keys.items())
    strict = f'[standing]\napprovals = 1\napprovers = ["bob"]\nkeys = {{ {listed} }}\n'
    config = place.folder / "strict.toml"
    config.write_text(LEAN + "[gates]\nbeat_baselines = false\n" + strict)
    lacking = promote(place, "--candidate", runs[1], "--config", str(config))
    assert lacking.returncode != 0
    assert "by others than its author tester: 1; given so far by: nobody" in lacking.stdout
    waiting = subprocess.Popen(
        [
            *(sys.executable, FLOW, "--no-pylint", "run"),
            *("--candidate", runs[1], "--config", str(config), "--wait", "2"),
        ],
        cwd=place.folder,
        env=place.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    ask(bob, "approve", runs[1], "--config", str(config), "--why", "looked at it")
    printed, _ = waiting.communicate()
    assert waiting.returncode == 0, printed[-3000:]
    assert champion(place) == [runs[1]]


@pytest.mark.slow
def test_each_step_is_spun_and_a_run_that_stopped_is_resumed(candidates):
    place, runs = candidates
    done = promote(place, "--candidate", runs[0], "--why", "to look at")
    assert done.returncode == 0, done.stdout[-3000:]
    entries = ask(place, "status")["entries"]
    for step in ("start", "agree", "promote", "end"):
        spun = place.call(FLOW, "--no-pylint", "spin", step)
        assert spun.returncode == 0, f"{step}: {spun.stdout[-3000:]}{spun.stderr[-3000:]}"
    assert ask(place, "status")["entries"] == entries
    (place.folder / "asks.toml").write_text(
        f"{LEAN}[gates]\nbeat_baselines = false\n[standing]\napprovals = 1\n"
    )
    ask(place, "policy", "set", "--config", "asks.toml", "--why", "two look at it")
    lacking = promote(place, "--candidate", runs[1], "--why", "next")
    assert lacking.returncode != 0
    assert "given so far by: nobody" in lacking.stdout
    resumed = place.call(FLOW, "--no-pylint", "resume")
    assert resumed.returncode != 0
    assert "given so far by: nobody" in resumed.stdout
    assert champion(place) == [runs[0]]
