"""What earlier versions left is moved, and every verb goes over it; newer ones are refused."""

import json

import pytest

from tagline.canonical import as_json
from tests.candidates import ask
from tests.conftest import ROOT, Workplace
from tests.old_stores import COMMITS, make
from tests.serving.server import serving

FLOWS = ROOT / "flows"


@pytest.fixture(scope="module", params=COMMITS)
def earlier(request, tmp_path_factory):
    """Give a folder with a store as an earlier version left it."""
    folder = tmp_path_factory.mktemp(request.param)
    make(request.param, folder)
    home = {"TAGLINE_HOME": str(folder / "machine")}
    return Workplace(folder, {"PYTHONPATH": str(ROOT), **home})


@pytest.mark.slow
def test_every_verb_goes_over_a_store_of_an_earlier_version(earlier):
    place = earlier
    told = place.tagline("status")
    assert (told.returncode, "tagline migrate" in told.stderr) == (1, True), told.stderr
    counted = {each["what"]: each["count"] for each in ask(place, "migrate", "--dry-run")}
    assert (counted["runs"], counted["bundles"] > 0, counted["entries of ledgers"]) == (2, True, 1)
    assert not place.store.exists()
    assert {e["what"]: e["count"] for e in ask(place, "migrate")} == counted
    assert (place.folder / ".tagline" / "MOVED.txt").exists()
    first, second = (each["run"] for each in reversed(ask(place, "runs")))
    assert ask(place, "status")["faults"] == []
    (live,) = ask(place, "status")["live"]
    other = first if live["run"] == second else second
    assert [each["run"] for each in ask(place, "candidates")] == [other]
    assert ask(place, "audit", "--verify") == []
    ask(place, "show", other)
    ask(place, "promote", other, "--why", "by code of today")
    ask(place, "rollback")
    for flow in ("score", "monitor"):
        done = place.call(str(FLOWS / f"{flow}.py"), "--no-pylint", "run")
        assert done.returncode == 0, done.stdout[-3000:]
    row = {"at": "2024-02-01T00:00:00Z", "size": 12.5, "town": "a", "noise": 0.25}
    with serving(place) as server:
        assert 0 < server.post("/v1/predict", row).json["probability"] < 1
    assert place.train().returncode == 0
    assert ask(place, "status")["faults"] == []
    done = place.tagline("reproduce", other)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("what", ["record", "store"])
def test_what_a_newer_version_wrote_is_refused_by_name(tmp_path, what):
    place = Workplace(tmp_path, {"PYTHONPATH": str(ROOT)})
    place.store.mkdir(parents=True)
    (place.store / "store.json").write_bytes(
        as_json({"format": 9 if what == "store" else 1, "id": "a" * 32})
    )
    record = place.store / "runs" / "small" / "1.json"
    record.parent.mkdir(parents=True)
    record.write_bytes(
        as_json({"format": 9, "author_key": "a" * 64, "signature": "b" * 128, "case": "small"})
    )
    told = json.loads(place.tagline("status", "--json").stdout)["error"]
    assert "of format 9, and this Tagline reads up to 1" in told["what"]
