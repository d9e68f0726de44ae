"""One model of the best few: their margins averaged; trees that are averaged are trees again."""

import time
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tagline.case.search import SearchSection
from tagline.models import leaderboard
from tagline.models.families import Boosted, Mean, load
from tagline.models.model import Floats, Model
from tagline.models.out_of_fold import answered
from tagline.models.trials import Row, records, row
from tagline.tasks.task import Task


def average(
    table: pd.DataFrame,
    models: Mapping[int, tuple[str, bytes]],
    X: Floats,
    y: Floats,
    *,
    section: SearchSection,
    task: Task,
) -> tuple[Row, Model] | None:
    """Average as many of the best trials as the tuning rows like best.

    An average of models that err differently errs less than each of them (Breiman 1996, "Bagging
    predictors"), here for a fraction of what trees at a finer learning rate cost.

    Parameters
    ----------
    table : DataFrame
        All trials, ranked; see `leaderboard.COLUMNS`.
    models : mapping of int to tuple
        Trial to the kind and the bytes of its model, of those that finished.
    X : ndarray of shape (m, p), float32
        The tuning rows.
    y : ndarray of shape (m,)
        Their labels.
    section : SearchSection
        How many may be averaged, and by which figure the number is chosen.
    task : Task
        The case's.

    Returns
    -------
    tuple or None
        The average's row of the leaderboard and its model; None where no average is better than
        the best trial.
    """
    begun = time.process_time()
    ranked = by_turns(table[table["trial"].isin(list(models))])[: section.average]
    best = [load(*models[trial]).with_all_cores() for trial in ranked]
    margins = [model.margins(X) for model in best]

    def figure(number: int) -> float:
        mean = np.mean(margins[:number], axis=0)
        return leaderboard.loss(leaderboard.measured(mean, y, task=task), section.metric)

    number = min(range(1, len(best) + 1), key=figure, default=0)
    if number < 2:
        return None
    # Measured as it will be kept: leaves are rounded to single precision.
    averaged = _mean(best[:number]).with_all_cores()
    own = row(int(table["trial"].max()) + 1, averaged.kind, {"average_of": ranked[:number]})
    given, answering = answered(averaged, X)
    own |= leaderboard.measured(given, y, task=task)
    own |= {"rounds": averaged.rounds, "state": "finished", "predict_seconds": answering}
    own |= {"seconds": time.process_time() - begun}
    top = records(table.head(1))[0]
    better = leaderboard.order(own, section.metric) < leaderboard.order(top, section.metric)
    return (own, averaged) if better else None


def by_turns(ranked: pd.DataFrame) -> list[int]:
    """Name trials: the best of each family first, then the second of each, and so on."""
    turn = ranked.groupby("kind", sort=False).cumcount()
    found: list[int] = ranked["trial"][turn.sort_values(kind="stable").index].tolist()
    return found


def _mean(models: Sequence[Model]) -> Model:
    trees = [each for each in models if isinstance(each, Boosted)]
    return Boosted.average(trees) if len(trees) == len(models) else Mean(tuple(models))
