"""Real runs of the flows that score, watch, train again and replay, on a small table."""

import json
import time

import pandas as pd
import pytest

from tagline.prediction_log.records import Outcome
from tests.candidates import ask, copied, lose
from tests.conftest import LEAN, ROOT
from tests.notebooks.test_notebooks import execute
from tests.serving.server import log_of

MORE = """
[gates]
beat_baselines = false
champion_margin = 1
[contract]
row_change = 1.0
[monitoring]
block_days = 1
resamples = 199
slices = ["town"]
slice_support = 50
[retraining]
"""
RETRAIN = (
    "from tagline.workflows.retraining import retrain\n"
    "from tagline.workflows.standings import open_case\n"
    "case = open_case('small', config='small.toml').case\n"
)
QUIET, EAGER = "on = []\n", "on = ['growth']\ngrowth = 0.01\npromote = true\n"
REPLAY = """
[replay]
first = 2024-02-20
tune_days = 7
test_days = 7
"""


@pytest.fixture
def place(untouched, tmp_path):
    place = copied(untouched, tmp_path / "work")
    configure(place, QUIET)
    ask(place, "promote", "--config", "small.toml")
    return place


def configure(place, policy, more=""):
    (place.folder / "small.toml").write_text(f"{LEAN}{MORE}{policy}{more}")


def flow(place, name, *words, code=0):
    own = ("--config", "small.toml") if name in ("score", "monitor") else ()
    done = place.call(str(ROOT / "flows" / f"{name}.py"), "--no-pylint", *words, *own)
    assert done.returncode == code, done.stdout[-5000:] + done.stderr[-3000:]
    return done.stdout


def watched(place):
    path = place.store / "monitoring" / "small" / "latest.json"
    return json.loads(path.read_text())


def summaries(said):
    ends = (line for line in said.splitlines() if "log loss" in line and "/end/" in line)
    return [line.split("] ")[1] for line in ends]


def later(place, rows):
    """Let rows come that are like those before, with their outcomes."""
    frame = pd.read_csv(place.folder / "rows.csv")
    new = frame.sample(rows, random_state=0).assign(
        id=[f"new{n}" for n in range(rows)],
        at=pd.date_range(frame["at"].max(), periods=rows + 1, freq="3h")[1:].astype(str),
    )
    pd.concat([frame, new]).to_csv(place.folder / "rows.csv", index=False)


@pytest.mark.filterwarnings("default")  # the notebook's kernel warns
def test_the_day_is_scored_once_and_watched_with_its_outcomes(place, monkeypatch):
    said = flow(place, "score", "run", "--since", "2024-03-01")
    assert "rows scored, 0 rejected" in said
    again = flow(place, "score", "run", "--since", "2024-03-01")
    assert "0 rows scored" in again
    flow(place, "score", "run")
    flow(place, "monitor", "run")
    found = watched(place)
    (model,) = found["findings"]
    assert model["rows"] > 200
    assert model["outcomes"] > 200
    assert model["measured"]["roc_auc"]["low"] < model["measured"]["roc_auc"]["value"]
    assert {each["column"] for each in model["movements"]} >= {"field:size", "input:size", "score"}
    assert not found["decision"]["train"]
    page = (place.store / "reports" / "small" / "monitor.html").read_text()
    assert "Is it &lt;b&gt;so&lt;/b&gt;?" in page
    assert "Week by week" in page
    shown = ask(place, "status", "--config", "small.toml")
    assert shown["watched"]["verdict"] == model["verdict"]
    assert execute("04_drift", place, monkeypatch)


@pytest.mark.slow
def test_two_versions_lost_models_and_outcomes_of_nobody_are_told(place):
    flow(place, "score", "run")
    first = ask(place, "status", "--config", "small.toml")["live"][0]["run"]
    # Another model: the same table, another seed.
    config = place.folder / "small.toml"
    config.write_text(config.read_text().replace('name = "small"', 'name = "small"\nseed = 8'))
    assert place.train().returncode == 0
    second = ask(place, "runs")[0]["run"]
    ask(place, "promote", second, "--config", "small.toml")
    flow(place, "score", "run", "--again", "True")
    log_of(place).add(
        [Outcome(time.time_ns(), "q", "anyone", None, own, 1.0, None) for own in ("r5", "nobody")]
    )
    flow(place, "monitor", "run")
    found = watched(place)
    assert [each["run"] for each in found["findings"]] == [second, first]
    assert any("outcomes name no answered row (1)" in note for note in found["notes"])
    # A bundle that is gone takes its section with it, and nothing else.
    lose(place, found["findings"][0]["digest"])
    flow(place, "monitor", "run")
    again = watched(place)
    assert [each["run"] for each in again["findings"]] == [first]
    assert any("is not here" in note for note in again["notes"])


