"""Test rows wear out: what it does to an interval that they have judged several runs."""

from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

from tagline.evaluation.evaluate import Evaluation
from tagline.metrics.metrics import METRICS

UNBOUNDED = ("log_loss", "rmse", "mae", "mape", "r2", "mcc")


def widened(level: float, looks: int) -> float:
    """Say how many times as wide an interval is that holds for several runs at once.

    With k runs each interval is one of ``1 - (1 - level) / k`` (Bonferroni); its width is that of a
    normal distribution's quantiles.
    """
    normal = NormalDist()
    one, every = (normal.inv_cdf(1 - (1 - level) / (2 * k)) for k in (1, looks))
    return every / one


def worn(evaluation: Evaluation, looks: int, *, level: float) -> Iterator[str]:
    """Say how many runs the test rows have judged, and what that does to the intervals."""
    if looks < 2:
        return
    times = widened(level, looks)
    shown = next(iter(evaluation.metrics.items()), None)
    wide = "" if shown is None else _wider(*shown, times)
    yield (
        f"worn    these {evaluation.support['n']:,} test rows have judged {looks} runs of this "
        f"case: who takes the best of them by its test figures chooses by these rows. An interval "
        f"that holds for all {looks} is {times:.2f} times as wide{wide}. --explore ends a run "
        "before they are looked at."
    )


def _wider(name: str, figure: Mapping[str, Any], times: float) -> str:
    value, low, high = (float(figure[each]) for each in ("value", "low", "high"))
    if low != low:
        return ""
    wider = [value - (value - low) * times, value + (high - value) * times]
    if name not in UNBOUNDED:
        wider = [min(max(each, 0.0), 1.0) for each in wider]
    return f" ({METRICS[name].title} {wider[0]:.4f} to {wider[1]:.4f})"
