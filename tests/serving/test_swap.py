"""A promotion or rollback reaches a server by itself; what can not be served is refused."""

import json
import shutil
import time
from datetime import datetime

import pytest

from tagline.storage.contract import probe
from tagline.storage.location import open_store
from tests.candidates import damaged
from tests.conftest import LEAN, ROOT, Workplace
from tests.lifecycle.conftest import ask
from tests.seaweed import wait_until
from tests.serving.conftest import SERVING
from tests.serving.load import Load
from tests.serving.server import eventually, serving

CONFIG = ("--config", "serving.toml")
PROMOTE = str(ROOT / "flows" / "promote.py")
REACHED = 2.0  # seconds
PATIENT = 60.0  # on a machine that does other work too


def entries(place):
    files = sorted((place.store / "ledger" / "small").rglob("*.json"))
    listed = [json.loads(file.read_text()) for file in files]
    said = [each.get("entry", each) for each in listed]
    return [each for each in said if each["act"] in ("promote", "rollback")]


def change(place, runs, times):
    """Change the champion again and again; give when each began to be one, and which."""
    ask(place, "promote", runs[1], *CONFIG)
    for turn in range(1, times):
        ask(place, "rollback", "--to", runs[(turn + 1) % 2], *CONFIG)
    moments = [datetime.fromisoformat(each["at"]).timestamp() for each in entries(place)]
    return list(zip(moments, [each["run"] for each in entries(place)], strict=True))


def mixed(load, held, reached):
    """Give the answers of models that were champion at no moment around the request."""
    wrong = []
    ends = [*(since for since, _ in held[1:]), time.time()]
    for asked in load.asked:
        champions = {
            run
            for (since, run), until in zip(held, ends, strict=True)
            if since <= asked.ended and until + reached >= asked.begun
        }
        if asked.run not in champions:
            wrong.append((asked, champions))
    return wrong


@pytest.mark.parametrize(
    ("times", "reached"), [(3, PATIENT), pytest.param(50, REACHED, marks=pytest.mark.slow)]
)
def test_no_request_fails_or_is_answered_by_another_than_the_champion(
    own, runs, row, times, reached
):
    with serving(own, *CONFIG) as server:
        with Load(server.port, row) as load:
            held = change(own, runs, times)
            last = held[-1][1]
            eventually(lambda: load.asked[-1].run == last)
        assert load.failed() == []
        assert mixed(load, held, reached) == []
        assert {asked.run for asked in load.asked} == {run for _, run in held}
        assert server.metric("tagline_swaps_total") >= times


@pytest.mark.parametrize("workers", [2])
@pytest.mark.slow
def test_every_worker_follows_and_each_has_its_own_segment(own, runs, row, workers):
    with serving(own, *CONFIG, "--workers", str(workers)) as server:
        eventually(lambda: len(server.get("/readyz").json["workers"]) == workers)
        eventually(lambda: server.get("/readyz").json["digest"])
        with Load(server.port, row, connections=8) as load:
            ask(own, "promote", runs[1], *CONFIG)
            digest = entries(own)[-1]["bundle"]
            eventually(lambda: server.get("/readyz").json["digest"] == digest)
        assert load.failed() == []
        written = [file for file in server.log.folder.glob("*.open") if file.stat().st_size]
        assert len(written) == workers
        eventually(lambda: server.metric("tagline_predictions_total") == len(load.asked))
    assert set(server.predictions()["prediction_id"]) == {each.prediction_id for each in load.asked}
    assert not list(server.log.folder.glob("*.open"))


@pytest.mark.slow
def test_a_bundle_that_was_changed_is_refused_and_the_old_one_goes_on(own, runs, row):
    with serving(own, *CONFIG) as server:
        ask(own, "promote", runs[1], *CONFIG)
        eventually(lambda: server.post("/v1/predict", row).json["model"]["run"] == runs[1])
        ask(own, "rollback", *CONFIG)
        eventually(lambda: server.post("/v1/predict", row).json["model"]["run"] == runs[0])
        ask(own, "promote", runs[2], *CONFIG)
        eventually(lambda: server.post("/v1/predict", row).json["model"]["run"] == runs[2])
    # The champion of the ledger is damaged while nobody looks: a server that starts refuses it.
    digest = ask(own, "show", runs[2])["bundle"]["digest"]
    with damaged(own, digest, "scorer.onnx"), serving(own, *CONFIG, ready=False) as server:
        answer = server.post("/v1/predict", row)
        assert answer.status == 503
        assert "it was changed" in answer.json["detail"]
        ready = server.get("/readyz")
        assert (ready.status, ready.json["refused"]["digest"]) == (503, digest)
        assert server.metric("tagline_swaps_total") == 1
        assert any("is refused" in line["message"] for line in server.lines())
    with serving(own, *CONFIG) as server:
        assert server.post("/v1/predict", row).status == 200


