"""One model of the best few: trees whose log-odds are averaged are trees again."""

import time
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tagline.case.search import SearchSection
from tagline.models import leaderboard
from tagline.models.boosted import Boosted
from tagline.models.model import Floats, sigmoid
from tagline.models.trials import Row, records, row


def average(
    table: pd.DataFrame,
    models: Mapping[int, bytes],
    X: Floats,
    y: Floats,
    *,
    section: SearchSection,
) -> tuple[Row, Boosted] | None:
    """Average as many of the best boosted trials as the tuning rows like best.

    An average of models that err differently errs less than each of them (Breiman 1996, "Bagging
    predictors"), here for a fraction of what trees at a finer learning rate cost.

    Parameters
    ----------
    table : DataFrame
        All trials, ranked; see `leaderboard.COLUMNS`.
    models : mapping of int to bytes
        Trial to its trees, of those that finished.
    X : ndarray of shape (m, p), float32
        The tuning rows.
    y : ndarray of shape (m,)
        Their labels.
    section : SearchSection
        How many may be averaged, and by which figure the number is chosen.

    Returns
    -------
    tuple or None
        The average's row of the leaderboard and its model; None where no average is better than
        the best trial.
    """
    begun = time.process_time()
    ranked = [trial for trial in table["trial"] if trial in models][: section.average]
    best = [Boosted.from_bytes(models[trial]).with_all_cores() for trial in ranked]
    number = _best_number([model.log_odds(X) for model in best], y, metric=section.metric)
    if number < 2:
        return None
    # Measured as it will be kept: leaves are rounded to single precision.
    averaged = Boosted.average(best[:number]).with_all_cores()
    own = row(int(table["trial"].max()) + 1, averaged.kind, {"average_of": ranked[:number]})
    own |= leaderboard.figures(averaged, X, y) | {"state": "finished"}
    own |= {"seconds": time.process_time() - begun}
    top = records(table.head(1))[0]
    better = leaderboard.order(own, section.metric) < leaderboard.order(top, section.metric)
    return (own, averaged) if better else None


def _best_number(log_odds: Sequence[Floats], y: Floats, *, metric: str) -> int:
    def loss(number: int) -> float:
        mean = sigmoid(np.mean(log_odds[:number], axis=0))
        return leaderboard.loss(leaderboard.measured(mean, y), metric)

    return min(range(1, len(log_odds) + 1), key=loss, default=0)
