"""A real alert: from drift through Prometheus and Alertmanager to the webhook, which trains."""

import json
import shutil
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import yaml

from deploy.grafana import build
from tests.candidates import ask, copied
from tests.conftest import LEAN, ROOT
from tests.serving.server import eventually, serving

pytestmark = pytest.mark.slow
NOW = pd.Timestamp.now(tz="UTC").floor("h")
CONFIG = """
[gates]
beat_baselines = false
champion_margin = 1
[contract]
row_change = 1.0
[monitoring]
block_days = 1
min_days = 4
resamples = 199
[retraining]
on = ["loss"]
excess = 0.002
cool_down_days = 1
"""


@pytest.fixture
def place(untouched, tmp_path):
    place = copied(untouched, tmp_path / "work")
    (place.folder / "small.toml").write_text(LEAN + CONFIG)
    ask(place, "promote", "--config", "small.toml")
    return place


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def running(words, folder):
    with (folder / f"{words[0].rsplit('/', 1)[-1]}.log").open("w") as log:
        process = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def asked(port, page):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=10) as answer:
        return json.loads(answer.read())


def query(port, text):
    return asked(port, f"/api/v1/query?{urllib.parse.urlencode({'query': text})}")["data"]["result"]


def wrong_answers(place):
    """Put rows with outcomes that the model is wrong about where the batch keeps its answers."""
    rng = np.random.default_rng(0)
    frame = pd.read_csv(place.folder / "rows.csv")
    new = frame.sample(400, random_state=0).assign(
        id=[f"new{n}" for n in range(400)],
        at=pd.date_range(end=NOW, periods=400, freq="1h").astype(str),
    )
    new["y"] = 1 - new["y"].where(rng.random(400) < 0.8, 1 - new["y"])
    pd.concat([frame, new]).to_csv(place.folder / "rows.csv", index=False)


def settings(folder, server, manager, hook):
    (folder / "rules.yml").write_text(
        (ROOT / "deploy" / "prometheus" / "rules.yml").read_text().replace("for: 1m", "for: 1s")
    )
    prometheus = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    prometheus["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    prometheus["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{server}"]}]
    prometheus["alerting"]["alertmanagers"] = [
        {"static_configs": [{"targets": [f"127.0.0.1:{manager}"]}]}
    ]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(prometheus))
    alerts = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alertmanager.yml").read_text())
    alerts["route"]["group_wait"] = "1s"
    alerts["receivers"][1]["webhook_configs"][0]["url"] = f"http://127.0.0.1:{hook}/alerts"
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(alerts))


def test_drift_rings_and_the_webhook_lets_the_monitor_look_again(place):
    assert shutil.which("prometheus"), "install Debian's prometheus and prometheus-alertmanager"
    flows = ROOT / "flows"
    own = ("--config", "small.toml")
    wrong_answers(place)
    since = f"{NOW - pd.Timedelta('30D'):%Y-%m-%d}"
    for name, more in (("score", ("--since", since)), ("monitor", ())):
        done = place.call(str(flows / f"{name}.py"), "--no-pylint", "run", *own, *more)
        assert done.returncode == 0, done.stdout[-3000:]
    prometheus, manager, hook = free_port(), free_port(), free_port()
    records = place.store / "schedule" / "small"
    with serving(place, "--config", "small.toml") as server:
        row = {"at": "2024-03-20T00:00:00Z", "size": 12.5, "town": "a", "noise": 0.25}
        assert server.post("/v1/predict", row).status == 200
        settings(place.folder, server.port, manager, hook)
        words = [sys.executable, "-m", "tagline", "hook", "--config", "small.toml"]
        hooked = subprocess.Popen(
            [*words, "--port", str(hook)], cwd=place.folder, env=place.environment
        )
        with (
            running(
                [
                    "prometheus-alertmanager",
                    "--config.file=alertmanager.yml",
                    "--cluster.listen-address=",
                    f"--web.listen-address=127.0.0.1:{manager}",
                    "--storage.path=alerts",
                ],
                place.folder,
            ),
            running(
                [
                    "prometheus",
                    "--config.file=prometheus.yml",
                    "--storage.tsdb.path=series",
                    f"--web.listen-address=127.0.0.1:{prometheus}",
                ],
                place.folder,
            ),
        ):
            try:
                eventually(lambda: _ringing(prometheus), seconds=60)
                # Every panel's query returns something of this very server.
                for name, (_, panels, which) in build.BOARDS.items():
                    for text in (which, *(each[1] for each in panels)):
                        eventually(lambda q=text: _answered(prometheus, q), seconds=30)
                    assert name
                eventually(lambda: list(records.glob("*.json")), seconds=60)
                eventually(
                    lambda: all(_read(each)["ended"] for each in records.glob("*.json")),
                    seconds=150,
                )
            finally:
                hooked.terminate()
                hooked.wait(20)
    # Two alerts rang at once: the second start finds the lock taken.
    said = next(each for each in map(_read, records.glob("*.json")) if each["code"] != 75)
    assert said["flow"] == "monitor"
    # The runs of this folder began today, so that the cool-down holds the training back.
    assert "above what the answers promised" in said["said"]
    assert "cool-down" in said["said"]


def _read(path):
    return json.loads(path.read_text())


def _ringing(port):
    try:
        rang = query(port, 'ALERTS{alertstate="firing", retrain="true"}')
    except OSError:
        return []
    return rang


def _answered(port, text):
    # What has not happened here (no value was missing, no history) has no series to show.
    lacking = ("tagline_missing_values_total", "tagline_history_age_seconds")
    return query(port, text) or any(name in text for name in lacking)
