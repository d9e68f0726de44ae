"""A real run, as a person starts it."""

import json
from pathlib import Path

import pytest

from tests.conftest import CASE, FLOW, Workplace, small_rows, workplace

COMPARED = ("metrics", "baselines", "fingerprint", "gates")


def shown(place: Workplace) -> dict:
    done = place.tagline("show", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def without_time(leaderboard):
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in leaderboard]


def test_the_run_ends_with_what_a_person_wants_to_know(trained):
    _, printed = trained
    for said in ("ROC AUC", "base_rate", "gates passed", ".html", "bundle"):
        assert said in printed


def test_the_progress_of_the_search_is_told(trained):
    _, printed = trained
    assert "fits, best tuning log_loss" in printed


def test_show_has_metrics_gates_leaderboard_and_paths(trained):
    place, _ = trained
    found = shown(place)
    assert found["standing"] in {"candidate", "rejected"}
    figure = found["metrics"]["roc_auc"]
    assert figure["low"] <= figure["value"] <= figure["high"]
    assert {row["kind"] for row in found["leaderboard"]} == {"base_rate", "logistic", "boosted"}
    assert Path(found["paths"]["report"]).is_file()
    assert Path(found["bundle"]["path"]).is_dir()
    assert found["bundle"]["largest_difference"] <= 1e-6
    accounting = found["accounting"]
    parts = ("used", "quarantined", "unlabelled", "outside_split")
    assert accounting["rows_in"] == sum(accounting[part] for part in parts)


def test_the_run_is_listed_and_its_bundle_is_sound(trained):
    place, _ = trained
    (line,) = json.loads(place.tagline("runs", "--json").stdout)
    found = shown(place)
    assert line["run"] == found["run"]
    assert line["digest"] == found["bundle"]["digest"]
    assert place.tagline("verify", found["bundle"]["path"]).returncode == 0
    for words in (("runs",), ("show",), ("show", line["run"])):
        done = place.tagline(*words)
        assert done.returncode == 0, done.stderr
        assert line["run"].rpartition("/")[2] in done.stdout.replace("\n", "")


def test_the_report_escapes_what_a_person_wrote(trained):
    place, _ = trained
    page = Path(shown(place)["paths"]["report"]).read_text()
    assert "Is it &lt;b&gt;so&lt;/b&gt;?" in page
    assert "<b>so</b>" not in page
    assert "<script" not in page


def test_the_report_card_can_be_viewed(trained):
    place, _ = trained
    run = shown(place)["run"].split("/")[1]
    flow = str(Path(__file__).parents[2] / "flows" / "train.py")
    got = place.call(flow, "--no-pylint", "card", "get", f"{run}/report", "--id", "report")
    assert got.returncode == 0, got.stderr
    assert "Does 30% mean 30%?" in got.stdout


@pytest.mark.slow
def test_the_same_data_and_seed_give_the_same_run(trained, tmp_path):
    place, _ = trained
    again = workplace(tmp_path)
    done = again.train("--max-workers", "1")
    assert done.returncode == 0, done.stdout[-3000:]
    first, second = shown(place), shown(again)
    assert {name: first[name] for name in COMPARED} == {name: second[name] for name in COMPARED}
    assert without_time(first["leaderboard"]) == without_time(second["leaderboard"])


@pytest.mark.slow
def test_a_run_that_stopped_is_resumed(tmp_path):
    place = workplace(tmp_path)
    key = tmp_path / "signing.key"
    key.write_text("no key")
    stopped = place.train()
    assert stopped.returncode != 0
    assert "signing key can not be used" in stopped.stdout
    assert "Traceback" not in stopped.stdout
    key.unlink()
    resumed = place.call(str(FLOW), "--no-pylint", "resume")
    assert resumed.returncode == 0, resumed.stdout[-3000:]
    assert "gates passed" in resumed.stdout
    assert "fits, best tuning" not in resumed.stdout


def test_a_wrong_config_stops_before_any_work(tmp_path):
    place = workplace(tmp_path)
    (tmp_path / "small.toml").write_text(CASE.replace("trials = 3", "trails = 3"))
    done = place.train()
    said = done.stderr + done.stdout
    assert done.returncode != 0
    assert "unknown key 'search.trails', did you mean 'search.trials'?" in said
    assert "small.toml" in said
    assert "Traceback" not in said
    assert "Workflow starting" not in said


def test_a_table_that_can_not_be_used_is_one_sentence(tmp_path):
    place = workplace(tmp_path)
    small_rows().rename(columns={"y": "yy"}).to_csv(tmp_path / "rows.csv", index=False)
    done = place.train()
    assert done.returncode != 0
    assert "Missing column 'y' (is it 'yy'?)" in done.stdout
    assert "Traceback" not in done.stdout


PLAIN = """
import sys
sys.modules["tagline"] = None
from metaflow import Run, namespace
namespace(None)
for step in Run(sys.argv[1]):
    for task in step:
        for artifact in task:
            artifact.data
"""


def test_what_a_run_leaves_can_be_read_without_tagline(trained):
    place, _ = trained
    (line,) = json.loads(place.tagline("runs", "--json").stdout)
    done = place.call("-c", PLAIN, line["run"])
    assert done.returncode == 0, done.stderr
