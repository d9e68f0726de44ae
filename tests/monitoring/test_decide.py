"""A policy starts a training where it says so, and never two within its cool-down."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagline.case.monitoring import RetrainingSection
from tagline.metrics.intervals import Interval
from tagline.monitoring.decide import Signals, decide

LOUD = Signals(
    age_days=400,
    growth=9.0,
    moved=50,
    excess=Interval(0.5, 0.4, 0.6),
    estimated_rise=2.0,
)
QUIET = Signals(age_days=0)


@pytest.mark.parametrize("trigger", ["age", "growth", "drift", "loss", "estimated_loss"])
def test_each_trigger_asks_by_itself_and_says_why(trigger):
    policy = RetrainingSection(on=(trigger,))
    assert decide(policy, LOUD).train
    assert decide(policy, LOUD).rang == (trigger,)
    assert len(decide(policy, LOUD).why) > 10
    assert not decide(policy, QUIET).train


def test_a_loss_that_may_be_chance_starts_nothing():
    policy = RetrainingSection(on=("loss",), excess=0.01)
    assert not decide(policy, Signals(age_days=9, excess=Interval(0.02, -0.001, 0.04))).train
    assert decide(policy, Signals(age_days=9, excess=Interval(0.02, 0.001, 0.04))).train


def test_never_is_never():
    assert not decide(RetrainingSection(on=()), LOUD).train


@given(st.integers(1, 60), st.lists(st.booleans(), min_size=1, max_size=200))
def test_however_loud_the_alarms_trainings_keep_their_distance(cool_down, loud):
    policy = RetrainingSection(on=("loss", "drift"), cool_down_days=cool_down)
    last, days = None, []
    for day, rings in enumerate(loud):
        signals = LOUD if rings else QUIET
        ago = None if last is None else day - last
        if decide(policy, Signals(**{**vars(signals), "since_training": ago})).train:
            last = day
            days.append(day)
    assert all(b - a >= cool_down for a, b in pairwise(days))
    assert bool(days) == any(loud)


@pytest.mark.parametrize(
    ("trigger", "limit"),
    [
        ("age", {"age_days": 30}),
        ("growth", {"growth": 0.5}),
        ("drift", {"moved": 3}),
        ("estimated_loss", {"estimated_rise": 0.25}),
    ],
)
def test_what_reaches_its_limit_rings_and_what_does_not_is_quiet(trigger, limit):
    named = {"moved": "drifted"}
    ((signal, value),) = limit.items()
    policy = RetrainingSection(on=(trigger,), **{named.get(signal, signal): value})
    given_ = {"age_days": 0, signal: value}
    assert decide(policy, Signals(**given_)).train
    below = value - 1 if isinstance(value, int) else value - 1e-9
    assert not decide(policy, Signals(**{**given_, signal: below})).train
