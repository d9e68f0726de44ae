"""The rows of the leaderboard as plain data; whoever only shows them loads no model library."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

COLUMNS = {
    "rank": "Int64",
    "trial": "int64",
    "kind": "str",
    "state": "str",
    "roc_auc": "float64",
    "log_loss": "float64",
    "rmse": "float64",
    "mae": "float64",
    "rounds": "int64",
    "fits": "int64",
    "seconds": "float64",
    "predict_seconds": "float64",
    "params": "str",
    "error": "str",
}
FIGURES = ("roc_auc", "log_loss", "rmse", "mae")  # those that a search may choose by
Row = dict[str, Any]


def row(trial: int, kind: str, parameters: Mapping[str, Any]) -> Row:
    """Begin the row of a trial: plain data, as the columns of `COLUMNS` but without a rank.

    ``state`` is ``waiting``, ``running`` (may go on to a finer learning rate), ``finished``,
    ``stopped`` (halved away), ``skipped`` (the budget was spent) or ``failed``; figures are of the
    tuning rows; ``fits`` counts its fits; ``seconds`` are of CPU time, ``predict_seconds`` those
    that its answers to the tuning rows took.
    """
    return {
        "trial": trial,
        "kind": kind,
        "state": "waiting",
        "roc_auc": None,
        "log_loss": None,
        "rmse": None,
        "mae": None,
        "rounds": 0,
        "fits": 0,
        "seconds": 0.0,
        "predict_seconds": None,
        "params": json.dumps(dict(parameters)),
        "error": "",
    }


def members(entry: Mapping[str, Any]) -> list[int]:
    """Name the trials that a row is the average of; none where it is a trial like others."""
    found: list[int] = json.loads(entry["params"]).get("average_of", [])
    return found


def records(leaderboard: pd.DataFrame) -> list[Row]:
    """Give the rows of a `table`, of this version or of one before, None where nothing stands."""
    plain = leaderboard.astype(object)
    rows = plain.where(plain.notna(), None).to_numpy().tolist()
    return [dict(zip(leaderboard.columns, row, strict=True)) for row in rows]
