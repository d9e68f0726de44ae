"""Killed, full, slow, flooded: nothing that was answered is lost, and the others are answered."""

import json
import resource
import signal
import socket
import time

import psutil
import pytest

from tagline.prediction_log.frames import frames
from tests.serving.load import Load
from tests.serving.server import eventually, serving

CONFIG = ("--config", "serving.toml")
MOST_BYTES, MOST_ROWS = 3_900_000, 2_000


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_under_load_every_answer_that_was_received_is_in_the_log(place, row, times):
    received = set()
    for _ in range(times):
        with serving(place, *CONFIG) as server, Load(server.port, row) as load:
            time.sleep(0.7)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
        received |= {each.prediction_id for each in load.asked if each.status == 200}
        assert len(load.failed()) <= load.connections
    with serving(place, *CONFIG) as server:
        eventually(lambda: not list(server.log.folder.glob("*.log")))
        logged = server.predictions()["prediction_id"]
        assert received <= set(logged)
        assert logged.is_unique
        for line in server.lines():
            assert "failed" not in line["message"]


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(place, row):
    with serving(place, *CONFIG) as server:
        assert server.post("/v1/predict", row).status == 200
        (segment,) = server.log.folder.glob("*.open")
        limit = segment.stat().st_size + 1_000
        # No file of this process may grow further, which is how a full disk answers.
        pid = server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, before[1]))
        answers = [server.post("/v1/predict", row) for _ in range(20)]
        refused = [answer for answer in answers if answer.status == 503]
        assert refused
        assert answers[-1].status == 503
        assert refused[0].json["detail"].startswith("The log can not be written")
        assert refused[0].headers["retry-after"]
        assert server.post("/v1/explain", row).status == 503
        good = {a.json["prediction_id"] for a in answers if a.status == 200}
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        again = server.post("/v1/predict", row)
        assert again.status == 200
        assert frames(segment.read_bytes()).torn == 0
        assert good | {again.json["prediction_id"]} <= set(server.predictions()["prediction_id"])
        assert server.metric("tagline_log_failures_total") >= len(refused)
        # The limit holds for the lines of the log too, of which one may be cut.
        said = server.errors.read_text()
        assert said.count("/v1/predict: The log can not be written: No space left") == 1


@pytest.mark.parametrize("many", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_slow_clients_do_not_keep_others_waiting(place, row, many):
    head = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with serving(place, *CONFIG) as server:
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(many)]
        for place_, connection in enumerate(slow):
            # Half of them are slow with their headers, half with their bodies.
            connection.sendall(head if place_ % 2 else head + b"Content-Length: 1000\r\n\r\n{")
        with Load(server.port, row, connections=2) as load:
            for _ in range(3):
                for connection in slow:
                    try:
                        connection.send(b"x")
                    except OSError:
                        continue  # it was given up
                time.sleep(0.5)
        assert load.failed() == []
        assert len(load.asked) > 100
        assert process.memory_info().rss - before < 200 * 2**20
        for connection in slow:
            connection.close()


def padded(row):
    """Give as many sound rows as a body may have, in nearly as many bytes."""
    return json.dumps([row] * MOST_ROWS).ljust(MOST_BYTES).encode()


LARGE = {
    "nested": ("/v1/predict", 400, lambda _: b"[" * MOST_BYTES),
    "an unknown field": ("/v1/predict", 422, lambda _: b'{"a":"' + b"x" * MOST_BYTES + b'"}'),
    "wrong rows": ("/v1/predict", 422, lambda row: padded({**row, "size": "large"})),
    "too many rows": ("/v1/predict", 413, lambda _: b"[" + b"{}," * 1_000_000 + b"{}]"),
    "no text": ("/v1/predict", 400, lambda _: b'[{"town":"' + b"\xff" * MOST_BYTES + b'"}]'),
    "too large": ("/v1/predict", 413, lambda _: b"[" * (2 * MOST_BYTES)),
    "answered": ("/v1/predict", 200, padded),
    "wrong to explain": ("/v1/explain", 400, lambda _: b"[" * MOST_BYTES),
    "wrong outcomes": ("/v1/outcomes", 400, lambda _: b"[" * MOST_BYTES),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", LARGE)
def test_large_bodies_do_not_grow_the_memory(place, row, kind):
    page, status, made = LARGE[kind]
    body = made(row)
    with serving(place, *CONFIG) as server:
        process = psutil.Process(server.process.pid)
        for _ in range(10):
            assert server.post(page, body).status == status
        before = process.memory_info().rss
        for _ in range(50):
            assert server.post(page, body).status == status
        # Fewer than a third of the bodies, and a third of what an answer is made of.
        assert process.memory_info().rss - before < 60 * 2**20
        assert server.post("/v1/predict", row).status == 200


def test_it_ends_what_it_began_and_leaves_nothing_behind(place, row):
    with serving(place, *CONFIG) as server:
        with Load(server.port, row) as load:
            eventually(lambda: len(load.asked) > 20)
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(30)
        assert server.process.returncode in (0, -signal.SIGTERM)
        # Whoever was being answered was; only connections without a request were closed.
        assert all(each.status in (200, None) for each in load.asked)
        received = {each.prediction_id for each in load.asked if each.status == 200}
        assert received <= set(server.predictions()["prediction_id"])
        assert not list(server.log.folder.glob("*.open"))
        said = server.errors.read_text()
        assert "Traceback" not in said
    told = (place.store / "servers").rglob("*.json")
    own = (place.folder / ".tagline" / "workers").iterdir()
    left = [each.name for each in (*told, *own)]
    assert not [name for name in left if name.startswith(f"small-{server.process.pid}")]


def test_forgetting_while_it_serves(place, row):
    with serving(place, *CONFIG) as server:
        kept = server.post("/v1/predict", {**row, "town": "kept"}).json["prediction_id"]
        gone = server.post("/v1/predict", {**row, "town": "gone"}).json["prediction_id"]
        server.post("/v1/outcomes", {"prediction_id": gone, "outcome": 1})
        done = place.tagline("forget", "--subject", "gone", *CONFIG, "--json")
        assert done.returncode == 0, done.stderr
        logged = set(server.predictions()["prediction_id"])
        assert kept in logged
        assert gone not in logged
        outcomes = server.outcomes()
        assert outcomes.empty or gone not in set(outcomes["prediction_id"])
        assert server.post("/v1/predict", {**row, "town": "gone"}).status == 200
        assert list((place.store / "log" / "small" / "erasures").glob("*.json"))
