"""What goes wrong around a server is told, counted and survived: workers, keys, counts, S3."""

import os
import shutil
import signal
import time

import pytest

from tagline.storage.location import open_store
from tests.candidates import changed
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
    (folder,) = (place.folder / ".tagline" / "workers").glob("small-*-*")
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
    key = place.folder / ".tagline" / "pseudonym-small.key"
    with serving(place, *CONFIG, "--workers", "2") as server, changed(key, b"00" * 32):
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
def far(place, s3):
    """Give the same folder with its store on S3."""
    store = open_store(s3)
    for path in place.store.rglob("*"):
        inside = path.relative_to(place.store)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            store.write(inside.as_posix(), path.read_bytes())
    return Workplace(place.folder, place.variables | {"TAGLINE_STORE": s3})


@pytest.mark.slow  # half a minute, and S3
def test_while_s3_hangs_a_key_that_has_ended_is_refused_and_the_server_ends(far, seaweed, row):
    keys = far.folder / "hanging.json"
    held = add(far, "held", "--file", str(keys))
    ended = add(far, "ended", "--file", str(keys))
    with serving(far, *CONFIG, "--keys", str(keys), key=held) as server:
        assert server.post("/v1/predict", row).status == 200
        seaweed.process.send_signal(signal.SIGSTOP)
        try:
            end = "from pathlib import Path; from tagline.serving.access import end_keys; "
            assert far.call("-c", f"{end}end_keys(Path({str(keys)!r}), 'ended')").returncode == 0
            asked = {"Authorization": f"Bearer {ended}"}
            eventually(lambda: server.post("/v1/predict", row, **asked).status == 401, seconds=10)
            assert server.post("/v1/predict", row).status == 200
            refused = server.post("/v1/outcomes", {"id": "x", "outcome": 1})
            assert (refused.status, "retry-after" in refused.headers) == (503, True)
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(60)
            assert time.monotonic() - begun < 30
        finally:
            seaweed.process.send_signal(signal.SIGCONT)
