"""Three worlds through flows, command line and server, in one store and from elsewhere.

The checkout can not be written, nothing says who the user is, each config lies in a folder of its
own, and every command is given in another one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tagline.bundle.load import Bundle
from tagline.columns.rows import read_rows
from tagline.columns.values import as_ids
from tagline.data.files import read_file
from tests.conftest import ROOT, Workplace
from tests.laws.conftest import WORLDS
from tests.laws.test_one_row_has_one_answer import _value
from tests.serving.server import serving

pytestmark = pytest.mark.slow
LIVED = ("new_york_csv", "typed_parquet", "personal_number")
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
UNKNOWN = ("USER", "LOGNAME", "HOME", "USERNAME", "METAFLOW_USER")


class Nameless(Workplace):
    """A folder elsewhere, where nothing says who the user is."""

    @property
    def environment(self):
        return {n: v for n, v in super().environment.items() if n not in UNKNOWN}

    def call(self, *words):
        own = ["unshare", "-rm", "sh", "-c", READ_ONLY, str(ROOT), sys.executable, *words]
        return subprocess.run(
            own if can_be_read_only() else [sys.executable, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


def can_be_read_only():
    tried = ["unshare", "-rm", "sh", "-c", READ_ONLY, str(ROOT), "true"]
    try:
        return subprocess.run(tried, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Train, and promote, three cases into one store."""
    folder = tmp_path_factory.mktemp("elsewhere")
    variables = {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder / "config")}
    place, cases = Nameless(folder, variables), {}
    for name in LIVED:
        case = WORLDS[name].case(tmp_path_factory.mktemp(name))
        said = case.to_dict() | {"name": name}
        config = Path(case.file).with_name("own.json")
        config.write_text(json.dumps(said | {"file": str(config)}))
        words = ("--no-pylint", "--config", "case", str(config), "run")
        done = place.call(str(ROOT / "flows" / "train.py"), *words)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
        promoted = place.tagline("promote", "--case", name)
        assert promoted.returncode == 0, promoted.stderr
        cases[name] = case
    return place, cases


def bundle_of(place, name):
    (live,) = json.loads(place.tagline("status", "--case", name, "--json").stdout)["live"]
    return Bundle(place.folder / ".tagline" / "bundles" / live["bundle"])


@pytest.mark.parametrize("name", LIVED)
def test_batch_server_and_frame_answer_alike(store, name):
    place, cases = store
    case, bundle = cases[name], bundle_of(place, name)
    rows = read_file(case.beside(str(case.table.source))).frame.tail(60).reset_index(drop=True)
    expected = bundle.predict_frame(rows)
    given = place.folder / f"{name}.parquet"
    rows.to_parquet(given, index=False)
    both = [start(place, name, given) for _ in range(2)]
    for each in both:
        said, _ = each.communicate(timeout=240)
        assert each.returncode == 0, said
    answers = place.store / "log" / name / "batch"
    scored = pd.concat([pq.read_table(path).to_pandas() for path in answers.glob("*.parquet")])
    assert len(scored) == len(rows)
    found = scored.set_index("row_id")["probability"]
    hidden = case.table.id_column in case.serving.personal
    assert not hidden
    assert found.loc[as_ids(rows[case.table.id_column])].tolist() == expected.tolist()
    typed = read_rows(rows, bundle.fields).frame
    names = [field.name for field in bundle.fields]
    bodies = [{n: _value(row[n]) for n in names} for row in typed.to_dict("records")]
    with serving(place, "--case", name) as server:
        many = server.post("/v1/predict", bodies).json["predictions"]
        for place_of, p in enumerate(expected):
            assert abs(many[place_of]["probability"] - p) <= 1e-12
            if place_of % 10 == 0:
                one = server.post("/v1/predict", bodies[place_of]).json
                assert abs(one["probability"] - p) <= 1e-12
                assert one["decision"] == (p >= bundle.rule["threshold"])
        logged = server.place.store / "log" / name
        text = b"".join(path.read_bytes() for path in logged.rglob("*") if path.is_file())
        for personal in case.serving.personal:
            assert str(bodies[0][personal]).encode() not in text


def start(place, name, given):
    words = [str(ROOT / "flows" / "score.py"), "--no-pylint", "run", "--case", name]
    return subprocess.Popen(
        [sys.executable, *words, "--source", str(given)],
        cwd=place.folder,
        env=place.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_each_case_has_its_own(store):
    place, _ = store
    assert os.access(place.folder, os.W_OK)
    for name in LIVED:
        shown = json.loads(place.tagline("status", "--case", name, "--json").stdout)
        assert shown["case"] == name
        assert shown["faults"] == []
        assert shown["entries"] == 1
    assert "Name one with --case" in place.tagline("status").stderr
    found = {each["case"] for each in json.loads(place.tagline("runs", "--json").stdout)}
    assert found == set(LIVED)


@pytest.mark.parametrize("name", LIVED)
def test_the_monitor_watches_its_own_case(store, name):
    place, _ = store
    done = place.call(str(ROOT / "flows" / "monitor.py"), "--no-pylint", "run", "--case", name)
    assert done.returncode == 0, done.stdout[-3000:]
    seen = json.loads((place.store / "monitoring" / name / "latest.json").read_text())
    assert seen["case"] == name
    assert len(seen["findings"]) == 1
