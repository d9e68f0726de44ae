"""The scheduler: what is due runs, once, whatever is killed; what was missed runs once or not."""

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tagline.case.load import parse_case
from tagline.deploying.keeper import Keeper
from tagline.deploying.plan import Line, due_now, plan
from tagline.deploying.records import Records
from tagline.errors import TaglineError
from tests.conftest import LEAN
from tests.serving.server import eventually

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGLINE_STORE", str(tmp_path / "store"))


def case_of(lines, **more):
    said = "\n".join(f'{flow} = "{line}"' for flow, line in lines.items())
    more = "\n".join(f'{name} = "{value}"' for name, value in more.items())
    return parse_case(f"{LEAN}\n[schedule]\n{more}\n[schedule.cron]\n{said}\n", file="small.toml")


def line(words, flow="monitor"):
    return Line(flow, "* * * * *", None, [sys.executable, "-c", words])


def job(records, words, flow="monitor"):
    command = [sys.executable, "-m", "tagline.deploying.job", records.case, flow]
    return subprocess.Popen([*command, NOON.isoformat(), sys.executable, "-c", words])


def test_lines_are_read_on_their_clocks():
    (found,) = plan(case_of({"monitor": "30 6 * * 1"}, timezone="America/New_York"))
    assert found.next_after(NOON).astimezone(UTC) == datetime(2024, 3, 4, 11, 30, tzinfo=UTC)
    assert found.words[1].endswith("monitor.py")
    assert "--retrain" in found.words