@pytest.mark.slow
def test_the_flow_takes_a_promotion_back_that_one_of_several_servers_refuses(own, runs, row):
    (own.folder / "other.toml").write_text("seed = 9\n" + LEAN + SERVING)
    assert own.train(case="other.toml").returncode == 0
    another = ask(own, "runs")[0]["run"]
    # The first server makes the key of pseudonyms that the second brings.
    with serving(own, *CONFIG) as one, serving(second := elsewhere(own), *CONFIG) as other:
        good = promoted_by_flow(own, runs[1])
        assert good.returncode == 0, good.stdout[-3000:] + good.stderr[-3000:]
        for server in (one, other):
            assert server.post("/v1/predict", row).json["model"]["run"] == runs[1]
        # On the other machine nothing can be kept at hand, so that it can not take another model.
        (second.folder / "elsewhere" / "bundles").rename(second.folder / "elsewhere" / "aside")
        (second.folder / "elsewhere" / "bundles").write_text("no folder")
        bad = promoted_by_flow(own, another)
        assert bad.returncode != 0, bad.stdout
        assert "It was taken back" in bad.stdout, bad.stdout
        assert "It is refused by" in bad.stdout
        last, before, *_ = ask(own, "audit")
        assert (last["act"], before["act"], before["run"]) == ("rollback", "promote", another)
        for server in (one, other):
            eventually(lambda s=server: s.post("/v1/predict", row).json["model"]["run"] == runs[1])


def promoted_by_flow(place, run):
    words = ("--candidate", run, "--config", "serving.toml")
    return place.call(PROMOTE, "--no-pylint", "run", *words)


def elsewhere(place):
    """Give a second machine: the same store, its own folder of what is at hand."""
    home = place.folder / "elsewhere"
    (home / "bundles").mkdir(parents=True)
    shutil.copy(place.folder / ".tagline" / "pseudonym-small.key", home)
    return Workplace(place.folder, place.variables | {"TAGLINE_HOME": str(home)})


def test_without_a_champion_it_says_so_and_waits(untouched, tmp_path, row):
    folder = tmp_path / "work"
    shutil.copytree(untouched.folder, folder, symlinks=True)
    place = Workplace(folder, {"PYTHONPATH": str(ROOT)})
    with serving(place, ready=False) as server:
        answer = server.post("/v1/predict", row)
        assert (answer.status, server.get("/readyz").status) == (503, 503)
        assert "no champion" in answer.json["detail"]
        assert any("tagline promote --case small" in str(line) for line in server.lines())
        ask(place, "promote")
        eventually(lambda: server.post("/v1/predict", row).status == 200)


@pytest.mark.slow
def test_the_store_may_be_away_and_predictions_go_on(own, runs, row):
    ledger = own.store / "ledger"
    away = ledger.with_name("away")
    with serving(own, *CONFIG) as server, Load(server.port, row) as load:
        ledger.rename(away)
        ledger.write_text("no folder")
        eventually(lambda: server.metric("tagline_ledger_failures_total") > 2)
        ledger.unlink()
        away.rename(ledger)
        ask(own, "promote", runs[1], *CONFIG)
        eventually(lambda: server.post("/v1/predict", row).json["model"]["run"] == runs[1])
    assert load.failed() == []
    assert any("can be read again" in line["message"] for line in server.lines())


@pytest.mark.slow
def test_s3_may_be_away_for_a_minute_and_predictions_go_on(own, runs, row, s3, seaweed):
    place = Workplace(own.folder, own.variables | {"TAGLINE_LEDGER": s3})
    ask(place, "promote", runs[0], *CONFIG)
    with serving(place, *CONFIG) as server, Load(server.port, row) as load:
        seaweed.kill()
        try:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                assert server.post("/v1/predict", row).json["model"]["run"] == runs[0]
                time.sleep(0.5)
            assert server.metric("tagline_ledger_failures_total") >= 1
        finally:
            seaweed.start()
        wait_until(lambda: probe(open_store(s3)))
        ask(place, "promote", runs[1], *CONFIG)
        eventually(
            lambda: server.post("/v1/predict", row).json["model"]["run"] == runs[1], seconds=60
        )
    assert load.failed() == []
