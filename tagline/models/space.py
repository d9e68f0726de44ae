"""Where the search draws its trials from."""

import math
from collections.abc import Callable
from typing import Any

from tagline.case.search import SpaceSection
from tagline.models.halton import halton

Bounds = tuple[float, float]


def draw(
    space: SpaceSection, count: int, *, seed: int, rows: int | None = None
) -> list[dict[str, Any]]:
    """Spread trials over the space: its middle first, then a scrambled Halton sequence.

    Parameters
    ----------
    space : SpaceSection
        From which value to which each parameter is drawn.
    count : int
        How many trials.
    seed : int
        Seed of the scrambling; one seed gives a longer list the same beginning.
    rows : int, optional
        How many train.

    Returns
    -------
    list of dict
        XGBoost's parameters, one dict a trial.
    """
    names, bounds = list(_SCALES), space.bounds(rows)
    # Halton, not a grid or dice: any number of points covers the space evenly.
    spread = halton(count, len(names), seed=seed)
    points = [[0.5] * len(names), *spread.tolist()][:count]
    return [
        {name: _SCALES[name](bounds[name], part) for name, part in zip(names, point, strict=True)}
        for point in points
    ]


def _whole(bounds: Bounds, part: float) -> int:
    low, high = bounds
    return int(min(high, low + math.floor(part * (high - low + 1))))


def _even(bounds: Bounds, part: float) -> float:
    low, high = bounds
    return _rounded(low + part * (high - low))


def _logarithmic(bounds: Bounds, part: float) -> float:
    low, high = (math.log1p(bound) for bound in bounds)
    return _rounded(math.expm1(low + part * (high - low)))


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


_SCALES: dict[str, Callable[[Bounds, float], float]] = {
    "max_depth": _whole,
    "min_child_weight": _logarithmic,
    "subsample": _even,
    "colsample_bytree": _even,
    "reg_lambda": _logarithmic,
    "gamma": _even,
}
