"""Whether a model is trained again: the case's policy, held against what was found.

The same few lines decide in production and in a replay of the past, so that a threshold can be
tried before it is trusted.
"""

from dataclasses import dataclass

import numpy as np

from tagline.case.monitoring import RetrainingSection, Trigger
from tagline.metrics.intervals import Interval
from tagline.monitoring.harm import hurts

UNKNOWN = Interval(np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Signals:
    """What a policy looks at.

    Attributes
    ----------
    age_days : int
        Days since the champion was trained.
    growth : float
        Labelled rows that came since, as a share of what it learned from.
    moved : int
        Fields that moved, the score among them.
    excess : Interval
        Log loss a row above what the answers promised.
    estimated_rise : float
        Estimated log loss over that of its test rows, minus 1; NaN where unknown.
    since_training : int or None
        Days since training was last started; None where it never was.
    """

    age_days: int
    growth: float = 0.0
    moved: int = 0
    excess: Interval = UNKNOWN
    estimated_rise: float = float("nan")
    since_training: int | None = None


@dataclass(frozen=True)
class Decision:
    """What follows.

    Attributes
    ----------
    train : bool
        Whether training starts.
    rang : tuple of str
        The triggers that asked for it.
    why : str
        A sentence.
    """

    train: bool
    rang: tuple[Trigger, ...]
    why: str


def decide(policy: RetrainingSection, signals: Signals) -> Decision:
    """Hold signals against a policy.

    A training that was started less than the policy's cool-down ago holds every trigger back, so
    that however loud the alarms are, trainings can not follow one another.
    """
    found = {each: _sentence(each, policy, signals) for each in policy.on}
    rang = tuple(each for each, sentence in found.items() if sentence)
    if not policy.on:
        return Decision(False, (), "The policy never trains again.")
    if not rang:
        return Decision(False, (), f"Nothing of {', '.join(policy.on)} asks for a training.")
    why = " ".join(found[each] for each in rang)
    ago = signals.since_training
    if ago is not None and ago < policy.cool_down_days:
        held = f"Training was started {ago} days ago; the cool-down is {policy.cool_down_days}."
        return Decision(False, rang, f"{why} {held}")
    return Decision(True, rang, why)


def _sentence(trigger: Trigger, policy: RetrainingSection, signals: Signals) -> str:
    match trigger:
        case "age":
            rings = signals.age_days >= policy.age_days
            said = f"The champion is {signals.age_days} days old; at most {policy.age_days}."
        case "growth":
            rings = signals.growth >= policy.growth
            said = f"{signals.growth:.0%} more labelled rows than it learned from."
        case "drift":
            rings = signals.moved >= policy.drifted
            said = f"{signals.moved} fields have moved."
        case "loss":
            found = signals.excess
            rings = hurts(found, policy.excess)
            said = (
                f"Log loss is {found.value:.4f} above what the answers promised "
                f"({found.low:.4f} to {found.high:.4f})."
            )
        case "estimated_loss":
            rings = signals.estimated_rise >= policy.estimated_rise
            said = f"Estimated log loss is {signals.estimated_rise:.1%} above that of its test."
    return said if rings else ""