OLDER = """
import json, sys
from pathlib import Path
import onnx
from tagline.bundle.load import GRAPH, Bundle
from tagline.bundle.seal import MANIFEST, seal
from tagline.case.load import load_case
from tagline.workflows import observed as logs

(path,) = Path(".tagline/bundles").iterdir()
files = {f.name: f.read_bytes() for f in path.iterdir() if f.name != MANIFEST}
if sys.argv[1] == "graph":
    graph = onnx.load_from_string(files[GRAPH])
    del graph.metadata_props[:]
    files[GRAPH] = graph.SerializeToString()
else:
    files["profile.json"] = json.dumps(json.loads(sys.argv[1])).encode()
older = seal(files, folder=Path("older")).path
logs.open_bundle = lambda *_: Bundle(older)
seen = logs.LogReader(load_case(Path("small.toml"))).read()
answers = [len(each.rows.p) for each in seen.models.values()]
print(json.dumps({"notes": dict(seen.notes), "answers": answers}))
"""


@pytest.mark.parametrize(
    ("older", "note", "models"),
    [
        ("graph", "inputs can not be computed again: It was sealed before", 1),
        ('{"columns": {"field:size": [1, 2]}}', "Its reference profile has another form", 0),
        pytest.param(
            "{}", "is not here: Its reference profile has another form", 0, marks=pytest.mark.slow
        ),
    ],
)
def test_a_reference_of_an_older_schema_is_told_and_the_rest_is_watched(place, older, note, models):
    flow(place, "score", "run", "--since", "2024-03-01")
    done = place.call("-c", OLDER, older)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert any(note in each for each in found["notes"])
    assert len(found["answers"]) == models
    assert all(found["answers"])


def test_without_traffic_it_says_so(place):
    flow(place, "monitor", "run")
    found = watched(place)
    assert found["findings"] == []
    assert found["decision"] == {
        "train": False,
        "rang": [],
        "why": "The policy never trains again.",
    }


@pytest.mark.slow
def test_what_the_policy_asks_for_is_trained_promoted_and_every_link_is_told(place):
    later(place, 60)
    configure(place, EAGER + "cool_down_days = 1\n")
    flow(place, "score", "run")
    before = ask(place, "status", "--config", "small.toml")["live"][0]["run"]
    # The runs of this folder began today: the policy asks, and the cool-down holds it back.
    held = flow(place, "monitor", "run", "--retrain", "True")
    assert "cool-down" in held
    assert len(ask(place, "runs")) == 4
    said = place.call(
        "-c",
        f"{RETRAIN}print(retrain(case, why='It grew.', by='MonitorFlow/1', promote=True))",
    )
    assert said.returncode == 0, said.stderr[-3000:]
    now = ask(place, "status", "--config", "small.toml")["live"][0]
    assert now["run"] != before
    for link in ("It grew.", "MonitorFlow/1", now["run"]):
        assert link in now["why"]


@pytest.mark.slow
def test_a_training_that_fails_is_loud_and_the_champion_stays(place):
    before = ask(place, "status", "--config", "small.toml")["live"][0]["run"]
    (place.folder / "rows.csv").write_text("id,at\n1,2\n")
    said = place.call(
        "-c",
        f"{RETRAIN}retrain(case, why='It grew.', by='MonitorFlow/1', promote=True)",
    )
    assert said.returncode != 0
    assert "the champion stays" in said.stderr
    assert ask(place, "status", "--config", "small.toml")["live"][0]["run"] == before


@pytest.mark.slow
def test_a_replay_compares_policies_goes_on_where_it_stopped_and_gives_the_same(place):
    policies = place.folder / "policies"
    policies.mkdir()
    (policies / "never.toml").write_text('title = "Never"\n[retraining]\non = []\n')
    (policies / "often.toml").write_text(
        'title = "Often"\n[retraining]\non = ["age"]\nage_days = 10\ncool_down_days = 5\n'
    )
    configure(place, QUIET, REPLAY)
    words = ["--config", "case", "small.toml", "run", "--policy", str(policies)]
    first = flow(place, "replay", *words)
    kept = sorted((place.store / "replays").rglob("2024-*.json"))
    assert len(kept) == 4  # two months of two policies
    told = summaries(first)
    assert len(told) == 2
    stays = {path: path.stat().st_mtime_ns for path in kept[:-1]}
    kept[-1].unlink()
    second = flow(place, "replay", *words)
    assert summaries(second) == told
    assert all(path.stat().st_mtime_ns == time for path, time in stays.items())
    assert kept[-1].exists()
