"""The second time and from another side: resumed, subclassed, tagged by hand, trained again."""

import json
import shutil

import pytest

from tests.conftest import FLOW, LEAN, ROOT, Workplace, workplace

SUBCLASS = """
import sys
sys.path.insert(0, {root!r})
from flows.train import TrainFlow

class OurTraining(TrainFlow):
    pass

if __name__ == "__main__":
    OurTraining()
"""
SHOP = LEAN.replace('source = "rows.csv"', "").replace('target = "y"', 'target = "back"')
SHOP = SHOP.replace('name = "small"', 'name = "shop"\nfeatures = "shop"')
SHOP = SHOP.replace('slices = ["town", "size"]', "") + "[gates]\nbeat_baselines = false\n"


def test_a_subclass_of_another_name_is_told_at_the_start(tmp_path):
    place = Workplace(workplace(tmp_path).folder, {"PYTHONPATH": str(ROOT)})
    (tmp_path / "ours.py").write_text(SUBCLASS.format(root=str(ROOT)))
    done = place.call("ours.py", "--no-pylint", "--config", "case", "small.toml", "run")
    assert done.returncode != 0
    assert "every verb looks for runs of TrainFlow" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    named = place.tagline("show", "OurTraining/1")
    assert named.returncode != 0
    assert "run of another flow" in named.stderr


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    shutil.copy(ROOT / "tests" / "shop.py", folder / "shop.py")
    (folder / "shop.toml").write_text(SHOP)
    place = Workplace(folder, {"PYTHONPATH": f"{folder}:{ROOT}"})
    done = place.train(case="shop.toml")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return place


def newest(place):
    return json.loads(place.tagline("runs", "--json").stdout)[0]["run"]


@pytest.mark.slow
@pytest.mark.parametrize("step", ["choose", "report", "end"])
def test_a_step_of_a_finished_run_can_be_spun(shop, step):
    words = ("--no-pylint", "--config", "case", "shop.toml", "spin", step)
    done = shop.call(str(FLOW), *words)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.slow
def test_a_run_is_not_resumed_with_another_feature_module(shop):
    origin = newest(shop).split("/")[1]
    module = shop.folder / "shop.py"
    content = module.read_text()
    try:
        module.write_text(content.replace('"amount": row["amount"]}', '"paid": row["amount"]}'))
        words = ("--no-pylint", "resume", "--origin-run-id", origin, "choose")
        done = shop.call(str(FLOW), *words)
    finally:
        module.write_text(content)
    assert done.returncode != 0
    assert "The feature module has changed since this run made its rows" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_tag_by_hand_on_a_run_that_failed_is_seen_and_taken_away(shop):
    shop.tagline("promote", finished(shop)[0])
    (shop.folder / "wrong.toml").write_text(SHOP.replace('target = "back"', 'target = "bakc"'))
    assert shop.train(case="wrong.toml").returncode != 0
    failed = newest(shop)
    words = ("--no-pylint", "--config", "case", "wrong.toml", "tag", "add")
    done = shop.call(str(FLOW), *words, "--run-id", failed.split("/")[1], "champion")
    assert done.returncode == 0, done.stdout + done.stderr
    told = shop.tagline("status")
    assert told.returncode == 5
    assert f"{failed} was tagged champion: nothing" in " ".join(told.stdout.split())
    assert shop.tagline("reconcile").returncode == 0
    assert shop.tagline("status").returncode == 0


def finished(place):
    listed = json.loads(place.tagline("runs", "--json").stdout)
    return [each["run"] for each in listed if each["state"] == "finished"]


@pytest.mark.slow
def test_the_same_training_again_is_said_to_be_nothing_new(shop):
    first = finished(shop)[-1]
    shop.tagline("promote", first)
    again = shop.train(case="shop.toml")
    assert again.returncode == 0, again.stdout[-3000:]
    done = shop.tagline("promote", newest(shop))
    assert "the champion answers every row just so: nothing is new" in done.stderr
    assert done.returncode == 0, done.stderr
