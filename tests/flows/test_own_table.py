"""From a stranger's table to a model that answers and is watched, by flows and verbs alone."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT, Workplace, committed
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
                f"{each:,.2f}".translate(str.maketrans(",.", ".,"))
                for each in 1000 + 1.5 * items + random.integers(0, 90, n)
            ],
            "town": town,
            "sent back?": np.where(random.random(n) < 1 / (1 + np.exp(-odds)), "yes", "no"),
            "stars": np.clip(np.round(3 + odds / 2 + random.normal(0, 0.7, n)), 1, 3).astype(int),
            "paid": [
                f"€{30 * i + e:,.2f}" for i, e in zip(items, random.normal(0, 9, n), strict=True)
            ],
        }
    )


TARGETS = ["sent back?", "stars", "paid"]
KINDS = {
    "timed": ("sent back?", True, "yes", "'yes' counts as 1"),
    "timeless": ("sent back?", False, "yes", "'yes' counts as 1"),
    "classes": ("stars", True, 2, "one of 3 classes"),
    "number": ("paid", False, 199.5, "a number of"),
}


def table(kind, rows):
    """Give the rows as a person of this kind has them."""
    target, timed, *_ = KINDS[kind]
    kept = rows.drop(columns=[each for each in TARGETS if each != target])
    return kept if timed else kept.drop(columns="ordered").sample(frac=1, random_state=3)


def answered(kind, answer):
    """Hold an answer against what the question promises."""
    if kind == "classes":
        assert set(answer["probabilities"]) == {"1", "2", "3"}
        assert sum(answer["probabilities"].values()) == pytest.approx(1)
        assert answer["decision"] in (1, 2, 3)
    elif kind == "number":
        assert answer["low"] < answer["value"] < answer["high"]
        assert 150 < answer["value"] < 260
    else:
        assert answer["probability"] > 0.5


def test_make_quick_ends_with_an_answer_wherever_it_is_made(tmp_path):
    folder = tmp_path / "a folder"
    place = Workplace(tmp_path, {"PYTHONPATH": str(ROOT)})
    for _ in range(2):  # the second time all of it is there already
        made = done(place.call(str(ROOT / "deploy" / "quick.py"), str(folder)))
        assert '"probability":' in made.stdout
        assert f"it lies in {folder}" in made.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_goes_all_the_way(kind, tmp_path):
    target, timed, outcome, says = KINDS[kind]
    folder = tmp_path / "my orders"
    folder.mkdir()
    table(kind, orders()).to_csv(folder / "orders.csv", index=False, sep=";")
    code = committed(tmp_path)
    place = Workplace(folder, {"PYTHONPATH": str(code), "COLUMNS": "200"})
    training = (str(code / "flows" / "train.py"), "--no-pylint", "--config", "case", "mine.toml")
    said = done(place.tagline("new", "mine", "--table", "orders.csv", "--target", target))
    assert says in said.stdout
    assert ("rows are split at random" in said.stdout) == (not timed)
    # Which of two models is better on some two hundred rows is not what is tried here.
    with (folder / "mine.toml").open("a") as config:
        config.write("[gates]\nbeat_baselines = false\n")
    done(place.call(*training, "run"))
    assert "candidate -> champion" in done(place.tagline("promote", "--why", "first")).stdout
    row = {"items": 7, "price €": 1010.5, "town": "a"}
    row |= {"ordered": "2024-06-01T12:00:00Z"} if timed else {}
    with serving(place, "--case", "mine") as server:
        answer = server.post("/v1/predict", {**row, "row_id": "o-1"})
        assert answer.status == 200, answer.json
        answered(kind, answer.json)
        assert server.post("/v1/explain", row).json["contributions"]
        named = {"prediction_id": answer.json["prediction_id"], "outcome": outcome}
        assert server.post("/v1/outcomes", named).json["accepted"] == 1
    new = table(kind, orders(40, seed=2)).drop(columns=target)
    new.to_csv(folder / "new.csv", index=False)
    scored = done(place.tagline("score", "new.csv", "--to", "answers.csv"))
    assert scored.stdout.strip().endswith("answers.csv")
    assert len(pd.read_csv(folder / "answers.csv")) == 40
    watched = done(place.call(str(ROOT / "flows" / "monitor.py"), "--no-pylint", "run"))
    assert "answered" in watched.stdout, watched.stdout
    (run,) = json.loads(done(place.tagline("runs", "--json")).stdout)
    assert "the same model" in done(place.tagline("reproduce", run["run"])).stdout
    # The table grows and comes in another order; the next model is judged on what is new to both.
    grown = pd.concat([orders(1200).iloc[900:], orders()])
    table(kind, grown).to_csv(folder / "orders.csv", index=False, sep=";")
    with (folder / "mine.toml").open("a") as config:
        config.write("champion_margin = 1\n")
    done(place.call(*training, "run"))
    compared(place, kind)
    second = done(place.tagline("promote", "--why", "second"))
    assert "no model has learned from" in " ".join(second.stderr.split())
    live = json.loads(done(place.tagline("status", "--json")).stdout)["live"]
    assert len(live) == 1


def compared(place, kind):
    """Compare the newest run with the champion, and ask a notebook's questions of it."""
    newest = json.loads(done(place.tagline("runs", "--json")).stdout)[0]["run"]
    found = json.loads(done(place.tagline("compare", newest, "--seeds", "2", "--json")).stdout)
    assert "judged" in found["said"][0]
    assert found["rows"] >= 20
    assert len(found["seeds"]) == 2
    assert {each["a is"] for each in found["figures"]} <= {"better", "worse", "not clearly"}
    assert json.loads(done(place.tagline("permute", newest, "--json")).stdout)["groups"]
    asked = (
        "import tagline; rows = tagline.predictions(contributions=True); "
        "print(len(rows), rows['label'].nunique(), rows.filter(like='shap:').isna().sum().sum(), "
        "len(tagline.matrix()), len(tagline.load().predict(rows.head(3))))"
    )
    rows, labels, lacking, tested, answers = map(int, done(place.call("-c", asked)).stdout.split())
    assert rows > tested > 100
    assert labels >= {"stars": 3, "paid": 100}.get(KINDS[kind][0], 2)
    assert (lacking, answers) == (0, 3)


def done(process):
    assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-3000:]
    return process