@pytest.mark.parametrize(
    ("weekdays", "days"),
    [
        ("0", "Sun"),
        ("7", "Sun"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("1-5/2", "Mon Wed Fri"),
        ("5-7", "Fri Sat Sun"),
        ("6-1", "Mon Sat Sun"),
        ("mon,3", "Mon Wed"),
        ("*", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_weekdays_are_those_of_cron(weekdays, days):
    (found,) = plan(case_of({"score": f"0 0 * * {weekdays}"}))
    at, seen = NOON, []
    for _ in range(14):
        at = found.next_after(at + timedelta(seconds=1))
        seen.append(f"{at:%a}")
    order = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert sorted(set(seen), key=order.index) == days.split()


WRONG = ({"monitor": "61 * * * *"}, {"monitor": "often"}, {"nap": "* * * * *"}, {})


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_plan_is_a_sentence(wrong):
    with pytest.raises(TaglineError):
        plan(case_of(wrong))


@pytest.mark.parametrize(("missed", "runs"), [("once", True), ("skip", False)])
def test_what_was_missed_runs_once_or_is_skipped(tmp_path, missed, runs):
    records, lines = Records.of("small"), plan(case_of({"score": "0 * * * *"}))
    assert due_now(lines, records, now=NOON, missed=missed) == {}
    later = NOON + timedelta(hours=5, minutes=30)
    found = due_now(lines, records, now=later, missed=missed)
    assert [each.hour for each in found.get("score", [])] == ([13, 14, 15, 16, 17] if runs else [])
    if runs:
        records.seen_to("score", found["score"][-1].isoformat())
    assert due_now(lines, records, now=later, missed=missed) == {}


def test_the_newest_of_what_was_missed_is_what_runs(tmp_path, monkeypatch):
    records, lines = Records.of("small"), plan(case_of({"score": "0 * * * *"}))
    now, started = datetime.now(UTC), []
    records.seen_to("score", (now - timedelta(hours=5)).isoformat())
    monkeypatch.setattr(Keeper, "start", lambda _, line, due: started.append((line.flow, due)))
    Keeper(lines, records, missed="once").catch_up()
    ((flow, due),) = started
    assert flow == "score"
    assert now - due < timedelta(hours=1)


def test_whoever_has_ended_is_let_go_however_many_were_started_since(tmp_path):
    keeper = Keeper([], Records.of("small"), missed="once")
    first = keeper.start(line("import time; time.sleep(1)", flow="score"), NOON)
    keeper.start(line("pass"), NOON)
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
    last = keeper.start(line("pass", flow="snapshot"), NOON)
    assert first.returncode is not None
    last.wait(20)


def test_two_flows_that_are_due_at_one_minute_are_both_seen_to():
    records = Records.of("small")
    flows = [f"flow{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda flow: records.seen_to(flow, NOON.isoformat()), flows))
    assert records.last_due() == dict.fromkeys(flows, NOON.isoformat())


def test_two_of_the_same_never_run_at_once_and_both_are_told(tmp_path):
    records = Records.of("small")
    first = job(records, "import time; time.sleep(3)")
    eventually(lambda: records.is_running("monitor"))
    second = job(records, "print('never')")
    other = job(records, "print('beside')", flow="score")
    assert second.wait(20) == 75
    assert other.wait(20) == 0
    assert first.wait(20) == 0
    states = sorted((each.flow, records.state(each), each.code) for each in records.all())
    assert states == [("monitor", "done", 0), ("monitor", "failed", 75), ("score", "done", 0)]


def test_what_fails_says_why_and_what_is_killed_is_told(tmp_path):
    records = Records.of("small")
    assert job(records, "print('it is broken'); raise SystemExit(3)").wait(20) == 3
    (failed,) = records.all()
    assert (records.state(failed), failed.code) == ("failed", 3)
    assert "it is broken" in failed.said
    killed = job(records, "import time; time.sleep(60)", flow="train")
    eventually(lambda: [each for each in records.all() if each.flow == "train"])
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    newest = next(each for each in records.all() if each.flow == "train")
    # What it was about to start holds its lock too, until it is another program.
    eventually(lambda: records.state(newest) == "cut short")


def test_a_scheduler_that_is_killed_in_the_middle_of_a_run_leaves_it_and_starts_it_not_again(
    tmp_path,
):
    records = Records.of("small")
    script = (
        "import sys; from datetime import datetime, UTC\n"
        "from tagline.deploying.keeper import Keeper\n"
        "from tagline.deploying.records import Records\n"
        "from tagline.deploying.plan import Line\n"
        "words = [sys.executable, '-c', 'import time; time.sleep(3)']\n"
        "records = Records.of('small')\n"
        "keeper = Keeper([], records, missed='once')\n"
        "keeper.start(Line('train', '* * * * *', None, words), datetime.now(UTC))\n"
        "import time; time.sleep(60)\n"
    )
    scheduler = subprocess.Popen([sys.executable, "-c", script])
    eventually(lambda: records.is_running("train"))
    os.kill(scheduler.pid, signal.SIGKILL)
    scheduler.wait()
    assert records.is_running("train")
    again = Keeper([line("print(1)", flow="train")], records, missed="once")
    again.start(again.lines[0], datetime.now(UTC)).wait(20)
    eventually(lambda: not records.is_running("train"))
    codes = sorted(each.code for each in records.all())
    assert codes == [0, 75]


def test_the_command_says_what_ran_and_what_is_next(tmp_path):
    config = tmp_path / "small.toml"
    config.write_text(f'{LEAN}\n[schedule.cron]\nmonitor = "0 6 * * *"\n')
    environment = dict(os.environ)
    records = Records.of("small")
    job(records, "raise SystemExit('no model')").wait(20)
    words = [sys.executable, "-m", "tagline", "schedule", "--config", str(config), "--show"]
    shown = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert "no model" in shown.stdout
    assert "failed" in shown.stdout
    said = subprocess.run(
        [*words, "--json"], env=environment, capture_output=True, text=True, check=True
    )
    found = json.loads(said.stdout)
    assert found["next"][0]["flow"] == "monitor"
    assert found["runs"][0]["state"] == "failed"


@pytest.mark.slow
def test_a_real_minute_comes_and_the_flow_runs(tmp_path):
    config = tmp_path / "small.toml"
    config.write_text(f'{LEAN}\n[schedule.cron]\nmonitor = "* * * * *"\n')
    environment = dict(os.environ)
    words = [sys.executable, "-m", "tagline", "schedule", "--config", str(config)]
    scheduler = subprocess.Popen(words, cwd=tmp_path, env=environment)
    records = Records.of("small")
    try:
        eventually(lambda: [each for each in records.all() if each.ended], seconds=100)
    finally:
        scheduler.terminate()
        scheduler.wait(20)
    assert records.all()[0].flow == "monitor"


def test_whoever_asks_whether_a_flow_runs_keeps_none_from_starting(tmp_path):
    records, stop = Records.of("small"), threading.Event()
    asked = []

    def ask():
        while not stop.is_set():
            asked.append(records.is_running("score"))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for each in threads:
        each.start()
    for _ in range(300):
        with records.alone("score") as free:
            assert free
    stop.set()
    for each in threads:
        each.join()
    assert asked
    assert not records.is_running("score")
