"""From a stranger's table to a model that answers and is watched, by flows and verbs alone."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT, Workplace
from tests.serving.server import serving

pytestmark = pytest.mark.slow  # two trainings, a server, a monitor


def orders(n=900, seed=1):
    random = np.random.default_rng(seed)
    items, town = random.integers(1, 9, n), random.choice(["a", "b", "Łódź"], n)
    odds = (items - 4) / 1.5 + (town == "a")
    return pd.DataFrame(
        {
            "ordered": pd.date_range("2024-01-01", periods=n, freq="3h").strftime("%d.%m.%Y %H:%M"),
            "items": items,
            "price €": [
                f"{1000 + n * 1.5:,.2f}".translate(str.maketrans(",.", ".,")) for n in items
            ],
            "town": town,
            "sent back?": np.where(random.random(n) < 1 / (1 + np.exp(-odds)), "yes", "no"),
        }
    )


KINDS = {
    "timed": (lambda rows: rows, True),
    "timeless": (lambda rows: rows.drop(columns="ordered").sample(frac=1, random_state=3), False),
}


def test_make_quick_ends_with_an_answer_wherever_it_is_made(tmp_path):
    folder = tmp_path / "a folder"
    place = Workplace(tmp_path, {"PYTHONPATH": str(ROOT)})
    for _ in range(2):  # the second time all of it is there already
        made = done(place.call(str(ROOT / "deploy" / "quick.py"), str(folder)))
        assert '"probability":' in made.stdout
        assert f"it lies in {folder}" in made.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_goes_all_the_way(kind, tmp_path):
    change, timed = KINDS[kind]
    folder = tmp_path / "my orders"
    folder.mkdir()
    change(orders()).to_csv(folder / "orders.csv", index=False, sep=";")
    place = Workplace(folder, {"PYTHONPATH": str(ROOT), "COLUMNS": "200"})
    said = done(place.tagline("new", "mine", "--table", "orders.csv", "--target", "sent back?"))
    assert "'yes' counts as 1" in said.stdout
    assert ("rows are split at random" in said.stdout) == (not timed)
    done(place.train(case="mine.toml"))
    assert "candidate -> champion" in done(place.tagline("promote", "--why", "first")).stdout
    row = {"items": 7, "price €": 1010.5, "town": "a"}
    row |= {"ordered": "2024-06-01T12:00:00Z"} if timed else {}
    with serving(place, "--case", "mine") as server:
        answer = server.post("/v1/predict", {**row, "row_id": "o-1"})
        assert answer.status == 200, answer.json
        assert answer.json["probability"] > 0.5
        assert server.post("/v1/explain", row).json["contributions"]
        named = {"prediction_id": answer.json["prediction_id"], "outcome": "yes"}
        assert server.post("/v1/outcomes", named).json["accepted"] == 1
    change(orders(40, seed=2)).drop(columns="sent back?").to_csv(folder / "new.csv", index=False)
    scored = done(place.tagline("score", "new.csv", "--to", "answers.csv"))
    assert scored.stdout.strip().endswith("answers.csv")
    assert len(pd.read_csv(folder / "answers.csv")) == 40
    watched = done(place.call(str(ROOT / "flows" / "monitor.py"), "--no-pylint", "run"))
    assert "answered" in watched.stdout, watched.stdout
    # The table grows and comes in another order; the next model is judged on what is new to both.
    grown = pd.concat([orders(1200).iloc[900:], orders()])
    change(grown).to_csv(folder / "orders.csv", index=False, sep=";")
    with (folder / "mine.toml").open("a") as config:
        config.write("[gates]\nbeat_baselines = false\nchampion_margin = 1\n")
    done(place.train(case="mine.toml"))
    second = done(place.tagline("promote", "--why", "second"))
    assert "no model has learned from" in " ".join(second.stderr.split())
    live = json.loads(done(place.tagline("status", "--json")).stdout)["live"]
    assert len(live) == 1


def done(process):
    assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-3000:]
    return process
