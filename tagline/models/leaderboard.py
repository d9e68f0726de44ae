"""The table of everything that was tried."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.tasks import CHOOSING
from tagline.metrics.metrics import METRICS
from tagline.models.families import FAMILIES
from tagline.models.model import Floats, Margins
from tagline.models.onnx_model import OnnxModel
from tagline.models.trials import COLUMNS, Row
from tagline.tasks.task import Task

_SIMPLEST_FIRST = tuple(FAMILIES)


def measured(margins: Margins, y: Floats, *, task: Task) -> dict[str, float]:
    """Measure margins [n, w] against labels: the figures that a search may choose by."""
    answers = task.link(margins)
    return {name: METRICS[name].of(y, answers) for name in CHOOSING[task.name]}


def loss(row: Mapping[str, Any], metric: str) -> float:
    """Give the figure that chooses such that less is better."""
    figure = float(row[metric])
    return -METRICS[metric].sign * figure


def order(entry: Row, metric: str) -> tuple[float, float, int, int]:
    """Give the key that sorts rows from best to worst: figure, log loss, simplicity, number."""
    if entry[metric] is None:
        return (np.inf, np.inf, 0, entry["trial"])
    honest = entry["rmse"] if entry["log_loss"] is None else entry["log_loss"]
    # A tie goes to the more honest and then to the simpler model, and never to chance.
    return (
        loss(entry, metric),
        honest,
        _SIMPLEST_FIRST.index(entry["kind"] if entry["kind"] in FAMILIES else OnnxModel.kind),
        entry["trial"],
    )


def table(rows: Iterable[Row], *, metric: str) -> pd.DataFrame:
    """Rank rows, the best first; trials without a figure come last and have no rank.

    Returns
    -------
    DataFrame
        The columns of `COLUMNS`.
    """
    ranked = sorted(rows, key=lambda entry: order(entry, metric))
    with_rank = [
        {**entry, "rank": position if entry[metric] is not None else None}
        for position, entry in enumerate(ranked, start=1)
    ]
    frame = pd.DataFrame(with_rank, columns=list(COLUMNS))
    return frame.astype(COLUMNS)
