"""What goes wrong around a server is told, counted and survived: workers, keys, counts, S3."""

import os
import shutil
import signal
import socket
import threading
import time

import pytest

from tagline.predictions.segment import Segment
from tests.conftest import Workplace
from tests.serving.server import children, eventually, serving

CONFIG = ("--config", "serving.toml")


def add(place, name, *words):
    done = place.tagline("keys", "add", name, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def told(server, word):
    return [each for each in server.lines() if word in each["message"]]


def states(place):
    (folder,) = (
        each for each in (place.folder / ".tagline" / "servers").iterdir() if each.is_dir()
    )
    return folder


@pytest.fixture(scope="module")
def pair(place):
    keys = place.folder / ".tagline" / "keys.json"
    secrets = {"all": add(place, "root", "--scope", "admin")}
    secrets["eight"] = add(place, "eight", "--per-second", "8")
    with serving(place, *CONFIG, "--keys", str(keys), "--workers", "4", key=secrets["all"]) as own:
        yield own, secrets, keys
    keys.unlink()


def test_a_limit_holds_over_all_workers_and_not_less(pair, row):
    server, secrets, _ = pair
    asked = {"Authorization": f"Bearer {secrets['eight']}"}
    begun = time.monotonic()
    found = [server.post("/v1/predict", row, **asked).status for _ in range(24)]
    earned = 8 + 8 * (time.monotonic() - begun)
    assert found[:8] == [200] * 8
    assert 8 <= found.count(200) <= earned + 1


def test_keys_that_are_gone_for_a_moment_still_hold_and_that_is_told(pair, row):
    server, secrets, keys = pair
    eventually(lambda: len(server.get("/readyz").json["workers"]) == 4)
    content = keys.read_text()
    keys.unlink()
    eventually(lambda: told(server, "are gone"))
    assert server.post("/v1/predict", row).status == 200
    keys.write_text(content.replace("eight", "ocho"))
    eventually(lambda: told(server, "The keys were read again"))
    assert server.post("/v1/predict", row).status == 200
    assert secrets["all"] not in server.errors.read_text()


def test_a_worker_that_dies_is_told_counted_and_replaced(pair, row):
    server, _, _ = pair
    one = children(server.process.pid)[-1]
    os.kill(one, signal.SIGKILL)
    eventually(lambda: told(server, f"The worker {one} ended with exit code -9"))
    eventually(lambda: server.metric("tagline_workers_died_total") == 1)
    eventually(lambda: len(server.get("/readyz").json["workers"]) == 4)
    assert server.post("/v1/predict", row).status == 200


def test_counts_that_are_cleaned_away_are_said_and_predictions_go_on(place, pair, row):
    server, _, _ = pair
    shutil.rmtree(states(place) / "metrics")
    answer = server.get("/metrics")
    assert (answer.status, server.post("/v1/predict", row).status) == (503, 200)
    assert "start the server again" in answer.json["detail"]


def test_workers_that_can_not_start_end_the_server_with_a_sentence(place):
    shutil.copy(place.folder / "serving.toml", place.folder / "gone.toml")
    with serving(place, "--config", "gone.toml", "--workers", "2") as server:
        (place.folder / "gone.toml").write_text("[")
        for worker in children(server.process.pid):
            os.kill(worker, signal.SIGKILL)
        assert server.process.wait(60) == 1
        assert told(server, "the server ends")
        assert "its workers end before they are ready" in server.errors.read_text()


def test_a_certificate_that_is_none_is_a_sentence(place):
    wrong = place.folder / "no.pem"
    wrong.write_text("none")
    words = ("--certificate", str(wrong), "--private-key", str(wrong), "--workers", "2")
    done = place.tagline("serve", *CONFIG, "--port", "0", *words)
    assert done.returncode == 1
    assert "can not be used" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def silent():
    """Give the address of an S3 that takes requests and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        lines = []

        def take():
            while True:
                try:
                    lines.append(listening.accept())
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", lines
        for line, _ in lines:
            line.close()


def test_while_s3_hangs_a_key_that_has_ended_is_refused_and_the_server_ends(place, silent, row):
    url, lines = silent
    (place.folder / "sending.toml").write_text(
        (place.folder / "serving.toml")
        .read_text()
        .replace("[serving]\n", '[serving]\nupload = "s3://bucket/log"\n')
    )
    variables = {
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    own = Workplace(place.folder, place.variables | variables)
    segment = Segment(place.folder / ".tagline" / "log" / "small" / "predictions")
    segment.append(b"damaged")
    segment.close()
    keys = place.folder / "hanging.json"
    held = add(own, "held", "--file", str(keys))
    ended = add(own, "ended", "--file", str(keys))
    words = ("--config", "sending.toml", "--keys", str(keys))
    with serving(own, *words, key=held) as server:
        assert server.post("/v1/predict", row).status == 200
        server.place.tagline("forget", "--subject", "nobody")
        eventually(lambda: lines, seconds=60)
        assert own.tagline("keys", "end", "ended", "--file", str(keys)).returncode == 0
        asked = {"Authorization": f"Bearer {ended}"}
        eventually(lambda: server.post("/v1/predict", row, **asked).status == 401, seconds=10)
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(40)
        assert time.monotonic() - begun < 20
