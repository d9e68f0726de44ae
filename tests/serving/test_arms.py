"""A challenger gets its share of the requests, a shadow answers nobody; both are logged."""

import json

import pytest

from tagline.serving.routing import number_of
from tests.candidates import damaged
from tests.conftest import LEAN
from tests.lifecycle.conftest import ask
from tests.serving.server import eventually, serving

CONFIG = ("--config", "serving.toml")
SHARE = 40


def another_model(place):
    """Train another model of the case, and give its run: the candidates have one bundle."""
    other = LEAN.replace("trials = 1", "trials = 1\nmax_rounds = 9")
    gates = "[gates]\nbeat_baselines = false\nchampion_margin = 1\n"
    (place.folder / "other.toml").write_text(other + gates)
    before = {each["run"] for each in ask(place, "runs")}
    done = place.train(case="other.toml")
    assert done.returncode == 0, done.stdout[-3000:]
    (run,) = {each["run"] for each in ask(place, "runs")} - before
    return run


def named(row, name):
    """Give a row of a subject: the case's is its town."""
    return {**row, "id": name, "town": name}


def reports(place):
    folder = place.store / "servers" / "small"
    return [json.loads(each.read_text()) for each in folder.glob("*-[0-9]*.json")]


def arms(place):
    return [each["run"] for report in reports(place) for each in report.get("arms", [])]


def test_a_share_is_obeyed_sticks_and_is_told(own, runs, row):
    champion, challenger = runs[0], runs[1]
    ids = [f"row {number}" for number in range(200)]
    expected = [
        challenger if number_of("small", challenger, each) * 100 < SHARE else champion
        for each in ids
    ]
    assert 40 < expected.count(challenger) < 120
    with serving(own, *CONFIG) as server:
        alone = server.post("/v1/predict", named(row, ids[0])).json
        assert alone["model"]["run"] == champion
        ask(own, "challenge", challenger, "--share", str(SHARE), *CONFIG)
        eventually(lambda: challenger in arms(own))
        found = [server.post("/v1/predict", named(row, each)).json for each in ids]
        assert [each["model"]["run"] for each in found] == expected
        ((told,),) = (server.get("/readyz").json["arms"].values(),)
        assert [(each["run"], each["arm"], each["share"]) for each in told] == [
            (challenger, "challenger", SHARE)
        ]
        # The same of many at once, and each row says who answered it where it was a challenger.
        many = server.post("/v1/predict", [named(row, each) for each in ids]).json
        assert many["model"]["run"] == champion
        by = [each.get("answered_by", many["model"])["run"] for each in many["predictions"]]
        assert by == expected
        assert all(
            each["answered_by"]["threshold"] == one["threshold"]
            for one, each in zip(found, many["predictions"], strict=True)
            if "answered_by" in each
        )
        for one, other in zip(found, many["predictions"], strict=True):
            assert one["probability"] == pytest.approx(other["probability"], abs=1e-6)
        told = server.post("/v1/explain", [named(row, each) for each in ids[:20]]).json
        by = [each.get("answered_by", told["model"])["run"] for each in told["predictions"]]
        assert by == expected[:20]
        log = server.predictions()
        ours = log[log["row_id"].isin(ids)]
        for name, run in zip(ids, expected, strict=True):
            mine = ours[ours["row_id"] == name]
            assert set(mine["run"]) - {champion} == ({challenger} if run == challenger else set())
        assert set(log.loc[log["run"] == challenger, "arm"]) == {"challenger"}
        # Rows without a subject are dealt by their ids, and without these, by chance.
        bare = {name: value for name, value in row.items() if name != "town"}
        by_id = [server.post("/v1/predict", {**bare, "id": each}).json for each in ids[:20]]
        assert [each["model"]["run"] for each in by_id] == expected[:20]
        nameless = [server.post("/v1/predict", bare).json["model"]["run"] for _ in range(60)]
        assert set(nameless) == {champion, challenger}
        live = ask(own, "status", *CONFIG)["live"]
        shown = [(each["standing"], each["share"]) for each in live]
        assert shown == [("champion", 100 - SHARE), ("challenger", SHARE)]
        ask(own, "retire", challenger, *CONFIG)
        eventually(lambda: challenger not in arms(own))
        after = {server.post("/v1/predict", named(row, e)).json["model"]["run"] for e in ids[:50]}
        assert after == {champion}


def test_a_shadow_answers_nobody_and_is_logged(own, runs, row):
    champion, shadow = runs[0], runs[1]
    with serving(own, *CONFIG) as server:
        done = own.tagline("shadow", shadow, *CONFIG)
        assert f"{shadow}: candidate -> shadow" in " ".join(done.stdout.split())
        eventually(lambda: shadow in arms(own))
        rows = [{**row, "id": f"shadowed {number}"} for number in range(5)]
        one = server.post("/v1/predict", rows[0]).json
        many = server.post("/v1/predict", rows[1:-1]).json
        server.post("/v1/explain", rows[-1])
        assert {one["model"]["run"], many["model"]["run"]} == {champion}
        assert not any("answered_by" in each for each in many["predictions"])

        def logged():
            log = server.predictions()
            mine = log[log["row_id"].fillna("").str.startswith("shadowed")]
            return [mine] if len(mine) == 10 else None

        (log,) = eventually(logged)
        assert dict(log.groupby("run")["arm"].unique().map(list)) == {
            champion: ["champion"],
            shadow: ["shadow"],
        }
        # By the same names, so that what came true is joined to both.
        assert (log.groupby("prediction_id")["run"].nunique() == 2).all()
        server.post("/v1/outcomes", {"prediction_id": one["prediction_id"], "outcome": 1})
        joined = server.log.joined()
        assert (joined.loc[joined["prediction_id"] == one["prediction_id"], "outcome"] == 1).all()
        live = ask(own, "status", *CONFIG)["live"]
        assert [each["standing"] for each in live] == ["champion", "shadow"]


@pytest.mark.slow
def test_a_challenger_that_can_not_be_served_leaves_its_share_to_the_champion(own, runs, row):
    champion, challenger = runs[0], another_model(own)
    ask(own, "challenge", challenger, "--share", "90", *CONFIG)
    live = ask(own, "status", *CONFIG)["live"][1]
    with damaged(own, live["bundle"], "scorer.onnx"), serving(own, *CONFIG) as server:
        found = [
            server.post("/v1/predict", {**row, "id": str(n)}).json["model"]["run"]
            for n in range(30)
        ]
        assert set(found) == {champion}
        refused = server.get("/readyz").json["refused"]
        assert refused["digest"] == live["bundle"]
        assert any("champion has its share" in each["message"] for each in server.lines())
