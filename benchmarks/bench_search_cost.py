"""CPU time to the best tuning AUC of 30 plain Optuna trials: the search against TPE.

`python benchmarks/bench_search_cost.py FOLDER` takes a folder written by
`tagline.training.matrix.write`; without one it uses the flights case. Both sides get the same
rows, the same space, one thread, and stop early; Optuna's trials learn at the search's finest
rate, each with `XGBClassifier.fit`, as its users write it.
"""

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
from sklearn.metrics import roc_auc_score
from xgboost import XGBClassifier

from benchmarks.common import record
from tagline.case.search import SearchSection
from tagline.training.matrix import TrainingData, read
from tagline.training.search import brackets, run_bracket

GOAL = 1 / 3
Run = list[dict[str, float]]


def main() -> None:
    """Run both sides and record the ratio of their CPU times."""
    arguments = _arguments()
    data = read(arguments.folder)
    section = SearchSection()
    optuna_runs = [
        tpe(data, section, trials=arguments.trials, seed=seed) for seed in arguments.seeds
    ]
    search_runs = [halving(data, section, seed=seed) for seed in arguments.seeds]
    ratios = [
        _seconds_to(ours, target=max(trial["roc_auc"] for trial in theirs)) / theirs[-1]["seconds"]
        for ours, theirs in zip(search_runs, optuna_runs, strict=True)
    ]
    worst = max(ratios)
    record(
        "search_cost",
        figure=worst,
        goal=round(GOAL, 4),
        holds=worst <= GOAL,
        raw={
            "rows": len(data.X),
            "inputs": data.X.shape[1],
            "ratios": ratios,
            "optuna": optuna_runs,
            "search": search_runs,
        },
    )


def tpe(data: TrainingData, section: SearchSection, *, trials: int, seed: int) -> Run:
    """Run Optuna's TPE without pruning; give the CPU seconds and AUC after each trial."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    run: Run = []
    begun = time.process_time()

    def objective(trial: optuna.Trial) -> float:
        model = XGBClassifier(
            **_suggested(trial, section),
            n_estimators=section.max_rounds,
            learning_rate=section.learning_rates[-1],
            early_stopping_rounds=section.early_stopping_rounds,
            eval_metric="auc",
            tree_method="hist",
            max_bin=section.max_bin,
            n_jobs=1,
            random_state=seed,
        )
        model.fit(data.X, data.y, eval_set=[(data.X_tune, data.y_tune)], verbose=False)
        score = float(roc_auc_score(data.y_tune, model.predict_proba(data.X_tune)[:, 1]))
        run.append({"seconds": time.process_time() - begun, "roc_auc": score})
        print(f"optuna {len(run)}: {json.dumps(run[-1])} {trial.params}", flush=True)
        return score

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=trials)
    return run


def halving(data: TrainingData, section: SearchSection, *, seed: int) -> Run:
    """Run the search, bracket after bracket; give the CPU seconds and best AUC after each fit."""
    run: Run = []
    begun = time.process_time()

    def progress(rows: list[dict[str, Any]]) -> None:
        best = max((row["roc_auc"] for row in rows if row["roc_auc"] is not None), default=0.0)
        run.append({"seconds": time.process_time() - begun, "roc_auc": best})
        print(f"search {len(run)}: {json.dumps(run[-1])}", flush=True)

    for bracket in brackets(section, seed=seed):
        run_bracket(bracket, data, progress=progress)
    return run


def _seconds_to(run: Run, *, target: float) -> float:
    reached = (fit["seconds"] for fit in run if fit["roc_auc"] >= target)
    return next(reached, float("inf"))


def _suggested(trial: optuna.Trial, section: SearchSection) -> Mapping[str, float]:
    space = section.space
    return {
        "max_depth": trial.suggest_int("max_depth", *space.max_depth),
        "min_child_weight": trial.suggest_float(
            "min_child_weight", *space.min_child_weight, log=True
        ),
        "subsample": trial.suggest_float("subsample", *space.subsample),
        "colsample_bytree": trial.suggest_float("colsample_bytree", *space.colsample_bytree),
        "reg_lambda": trial.suggest_float("reg_lambda", *space.reg_lambda, log=True),
        "gamma": trial.suggest_float("gamma", *space.gamma),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    return parser.parse_args()


if __name__ == "__main__":
    main()
