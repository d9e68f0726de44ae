"""Six machines that share nothing but the store, on S3, and Metaflow's metadata.

Each has its own home, working directory, key, person and empty disk.
"""

import json
import shutil
from contextlib import ExitStack
from dataclasses import dataclass

import pandas as pd
import pytest

from tests.candidates import ask
from tests.conftest import LEAN, Workplace, small_rows
from tests.flows.test_one_store import committed
from tests.serving.server import eventually, serving

pytestmark = pytest.mark.slow
CASE = """
[gates]
beat_baselines = false
champion_margin = 1
[serving]
personal = ["town"]
subject = "town"
segment_seconds = 2
[retraining]
on = ["growth"]
growth = 0.000001
promote = true
"""
RETRAIN = """
from tagline.workflows.retraining import retrain
from tagline.workflows.standings import open_case
case = open_case("small").case
print(retrain(case, why="It grew.", by="MonitorFlow/1", promote=True))
"""
ROW = {"at": "2024-02-01T00:00:00Z", "size": 12.5, "town": "a", "noise": 0.25, "id": "asked-1"}


@dataclass(frozen=True)
class Machine(Workplace):
    """A machine of its own, of a person of their own."""

    name: str = ""

    @property
    def environment(self):
        apart = ("TAGLINE_HOME", "TAGLINE_SIGNING_KEY", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
        own = {n: v for n, v in super().environment.items() if n not in apart}
        return own | {"HOME": str(self.folder), "METAFLOW_USER": self.name} | self.variables

    def flow(self, name, *words):
        flow = f"{self.variables['PYTHONPATH']}/flows/{name}.py"
        return self.call(flow, "--no-pylint", *words)


@pytest.fixture
def machines(s3, tmp_path):
    """Give six of them."""
    code, secret = committed(tmp_path), tmp_path / "secret"
    secret.write_text("5f" * 32)
    shared = {
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(tmp_path / "metadata"),
        "TAGLINE_STORE": s3.rpartition("/")[0],
        "TAGLINE_PSEUDONYM_KEY": str(secret),
        "PYTHONPATH": str(code),
    }
    (tmp_path / "metadata").mkdir()
    found = []
    for name in ("ann", "bob", "cyd", "dan", "eve", "fay"):
        (tmp_path / name).mkdir()
        found.append(Machine(tmp_path / name, shared, name))
    return found


def test_what_one_of_them_does_all_of_them_see(machines):
    a, b, c, d, e, f = machines
    small_rows().to_csv(a.folder / "rows.csv", index=False)
    (a.folder / "small.toml").write_text(LEAN + CASE)
    done = a.flow("train", "--config", "case", "small.toml", "run")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    (first,) = (each["run"] for each in ask(b, "runs"))
    digest = ask(b, "show", first)["bundle"]["digest"]
    entry = ask(b, "promote", "--why", "the first")["entry"]
    assert (entry["run"], entry["who"], entry["author"]) == (first, "bob", "ann")
    new = small_rows(60, seed=4).drop(columns="y")
    new["at"] += pd.Timestamp.now(tz="UTC").floor("h") - new["at"].max()
    new.to_parquet(e.folder / "new.parquet")
    scored = e.flow("score", "run", "--case", "small", "--source", str(e.folder / "new.parquet"))
    assert scored.returncode == 0, scored.stdout[-3000:]
    with ExitStack() as running:
        one, two = (running.enter_context(serving(each, "--workers", "2")) for each in (c, d))
        asked = one.post("/v1/predict", ROW).json
        other = two.post("/v1/predict", {**ROW, "id": "asked-2", "town": "b"}).json
        assert asked["model"]["digest"] == digest
        outcome = {"prediction_id": asked["prediction_id"], "outcome": 1}
        eventually(lambda: two.post("/v1/outcomes", outcome).json == {"accepted": 1, "unknown": 0})
        # F has never seen any of them, and watches all.
        eventually(lambda: len(one.log.predictions()) and len(two.log.predictions()))
        eventually(lambda: told(f)["rows"] == 62, seconds=150)
        assert told(f)["outcomes"] >= 1
        # What its policy does where it asks for it; it has no file of the case, and not its table.
        retrained = f.call("-c", RETRAIN)
        assert retrained.returncode == 0, retrained.stdout[-3000:] + retrained.stderr[-2000:]
        again = ask(f, "runs")[0]["run"]
        assert again != first
        # The same table and seed: the same bytes, so that nothing new is put forward.
        assert ask(f, "show", again)["bundle"]["digest"] == digest
        assert "nothing is new" in retrained.stdout
        ask(b, "promote", again, "--why", "all the same")
        for server in (one, two):
            eventually(lambda s=server: s.post("/v1/predict", ROW).json["model"]["run"] == again)
        back = b.tagline("rollback", "--why", "it rings")
        assert back.returncode == 0, back.stderr
        assert back.stderr.count("has it") == 4, back.stderr
        for server in (one, two):
            eventually(lambda s=server: s.post("/v1/predict", ROW).json["model"]["run"] == first)
        erased = ask(f, "forget", "--subject", "a")
        assert erased["predictions"] >= 1
        left = set(one.log.predictions()["prediction_id"])
        assert other["prediction_id"] in left
        assert asked["prediction_id"] not in left
    shutil.rmtree(a.folder)
    for machine in (b, c, d, e, f):
        assert ask(machine, "status")["faults"] == []
        assert ask(machine, "audit", "--verify") == []
        for words in (("candidates",), ("runs",), ("show", first), ("policy", "show"), ("whoami",)):
            ask(machine, *words)
    found = f.tagline("reproduce", first, "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    assert json.loads(found.stdout)["again"] == digest


def told(machine):
    done = machine.flow("monitor", "run", "--case", "small")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    program = (
        "import json; from tagline.workflows.monitored import latest; "
        "print(json.dumps(latest('small')['findings'][0]))"
    )
    return json.loads(machine.call("-c", program).stdout)
