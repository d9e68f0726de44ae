"""Which inputs can go: what a model loses where a group of inputs is shuffled."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.bundle.record import RunRecord
from tagline.case.load import check_case
from tagline.data.training_set import part_groups, part_matrix
from tagline.metrics.intervals import LEAST_GROUPS, GroupBootstrap
from tagline.models.training_data import read
from tagline.tasks.task import judged_by
from tagline.tasks.tasks import task_of
from tagline.workflows.candidates import open_bundle
from tagline.workflows.run_rows import matrix_of, model_of, table_of

Floats = npt.NDArray[np.float64]
TUNE = "tune"
TOGETHER = 0.7  # rank correlation from which on inputs are shuffled together
MOST_ROWS, SHUFFLES = 5_000, 5


@dataclass(frozen=True)
class Permuted:
    """What shuffling does to a run's model.

    Attributes
    ----------
    run : str
        The run.
    groups : DataFrame
        ``inputs`` (those that go together), ``loss`` (how much the mean loss of a row rises while
        they are shuffled) with ``low`` and ``high``, and ``can go``.
    said : list of str
        What it means.
    """

    run: str
    groups: pd.DataFrame
    said: list[str]


def permute(record: RunRecord) -> Permuted:
    """Shuffle each group of inputs on the tuning rows, and see what it costs.

    Inputs whose ranks correlate by 0.7 or more go together (average linkage): alone, each would
    seem to be of no use, since the other says the same (Strobl et al. 2008). The loss of a row is
    the mean over five shuffles (Breiman 2001; Fisher, Rudin and Dominici 2019); intervals are by
    resampling whole groups of rows.

    Parameters
    ----------
    record : RunRecord
        The run.

    Raises
    ------
    TaglineError
        Its rows are not in the store any more.
    """
    case, folder = check_case(record.config), matrix_of(record)
    bundle = open_bundle(record.run, record.digest)
    X = np.asarray(part_matrix(folder, TUNE), dtype=np.float32)
    kept = np.linspace(0, len(X) - 1, min(len(X), MOST_ROWS)).astype(np.int64)
    y = table_of(record, TUNE)[case.table.target].to_numpy(dtype=np.float64)[kept]
    model, task = model_of(bundle), task_of(case.task)
    metric = judged_by(dict.fromkeys(case.evaluation.metrics))

    def loss(rows: npt.NDArray[np.float32]) -> Floats:
        return task.losses(y, task.link(model.margins(rows)), metric)

    drawn = GroupBootstrap(
        part_groups(folder, TUNE)[kept], resamples=case.evaluation.resamples, seed=case.seed
    )
    names, X = bundle.inputs["names"], X[kept]
    rows = []
    for places in _together(X):
        gap = drawn.mean(_shuffled(X, places, loss, case.seed) - loss(X))
        span = gap.interval(case.evaluation.level, least=LEAST_GROUPS)
        inputs = ", ".join(names[each] for each in places)
        # Where there is no interval, nothing is said.
        able = None if span.low != span.low else bool(span.low <= 0)
        rows.append((inputs, span.value, span.low, span.high, able))
    table = pd.DataFrame(rows, columns=["inputs", "loss", "low", "high", "can go"])
    table = table.sort_values("loss", ascending=False, kind="stable", ignore_index=True)
    learned = bool(read(folder).folds)
    return Permuted(record.run, table, list(_said(table, metric, len(kept), learned=learned)))


def _together(X: npt.NDArray[np.float32]) -> Iterator[list[int]]:
    """Give the places of inputs that go together."""
    # Half a second, and only who asks for this.
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415

    ranks = pd.DataFrame(X).rank()
    apart = 1 - ranks.fillna(ranks.mean()).corr().abs().fillna(0.0).to_numpy()
    if len(apart) < 2:
        yield list(range(len(apart)))
        return
    upper: Any = apart[np.triu_indices(len(apart), 1)]
    cluster = fcluster(linkage(np.maximum(upper, 0.0), "average"), 1 - TOGETHER, "distance")
    for number in np.unique(cluster):
        yield np.flatnonzero(cluster == number).tolist()


def _shuffled(X: npt.NDArray[np.float32], places: list[int], loss: Any, seed: int) -> Floats:
    total = np.zeros(len(X))
    for draw in range(SHUFFLES):
        order = np.random.default_rng(seed + draw).permutation(len(X))
        mixed = X.copy()
        mixed[:, places] = X[order][:, places]
        total += loss(mixed)
    return total / SHUFFLES


def _said(table: pd.DataFrame, metric: str, rows: int, *, learned: bool) -> Iterator[str]:
    yield f"{rows:,} tuning rows; what a shuffled group adds to the loss ({metric}) of a row"
    if learned:
        yield "the model was fitted once more with these rows: it may lean on them too much"
    if table["can go"].isna().any():
        yield "too few groups of rows for an interval: nothing can be said"
        return
    idle = table[table["can go"].astype(bool)]["inputs"].tolist()
    if not idle:
        yield "no group can go: each costs something"
        return
    named = ", ".join(f'"{name}"' for each in idle for name in each.split(", "))
    yield f"costs nothing clear to lose: {named}. Leave them out together, train, and compare"
