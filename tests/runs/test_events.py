"""On Argo Workflows, a training is asked for by an event; elsewhere nothing is sent."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tagline.case.load import parse_case
from tests.conftest import LEAN


@pytest.fixture
def gateway():
    """Stand in for the webhook of Argo Events, and keep what it is sent."""
    kept = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            kept.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", kept
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def own_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAGLINE_STORE", str(tmp_path / "store"))


def act(url, *, retrain=True, **variables):
    config = parse_case(LEAN, file="none.toml").to_dict()
    said = {"decision": {"train": True, "why": "It hurts."}, "config": config, "case": "small"}
    code = (
        "import json, sys; from tagline.workflows.monitor import act; "
        f"print(act(json.loads(sys.argv[1]), retrain={retrain}, by='MonitorFlow/1'))"
    )
    return run(url, code, json.dumps(said), **variables)


def run(url, code, *words, **variables):
    environment = {**os.environ, "METAFLOW_ARGO_EVENTS_WEBHOOK_URL": url, **variables}
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("retrain", [True, False])
def test_where_it_is_deployed_an_event_is_sent_with_its_reason(gateway, retrain):
    url, kept = gateway
    done = act(url, retrain=retrain, ARGO_WORKFLOW_TEMPLATE="monitor")
    assert "The event that starts a training was sent" in done.stdout
    (event,) = kept
    assert event["name"] == "tagline.retrain.small"
    assert event["payload"]["case"] == "small"
    assert event["payload"]["why"] == "It hurts. Found by MonitorFlow/1."


@pytest.mark.slow
def test_an_event_that_nobody_takes_fails_the_run():
    assert act("http://127.0.0.1:9", ARGO_WORKFLOW_TEMPLATE="monitor").returncode != 0


def test_elsewhere_nothing_is_sent(gateway):
    url, kept = gateway
    assert act(url).returncode != 0  # it looks for the case's config, to train here
    assert kept == []


HAND_OVER = """
import sys
from tagline.workflows.retraining import hand_over
standing, promote, why, new = sys.argv[1:]
said = {"standing": standing, "why": why, "promote": promote == "promote", "new": new == "new"}
print(hand_over("TrainFlow/2", **said))
"""


@pytest.mark.parametrize(
    ("standing", "promote", "why", "new"),
    [
        ("candidate", "promote", "It hurts.", "new"),
        ("candidate", "promote", "It hurts.", "as before"),
        ("rejected", "promote", "It hurts.", "new"),
        ("candidate", "never", "It hurts.", "new"),
        ("candidate", "promote", "", "new"),
    ],
)
def test_what_an_event_had_trained_is_handed_over_where_the_case_allows_it(
    gateway, standing, promote, why, new
):
    url, kept = gateway
    words = (standing, promote, why, new)
    done = run(url, HAND_OVER, *words, ARGO_WORKFLOW_TEMPLATE="trainflow")
    assert done.returncode == 0, done.stderr
    allowed = words == ("candidate", "promote", "It hurts.", "new")
    assert [event["name"] for event in kept] == ["tagline.promote"] * allowed
    if allowed:
        assert kept[0]["payload"]["candidate"] == "TrainFlow/2"
        assert kept[0]["payload"]["why"] == "It hurts. Trained by TrainFlow/2."
