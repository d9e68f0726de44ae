"""Trained in one folder; shown, promoted, rolled back and reproduced from another, by the store."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tagline.storage.s3 import Bucket
from tests.candidates import ask, copied
from tests.conftest import LEAN, ROOT, Workplace, committed, workplace

GATES = "[gates]\nbeat_baselines = false\nchampion_margin = 1\n"


@pytest.fixture
def cloud(s3):
    """Give what every machine needs to know: Metaflow's datastore and the store, both on S3."""
    root = s3.rpartition("/")[0]
    return {
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": f"{root}/metaflow",
        "METAFLOW_S3_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL_S3"],
        "TAGLINE_STORE": f"{root}/tagline",
        "PYTHONPATH": str(ROOT),
    }


@pytest.mark.slow
def test_another_machine_has_only_the_store_and_the_metadata(cloud, tmp_path):
    code = committed(tmp_path)
    here = Workplace(tmp_path / "here", cloud | {"PYTHONPATH": str(code)})
    here.folder.mkdir()
    workplace(here.folder)
    runs = []
    for seed in (7, 8):
        seeded = LEAN.replace('name = "small"', f'name = "small"\nseed = {seed}')
        (here.folder / "small.toml").write_text(seeded + GATES)
        words = ("--no-pylint", "--config", "case", "small.toml", "run")
        done = here.call(str(code / "flows" / "train.py"), *words)
        assert done.returncode == 0, done.stdout[-4000:]
        runs.append(ask(here, "runs")[0]["run"])
    # The other machine: Metaflow's metadata, a key, and nothing else of the first folder.
    there = Workplace(tmp_path / "there", cloud | {"PYTHONPATH": str(code)})
    shutil.copytree(here.folder / ".metaflow", there.folder / ".metaflow", symlinks=True)
    shutil.copy(here.folder / "signing.key", there.folder / "signing.key")
    here.folder.rename(tmp_path / "gone")
    for run in runs:
        shown = ask(there, "show", run)
        assert shown["metrics"]["roc_auc"]["value"] > 0.5
    for run in runs:
        ask(there, "promote", run)
    assert there.tagline("verify", shown["bundle"]["path"]).returncode == 0
    ask(there, "rollback")
    assert ask(there, "status")["live"][0]["run"] == runs[0]
    assert ask(there, "audit", "--verify") == []
    # What is at hand and was changed is fetched anew; what the store holds changed is refused.
    bundle = Path(shown["bundle"]["path"])
    shutil.rmtree(bundle)
    ask(there, "rollback", "--to", runs[1])
    done = there.tagline("reproduce", runs[1])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.slow
def test_what_is_collected_is_needed_by_nobody(untouched, cloud, tmp_path):
    place = copied(untouched, tmp_path / "work")
    own = Workplace(place.folder, place.variables | {"TAGLINE_STORE": cloud["TAGLINE_STORE"]})
    config = own.folder / "small.toml"
    runs = []
    for seed in (11, 12, 13):
        config.write_text(LEAN.replace('name = "small"', f'name = "small"\nseed = {seed}') + GATES)
        assert own.train().returncode == 0
        runs.append(ask(own, "runs")[0]["run"])
    for run in runs[:2]:
        ask(own, "promote", run)
    digests = [ask(own, "show", run)["bundle"]["digest"] for run in runs]
    # Who may delete in the bucket takes away a champion of the past, and a run that never stood.
    store = Bucket.named(cloud["TAGLINE_STORE"])
    for run in (runs[0], runs[2]):
        flow, identity = run.split("/")
        shutil.rmtree(own.folder / ".metaflow" / flow / identity)
        key = f"{store.prefix}/runs/small/{identity}.json"
        store._client.delete_object(Bucket=store.bucket, Key=key)
    young = ask(own, "gc")
    assert young["unneeded"] == []
    found = ask(own, "gc", "--hours", "0")
    names = {each["name"] for each in found["unneeded"] if each["kind"] == "object"}
    assert digests[2] in names
    assert digests[0] not in names, "it can be rolled back to"
    assert found["bytes"] == sum(each["bytes"] for each in found["unneeded"]) > 0
    assert found["freed"] == 0
    told = own.tagline("gc", "--hours", "0")
    assert "Nothing was deleted" in told.stdout
    assert ask(own, "gc", "--hours", "0", "--delete")["freed"] == found["bytes"]
    assert ask(own, "gc", "--hours", "0")["unneeded"] == []
    # Whatever was at hand is gone too: all that stands is in the store.
    shutil.rmtree(own.folder / ".tagline" / "bundles")
    ask(own, "rollback")
    ask(own, "rollback", "--to", runs[1])
    assert ask(own, "status")["faults"] == [
        each for each in ask(own, "status")["faults"] if "tags" not in each
    ]


@pytest.mark.slow
def test_a_run_that_trains_while_it_is_collected_loses_nothing(untouched, tmp_path):
    place = copied(untouched, tmp_path / "work")
    for folder in ("tables", "bundles"):
        for path in (place.folder / ".tagline" / folder).rglob("*"):
            os.utime(path, (time.time() - 100 * 3600,) * 2)
    # All earlier runs are gone, so that nothing but its youth protects what it finds and reuses.
    for run in (place.folder / ".metaflow" / "TrainFlow").glob("[0-9]*"):
        shutil.rmtree(run)
    with (tmp_path / "said").open("w") as said:
        training = subprocess.Popen(
            [
                *(sys.executable, str(ROOT / "flows" / "train.py"), "--no-pylint"),
                *("--config", "case", "small.toml", "run"),
            ],
            cwd=place.folder,
            env=place.environment,
            stdout=said,
            stderr=said,
        )
        freed = 0
        while training.poll() is None:
            freed += json.loads(place.tagline("gc", "--delete", "--json").stdout)["freed"]
    assert training.returncode == 0, (tmp_path / "said").read_text()[-3000:]
    run = ask(place, "runs")[0]["run"]
    ask(place, "promote", run)
    assert ask(place, "status")["faults"] == []
    assert place.tagline("show", run).returncode == 0
