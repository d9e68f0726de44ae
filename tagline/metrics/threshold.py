"""Where to act: the threshold of least expected cost."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.metrics.metrics import METRICS
from tagline.metrics.scored import Floats

if TYPE_CHECKING:
    from tagline.case.evaluation import CostSection  # what answers needs no config

STEPS = 200
TOP = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5)
NEVER = float(np.nextafter(1.0, 2.0))


@dataclass(frozen=True)
class Threshold:
    """Act where the probability is at least `value`.

    Attributes
    ----------
    value : float
        The threshold; 0 acts always, above 1 never.
    curve : DataFrame
        Up to 201 thresholds, rising: ``threshold``, ``cost`` (mean of a row), ``flagged``
        (share of rows acted on), ``precision`` and ``recall`` (NaN where undefined).
    """

    value: float
    curve: pd.DataFrame


def choose(
    y: Floats,
    p: Floats,
    *,
    cost: "CostSection",
    most: float = 1.0,
    worth: Floats | None = None,
) -> Threshold:
    """Find the threshold of least mean cost on the tuning rows.

    Thresholds lie halfway between neighbouring probabilities, so that the last bits of a
    probability decide nothing. Of several that cost the same, the one nearest to
    ``false_positive / (false_positive + false_negative)`` is taken, which is right for
    probabilities that mean what they say (Elkan 2001).

    Parameters
    ----------
    y, p : ndarray of shape (n,), float64
        Labels 0 or 1, probabilities of 1; at least one row.
    cost : CostSection
        What a false positive and a false negative cost.
    most : float, optional
        The greatest share of the rows that may be acted on.
    worth : ndarray of shape (n,), float64, optional
        What the costs of each row are multiplied by; 1 where None.

    Raises
    ------
    TaglineError
        The rows cannot be judged.
    """
    METRICS["brier"].of(y, p)
    thresholds, flagged, found = _all(y, p)
    w = np.ones(len(y)) if worth is None else worth
    costs = _cost(*_all(y, p, w)[1:], y * w, cost) / len(y)
    ideal = cost.false_positive / (cost.false_positive + cost.false_negative)
    # To act never is always allowed.
    able = np.where(flagged <= most * len(y), costs, np.inf)
    cheapest = np.flatnonzero(able <= able.min() + 1e-12)
    value = thresholds[cheapest[np.argmin(np.abs(thresholds[cheapest] - ideal))]]
    shown = np.unique(np.linspace(0, len(thresholds) - 1, STEPS + 1).astype(np.int64))
    table = {"threshold": thresholds, "cost": costs, "flagged": flagged / len(y)}
    table |= {"precision": _share(found, flagged), "recall": _share(found, y.sum())}
    return Threshold(float(value), pd.DataFrame(table).iloc[shown].reset_index(drop=True))


def at(
    y: Floats, p: Floats, threshold: float, *, cost: "CostSection", worth: Floats | None = None
) -> dict[str, Any]:
    """Tell what acting at a threshold does on rows.

    Returns
    -------
    dict
        ``value``, ``cost`` and those of acting always and never (``cost_of_always``,
        ``cost_of_never``), ``flagged`` (share of rows), ``precision`` and ``recall``;
        ``confusion`` (rows by what came true, 0 and 1, and by decision), and ``top``, see `top`.
    """
    act, w = p >= threshold, np.ones(len(y)) if worth is None else worth
    flagged, found = np.array([act.sum()]), np.array([y[act].sum()])
    own = np.array([w[act].sum()]), np.array([(y * w)[act].sum()])
    return {
        "value": threshold,
        "cost": float(_cost(*own, y * w, cost)[0] / len(y)),
        "cost_of_always": float(cost.false_positive * ((1 - y) * w).mean()),
        "cost_of_never": float(cost.false_negative * (y * w).mean()),
        "flagged": float(act.mean()),
        "precision": float(_share(found, flagged)[0]),
        "recall": float(_share(found, y.sum())[0]),
        "confusion": [
            [int(((y == label) & (act == said)).sum()) for said in (False, True)]
            for label in (0, 1)
        ],
        "top": top(y, p),
    }


def top(y: Floats, p: Floats) -> list[dict[str, float]]:
    """Tell what acting on the highest answers comes to, for some shares of the rows.

    Returns
    -------
    list of dict
        ``share``, ``rows``, ``threshold`` (the least answer among them), ``precision``, ``recall``
        (the gain: how many of all that came true are among them) and ``lift`` (precision as a
        multiple of the rate of all rows; NaN where none came true). Rows of one answer are taken
        in the order in which they come.
    """
    order, found = np.argsort(-p, kind="stable"), []
    for share in TOP:
        taken = order[: max(1, round(share * len(p)))]
        hits, all_hits = float(y[taken].sum()), float(y.sum())
        precision = hits / len(taken)
        found.append(
            {
                "share": share,
                "rows": float(len(taken)),
                "threshold": float(p[taken[-1]]),
                "precision": precision,
                "recall": hits / all_hits if all_hits else float("nan"),
                "lift": precision / (all_hits / len(y)) if all_hits else float("nan"),
            }
        )
    return found


def _all(y: Floats, p: Floats, w: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """Give every threshold that parts the rows differently, rising, and what it flags and finds."""
    distinct, place = np.unique(p, return_inverse=True)
    weight = np.ones(len(y)) if w is None else w
    rows = np.bincount(place, weights=weight, minlength=len(distinct))
    positives = np.bincount(place, weights=y * weight, minlength=len(distinct))
    halfway = np.maximum((distinct[1:] + distinct[:-1]) / 2, np.nextafter(distinct[:-1], 1.0))
    thresholds = np.concatenate([[0.0], halfway, [NEVER]])
    return thresholds, _from_each(rows), _from_each(positives)


def _from_each(values: npt.NDArray[Any]) -> Floats:
    return np.append(np.cumsum(values[::-1])[::-1], 0.0)


def _cost(
    flagged: npt.NDArray[Any], found: npt.NDArray[Any], y: Floats, cost: "CostSection"
) -> Floats:
    missed, vain = y.sum() - found, flagged - found
    total: Floats = cost.false_positive * vain + cost.false_negative * missed
    return total


def _share(part: npt.NDArray[Any], whole: npt.NDArray[Any] | float) -> Floats:
    below = np.broadcast_to(np.asarray(whole, dtype=np.float64), part.shape)
    share: Floats = np.divide(part, below, out=np.full(part.shape, np.nan), where=below > 0)
    return share
