"""Who is routed where follows from names alone, and a share is what it says."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.serving.routing import Arm, Routing, in_order, number_of

NAMES = st.text(min_size=1, max_size=8)
# Pinned: a server of next year, or one written in another language, deals the same.
VECTORS = {
    ("rain", "TrainFlow/2", "17"): 0.48785059739719133,
    ("rain", "TrainFlow/2", "Łódź"): 0.4390678563591697,
    ("flights", "TrainFlow/9", ""): 0.39366317031910475,
}


@pytest.mark.parametrize(("names", "number"), VECTORS.items())
def test_numbers_are_those_of_every_server(names, number):
    assert number_of(*names) == number


def routing(**shares):
    return Routing("small", "champion", in_order(Arm(n, s, n) for n, s in shares.items()))


def test_shares_are_obeyed():
    found = Counter(map(routing(a=10, b=30, c=5).route, map(str, range(40_000))))
    for name, share in {"a": 0.10, "b": 0.30, "c": 0.05, "champion": 0.55}.items():
        # Four standard errors of a share.
        assert abs(found[name] / 40_000 - share) <= 4 * (share * (1 - share) / 40_000) ** 0.5


@settings(deadline=None)
@given(subject=NAMES, low=st.integers(1, 49), more=st.integers(0, 49))
def test_a_share_that_grows_keeps_whom_it_had(subject, low, more):
    if routing(a=low).route(subject) == "a":
        assert routing(a=low + more).route(subject) == "a"


@settings(deadline=None)
@given(subjects=st.lists(NAMES, max_size=20), a=st.integers(1, 40), b=st.integers(1, 40))
def test_rows_are_dealt_as_one_by_one_and_whatever_order_challengers_came_in(subjects, a, b):
    one = routing(a=a, b=b)
    assert one == routing(b=b, a=a)
    dealt = one.parted(subjects)
    assert sorted(place for _, places in dealt for place in places) == list(range(len(subjects)))
    for model, places in dealt:
        assert {one.route(subjects[place]) for place in places} == {model}


def test_without_challengers_the_champion_answers_all():
    assert routing().parted(["a", "b"]) == [("champion", [0, 1])]
