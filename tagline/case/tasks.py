"""What each kind of question asks of the config: its own defaults, and what fits it."""

from collections.abc import Mapping
from typing import Any

BINARY, CLASSES, NUMBER = "binary", "classes", "number"
TASK_METRICS: Mapping[str, tuple[str, ...]] = {
    BINARY: ("roc_auc", "average_precision", "log_loss", "brier", "ece"),
    CLASSES: (
        *("log_loss", "accuracy", "precision", "recall", "f1", "mcc", "top_2"),
        *("roc_auc", "brier", "ece"),
    ),
    NUMBER: ("rmse", "mae", "mape", "r2"),
}
CHOOSING: Mapping[str, tuple[str, ...]] = {
    BINARY: ("roc_auc", "log_loss"),
    CLASSES: ("log_loss",),
    NUMBER: ("rmse", "mae"),
}
CALIBRATORS: Mapping[str, tuple[str, ...]] = {
    BINARY: ("platt", "beta"),
    CLASSES: ("temperature",),
    NUMBER: (),
}
BASELINES: Mapping[str, tuple[str, ...]] = {
    BINARY: ("base_rate", "logistic"),
    CLASSES: ("base_rate", "logistic"),
    NUMBER: ("constant", "ridge"),
}
# Keys that the others would not obey.
OF_ONE_TASK = (
    ("evaluation", "cost", BINARY),
    ("evaluation", "capacity", BINARY),
    ("evaluation", "costs", CLASSES),
    ("evaluation", "coverage", NUMBER),
    ("explanation", "lime", BINARY),
)
# What the sections say is of a binary question; others begin with these.
DEFAULTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    CLASSES: {
        "evaluation": {
            "metrics": ("log_loss", "accuracy", "f1", "roc_auc", "ece"),
            "primary": "log_loss",
        },
    },
    NUMBER: {
        "evaluation": {"metrics": ("r2", "rmse", "mae"), "primary": "r2"},
        "search": {"metric": "rmse", "baselines": BASELINES[NUMBER]},
        # Shares of intervals that miss: they are learned from some hundred rows.
        "monitoring": {"min_excess": 0.05},
        "retraining": {"excess": 0.05},
    },
}


def with_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """Give a config with the defaults of its task, where it says nothing else."""
    filled = dict(given)
    for section, own in DEFAULTS.get(str(given.get("task", BINARY)), {}).items():
        said = given.get(section, {})
        filled[section] = {**own, **said} if isinstance(said, Mapping) else said
    return filled


def expect_known(task: str, key: str, names: tuple[str, ...], able: tuple[str, ...]) -> None:
    """Refuse what another kind of question has; raises ValueError."""
    for name in names:
        if name not in able:
            raise ValueError(
                f"{key}: {name!r} does not go with task = {task!r}, which has {', '.join(able)}"
            )
