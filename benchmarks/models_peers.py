"""One fit of another library, in its own environment: `models_peers.py SYSTEM FOLDER SECONDS`.

The folder has ``train.csv``, ``test.csv`` (without the target) and ``asked.json`` (``task`` and
``target``); ``SYSTEM.json`` is written beside them: answers, and the seconds of fit and predict.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SEED, TRIALS, FOLDS, THREADS = 7, 50, 5, 1


def main() -> None:
    """Fit, predict, write."""
    system, folder, seconds = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    asked = json.loads((folder / "asked.json").read_text())
    train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
    begun = time.perf_counter()
    predict = SYSTEMS[system](train, asked["target"], asked["task"], seconds, folder)
    fitted = time.perf_counter()
    answers = predict(test)
    said = {
        "answers": np.asarray(answers, dtype=np.float64).tolist(),
        "fit": fitted - begun,
        "predict": time.perf_counter() - fitted,
    }
    (folder / f"{system}.json").write_text(json.dumps(said))


def xgboost(train: pd.DataFrame, target: str, task: str, seconds: float, _: Path) -> Any:
    """Tune XGBoost by Optuna: five folds, at most fifty trials, the best fitted to all rows."""
    import optuna
    import xgboost as xgb

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    columns = train.drop(columns=target)
    kinds = {n: pd.CategoricalDtype(sorted(columns[n].dropna().unique())) for n in _texts(columns)}
    X, y = columns.astype(kinds), train[target].to_numpy()
    objective = {"number": "reg:squarederror", "binary": "binary:logistic"}.get(task)
    common: dict[str, Any] = {"objective": objective or "multi:softprob", "nthread": THREADS}
    common |= {"eval_metric": {"number": "rmse", "binary": "logloss"}.get(task, "mlogloss")}
    if task == "classes":
        common["num_class"] = int(y.max()) + 1
    data = xgb.DMatrix(X, y, enable_categorical=True)

    def loss(trial: Any) -> float:
        found = xgb.cv(
            _space(trial) | common,
            data,
            num_boost_round=1000,
            nfold=FOLDS,
            stratified=task != "number",
            early_stopping_rounds=30,
            seed=SEED,
        )
        trial.set_user_attr("rounds", len(found))
        return float(found.iloc[-1, 2])

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=SEED))
    study.optimize(loss, n_trials=TRIALS, timeout=seconds)
    best = study.best_trial
    model = xgb.train(best.params | common, data, best.user_attrs["rounds"])
    return lambda rows: model.predict(
        xgb.DMatrix(rows[columns.columns].astype(kinds), enable_categorical=True)
    )


def _space(trial: Any) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "max_depth": trial.suggest_int("max_depth", 2, 9),
        "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 100, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 30, log=True),
    }


def flaml(train: pd.DataFrame, target: str, task: str, seconds: float, _: Path) -> Any:
    """Let FLAML choose among its models."""
    from flaml import AutoML

    found = AutoML()
    found.fit(
        dataframe=train,
        label=target,
        task="regression" if task == "number" else "classification",
        metric="rmse" if task == "number" else "log_loss",
        time_budget=seconds,
        seed=SEED,
        verbose=0,
        n_jobs=THREADS,
    )
    if task == "number":
        return found.predict
    return lambda rows: _answer(found.predict_proba(rows), task)


def autogluon(train: pd.DataFrame, target: str, task: str, seconds: float, folder: Path) -> Any:
    """Let AutoGluon do what it does by default."""
    from autogluon.tabular import TabularPredictor

    kind = {"number": "regression", "binary": "binary"}.get(task, "multiclass")
    found = TabularPredictor(
        label=target,
        problem_type=kind,
        eval_metric="rmse" if task == "number" else "log_loss",
        path=str(folder / "autogluon"),
        verbosity=0,
    ).fit(train, time_limit=seconds, num_cpus=THREADS)
    if task == "number":
        return found.predict
    return lambda rows: _answer(found.predict_proba(rows).to_numpy(), task)


def _answer(p: np.ndarray, task: str) -> np.ndarray:
    return p[:, 1] if task == "binary" else p


def _texts(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]


SYSTEMS: dict[str, Callable[..., Any]] = {
    "xgboost": xgboost,
    "flaml": flaml,
    "autogluon": autogluon,
}

if __name__ == "__main__":
    main()
