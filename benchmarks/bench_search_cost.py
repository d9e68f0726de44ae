"""CPU time to the best tuning AUC of 30 plain Optuna trials: the search against TPE.

`python benchmarks/bench_search_cost.py FOLDER` takes a folder written by
`tagline.training.matrix.write`; without one it prepares the flights case. Both sides get the same
rows, the same space and one thread. Optuna searches the learning rate too, between the search's
coarsest and finest, or is given one by `--rate`; its trials stop after 50 rounds without a better
AUC, each with `XGBClassifier.fit`, as its users write it. All of
the search counts, in the order in which its brackets run one after another on one core: simple
models, cutting into bins, trials that are halved away. A target never reached is a ratio of
infinity, written as -1.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optuna
from sklearn.metrics import roc_auc_score
from xgboost import XGBClassifier

from benchmarks.common import flights_matrix, record
from tagline.case.search import SearchSection
from tagline.training.matrix import TrainingData, read
from tagline.training.search import brackets, run_bracket

GOAL = 1 / 3
PLAIN_PATIENCE = 50
NEVER = -1.0
Run = list[dict[str, float]]


def main() -> None:
    """Read what to measure on from the command line."""
    arguments = _arguments()
    with TemporaryDirectory() as scratch:
        measure(
            read(arguments.folder or flights_matrix(Path(scratch))),
            trials=arguments.trials,
            seeds=arguments.seeds,
            rate=arguments.rate,
        )


def measure(data: TrainingData, *, trials: int, seeds: Sequence[int], rate: float | None) -> None:
    """Run both sides with every seed; record the worst ratio of their CPU times."""
    section = SearchSection()
    optuna_runs = [tpe(data, section, trials=trials, seed=seed, rate=rate) for seed in seeds]
    search_runs = [halving(data, section, seed=seed) for seed in seeds]
    ratios = [_ratio(*pair) for pair in zip(search_runs, optuna_runs, strict=True)]
    worst = NEVER if NEVER in ratios else max(ratios)
    record(
        "search_cost",
        figure=worst,
        goal=round(GOAL, 4),
        holds=0 < worst <= GOAL,
        raw={
            "optuna_rate": rate or "searched",
            "section": section.model_dump(mode="json"),
            "rows": len(data.X),
            "inputs": data.X.shape[1],
            "ratios": ratios,
            "optuna": optuna_runs,
            "search": search_runs,
        },
    )


def tpe(
    data: TrainingData, section: SearchSection, *, trials: int, seed: int, rate: float | None
) -> Run:
    """Run Optuna's TPE without pruning; give the CPU seconds and AUC after each trial."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    run: Run = []
    begun = time.process_time()

    def objective(trial: optuna.Trial) -> float:
        model = XGBClassifier(
            **_suggested(trial, section, rate=rate),
            n_estimators=section.max_rounds,
            early_stopping_rounds=PLAIN_PATIENCE,
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


def _ratio(search: Run, optuna_run: Run) -> float:
    target = max(trial["roc_auc"] for trial in optuna_run)
    reached = [fit["seconds"] for fit in search if fit["roc_auc"] >= target]
    return reached[0] / optuna_run[-1]["seconds"] if reached else NEVER


def _suggested(
    trial: optuna.Trial, section: SearchSection, *, rate: float | None
) -> Mapping[str, float]:
    space = section.space
    coarse, *_, fine = section.learning_rates
    return {
        "learning_rate": rate or trial.suggest_float("learning_rate", fine, coarse, log=True),
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
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--rate", type=float, help="Optuna's learning rate; searched without")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    return parser.parse_args()


if __name__ == "__main__":
    main()
