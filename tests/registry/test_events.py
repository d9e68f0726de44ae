"""On Argo Workflows, a training is asked for by an event; elsewhere nothing is sent."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


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


def act(url, **variables):
    said = {"decision": {"train": True, "why": "It hurts."}, "file": "none.toml", "case": "small"}
    code = (
        "import json, sys; from tagline.operations.monitor import act; "
        "print(act(json.loads(sys.argv[1]), retrain=True, by='MonitorFlow/1'))"
    )
    environment = {**os.environ, "METAFLOW_ARGO_EVENTS_WEBHOOK_URL": url, **variables}
    return subprocess.run(
        [sys.executable, "-c", code, json.dumps(said)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_where_it_is_deployed_an_event_is_sent_with_its_reason(gateway):
    url, kept = gateway
    done = act(url, ARGO_WORKFLOW_TEMPLATE="monitor")
    assert "The event that starts a training was sent" in done.stdout
    (event,) = kept
    assert event["name"] == "tagline.retrain"
    assert event["payload"]["case"] == "small"
    assert event["payload"]["why"] == "It hurts. Found by MonitorFlow/1."


def test_an_event_that_nobody_takes_fails_the_run():
    assert act("http://127.0.0.1:9", ARGO_WORKFLOW_TEMPLATE="monitor").returncode != 0


def test_elsewhere_nothing_is_sent(gateway):
    url, kept = gateway
    assert act(url).returncode != 0  # it looks for the case's config, to train here
    assert kept == []
