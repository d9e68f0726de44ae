"""Who may do what, as a config proposes it."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tagline.case.standing import StandingSection
from tagline.lifecycle.entry import Approval
from tagline.lifecycle.people import proposed
from tagline.lifecycle.policy import counting, may

KEYS = {name: f"{place:x}" * 64 for place, name in enumerate(("ann", "bob", "cyd", "dan"))}
people = st.lists(st.sampled_from(sorted(KEYS)), unique=True).map(tuple)


def _named(*names):
    return {name: KEYS[name] for name in names}


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"promoters": ["zed"]}, "'zed' has no key"),
        ({"keys": {"ann": KEYS["ann"], "bob": KEYS["ann"]}}, "two people have the same key"),
        ({"approvals": 1, "keys": _named("ann")}, "nobody could ever change"),
        (
            {"approvals": 1, "approvers": ["ann"], "promoters": ["ann"], "keys": _named("ann")},
            "1 approvals are asked of 0 approvers",
        ),
        (
            {"approvals": 2, "approvers": ["ann", "bob"], "keys": _named("ann", "bob")},
            "2 approvals are asked of 1 approvers",
        ),
    ],
)
def test_what_nobody_could_live_with_is_refused(section, said):
    with pytest.raises(ValidationError, match=said):
        StandingSection(**section)


@given(promoters=people, approvers=people, known=people, approvals=st.integers(0, 5))
def test_a_policy_is_refused_where_nobody_could_ever_change_it(
    promoters, approvers, known, approvals
):
    keys = _named(*{*promoters, *approvers, *known})
    section = {
        "promoters": promoters,
        "approvers": approvers,
        "keys": keys,
        "approvals": approvals,
    }
    unchecked = StandingSection.model_construct(
        **section, reason=False, free_share=StandingSection.model_fields["free_share"].default
    )
    try:
        StandingSection(**section)
    except ValidationError:
        assert not _can_be_changed(proposed(unchecked))
    else:
        assert not keys or _can_be_changed(proposed(unchecked))


def _can_be_changed(policy):
    """Try each proposer with each set of approvers."""
    everyone = [Approval(who=name, key=key, number=1) for name, key in policy.people.items()]
    for name, key in policy.people.items():
        if not may(policy, "promote", name=name, key=key):
            continue
        for size in range(len(everyone) + 1):
            for given_by in combinations(everyone, size):
                counted = counting(policy, given_by, author=name, author_key=key)
                if len(counted) >= policy.approvals:
                    return True
    return False
