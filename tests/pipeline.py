"""A whole training in one process, without Metaflow: what its steps do, one after the other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tagline.bundle.load import Bundle
from tagline.case.config import Case
from tagline.case.load import check_case
from tagline.data.prepare import Prepared, prepare
from tagline.data.training_set import matrix_folder
from tagline.evaluation.evaluate import Evaluation
from tagline.log import Lines
from tagline.models.search import brackets, run_bracket
from tagline.models.training_data import read
from tagline.training.choosing import BestTrial, choose_best
from tagline.training.evaluating import evaluate_best
from tagline.training.sealing import seal_best

NOW = pd.Timestamp("2026-01-01", tz="UTC")
MADE_OF = {
    "run": "TrainFlow/1",
    "created": "2024-01-02T03:04:05+00:00",
    "commit": "abc",
    "dirty": False,
    "seed": 7,
    "python": "3.11",
    "machine": "Linux",
    "libraries": {"numpy": "2"},
}


@dataclass(frozen=True)
class Trained:
    """What a training left behind."""

    case: Case
    prepared: Prepared
    best_trial: BestTrial
    evaluation: Evaluation
    bundle: Bundle
    lines: list[str]


def rows(n: int = 600, seed: int = 0) -> pd.DataFrame:
    """Give a plain table: id, at, size, town, y."""
    random = np.random.default_rng(seed)
    size = random.normal(10, 3, n)
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in range(n)],
            "at": pd.date_range("2024-01-01", periods=n, freq="3h", tz="UTC"),
            "size": size.round(6),
            "town": random.choice(["a", "b", "é"], n),
            "y": (random.random(n) < 1 / (1 + np.exp(10 - size))).astype(int),
        }
    )


def case_of(
    folder: Path, frame: pd.DataFrame, *, kind: str = "csv", table: Any = None, **sections: Any
) -> Case:
    """Write a table, and give the case that asks it."""
    source = folder / f"rows.{kind}"
    if kind == "csv":
        frame.to_csv(source, index=False)
    else:
        frame.to_parquet(source)
    named = {"id": "id", "time": "at", "target": "y", "source": source.name}
    values = {
        "name": "small",
        "title": "Is it so?",
        "table": named | (table or {}),
        "search": {
            "folds": 1,
            "trials": 2,
            "brackets": 1,
            "max_rounds": 60,
            "early_stopping_rounds": 10,
        },
        "evaluation": {"resamples": 100, "slice_resamples": 100},
    }
    return check_case(values | sections, file=str(folder / "small.toml"))


@contextmanager
def logged() -> Iterator[list[str]]:
    """Give what is logged inside, a line each."""
    lines: list[str] = []
    handler, logger = Lines(lines.append), logging.getLogger("tagline")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def prepared(case: Case) -> tuple[Prepared, list[str]]:
    """Prepare a case, and give what was logged."""
    with logged() as lines:
        return prepare(case, now=NOW), lines


def trained(case: Case, folder: Path, current: Bundle | None = None) -> Trained:
    """Train a case whole; what is read later is where it was trained."""
    with logged() as lines:
        return _trained(case, folder, current, lines)


def _trained(case: Case, folder: Path, current: Bundle | None, lines: list[str]) -> Trained:
    found = prepare(case, now=NOW)
    data = read(matrix_folder(found.matrix, found.matrix_files))
    results = [
        run_bracket(each, data, progress=lambda _: None)
        for each in brackets(
            case.search, seed=case.seed, task=case.task, rows=found.rows["train"]["rows"]
        )
    ]
    choice = choose_best(case, found, results)
    evaluation = evaluate_best(
        case, found, choice.best_trial, baselines=choice.baselines, current=current
    )
    sealed = seal_best(
        case,
        found,
        choice.best_trial,
        evaluation,
        provenance=MADE_OF,
        folder=folder / "bundles",
    )
    facts = {
        "case": case.to_dict(),
        "periods": sealed["periods"],
        "metrics": {name: each["value"] for name, each in evaluation.metrics.items()},
        **MADE_OF,
    }
    bundle = Bundle(folder / "bundles" / sealed["digest"], facts=facts)
    return Trained(case, found, choice.best_trial, evaluation, bundle, lines)
