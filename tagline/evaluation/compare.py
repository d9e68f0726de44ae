"""A model beside others on the same rows and the same resamples."""

from collections.abc import Mapping

import pandas as pd

from tagline.metrics.intervals import LEAST_GROUPS, Estimate
from tagline.metrics.metrics import METRICS

COLUMNS = ["against", "kind", "metric", "own", "other", "difference", "low", "high"]


def compare(
    own: Mapping[str, Estimate],
    others: Mapping[str, Mapping[str, Estimate]],
    *,
    kind: str,
    level: float,
) -> pd.DataFrame:
    """Compare a model with others, metric by metric, paired by resample.

    Parameters
    ----------
    own : mapping of metric to Figures
        The model's.
    others : mapping of name to mapping of metric to Figures
        Those of the others, from the same `GroupBootstrap`.
    kind : str
        What the others are: "baseline" or "champion".
    level : float
        Share of the resamples inside an interval.

    Returns
    -------
    DataFrame
        ``against``, ``kind``, ``metric``, ``own``, ``other``, ``difference`` (own less other)
        with ``low`` and ``high``, ``undefined`` (resamples), ``better`` and ``worse`` (whether
        the whole interval says so) and ``note`` (why there is no interval, where there is none).
    """
    rows = [
        (name, kind, metric, *_row(metric, own[metric], theirs[metric], level))
        for name, theirs in others.items()
        for metric in own
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS, "undefined", "better", "worse", "note"])


def _row(
    metric: str, own: Estimate, other: Estimate, level: float
) -> tuple[float | bool | str, ...]:
    gap = own.minus(other).interval(level, least=LEAST_GROUPS)
    above, below = gap.low > 0, gap.high < 0
    better, worse = (above, below) if METRICS[metric].sign > 0 else (below, above)
    figures = (own.value, other.value, gap.value, gap.low, gap.high, gap.undefined)
    return (*figures, better, worse, gap.note)
