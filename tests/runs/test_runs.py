"""What `tagline runs` says of runs that failed, of other flows, and of an empty place."""

import json
from pathlib import Path

import pytest

from tests.conftest import CASE, FLOW, LEAN, Workplace, workplace

STRANGER = """
from metaflow import FlowSpec, Parameter, step

class TrainFlow(FlowSpec):
    case = Parameter("case", default="mine")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.metrics = {"auc": 1}

if __name__ == "__main__":
    TrainFlow()
"""


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """Give a store with a run of another TrainFlow, a refused run and one that broke."""
    place = workplace(tmp_path_factory.mktemp("crowded"))
    (place.folder / "other.py").write_text(STRANGER)
    done = place.call(str(place.folder / "other.py"), "--no-pylint", "run")
    assert done.returncode == 0, done.stdout + done.stderr
    (place.folder / "wrong.toml").write_text(CASE.replace('target = "y"', 'target = "yy"'))
    assert place.train(case="wrong.toml").returncode != 0
    (place.folder / "sitecustomize.py").write_text(
        "import tagline.data.prepare as p\n"
        "def broken(*_): raise RuntimeError('boom')\n"
        "p.accounting_line = broken\n"
    )
    broken = Workplace(place.folder, {"PYTHONPATH": str(place.folder)}).train()
    assert broken.returncode != 0
    return place


def test_a_run_that_was_refused_or_broke_says_why(crowded):
    broken, refused = json.loads(crowded.tagline("runs", "--json").stdout)
    assert (broken["state"], broken["why"]) == ("failed", "start: RuntimeError: boom")
    assert refused["state"] == "failed"
    assert refused["why"] == "start: rows.csv: Missing column 'yy' (is it 'y'?)."
    shown = crowded.tagline("runs").stdout
    assert "failed" in shown
    assert "boom" in shown


def test_a_run_of_another_flow_of_that_name_is_passed_over_and_refused_by_name(crowded):
    listed = json.loads(crowded.tagline("runs", "--json").stdout)
    assert len(listed) == 2
    identity = min(
        path.name
        for path in (crowded.folder / ".metaflow" / "TrainFlow").iterdir()
        if path.is_dir() and path.name.isdigit()
    )
    done = crowded.tagline("show", identity)
    assert done.returncode == 3
    assert "a run of another flow" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_list_says_where_it_looked(tmp_path):
    place = Workplace(tmp_path)
    for words in (("runs",), ("runs", "--tag", "champion")):
        done = place.tagline(*words)
        assert done.returncode == 0
        assert str(tmp_path) in done.stderr.replace("\n", "")
    assert "champion" in done.stderr
    assert str(tmp_path) in place.tagline("show").stderr


@pytest.mark.slow
@pytest.mark.parametrize("after", ["choose", "report", "end"])
def test_a_resumed_run_bears_its_own_name_wherever_the_first_one_failed(tmp_path, after):
    place = workplace(tmp_path)
    (tmp_path / "small.toml").write_text(LEAN)
    breaks = {
        "choose": "import tagline.training.sealing as m\nm.seal_best = None\n",
        "report": "import tagline.report.compose as m\nm.compose = None\n",
        "end": "import tagline.runs.lookup as m\nm.register = None\n",
    }
    (tmp_path / "sitecustomize.py").write_text(breaks[after])
    failed = Workplace(tmp_path, {"PYTHONPATH": str(tmp_path)}).train()
    assert failed.returncode != 0
    (tmp_path / "sitecustomize.py").unlink()
    resumed = place.call(str(FLOW), "--no-pylint", "resume")
    assert resumed.returncode == 0, resumed.stdout[-3000:] + resumed.stderr[-3000:]
    first, second = reversed(json.loads(place.tagline("runs", "--json").stdout))
    found = json.loads(place.tagline("show", second["run"], "--json").stdout)
    assert found["provenance"]["run"] == second["run"]
    assert found["provenance"]["resumed_from"] == first["run"]
    folder = tmp_path / "exported"
    assert place.tagline("export", second["run"], str(folder)).returncode == 0
    for name in ("provenance.json", "card.md", "MLmodel"):
        assert second["run"] in (folder / name).read_text()
    # Its page may be the one that the first run has made, and is there under its own name.
    assert first["run"] in Path(found["paths"]["report"]).read_text()


def test_looking_at_runs_leaves_the_namespace_as_it_is(trained):
    place, _ = trained
    program = (
        "from metaflow import get_namespace, namespace\n"
        "from tagline.runs.lookup import all_runs, find\n"
        "namespace('user:somebody')\n"
        "assert len(all_runs()) == 1 and find(None).case == 'small'\n"
        "assert find(all_runs()[0].pathspec).stage\n"
        "assert get_namespace() == 'user:somebody'\n"
    )
    done = place.call("-c", program)
    assert done.returncode == 0, done.stderr
