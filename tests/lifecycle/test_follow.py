"""What an entry may say depends on what stood before it."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.lifecycle.entry import NO_ENTRY, Approval, Deployment, Draft, Standing, sign
from tagline.lifecycle.follow import inconsistency, roles
from tests.lifecycle.story import (
    approve,
    bundle,
    challenge,
    change,
    promote,
    refuse,
    retire,
    rollback,
)

KEY = Ed25519PrivateKey.generate()


def entry_of(draft, number):
    return sign(draft, number=number, previous=NO_ENTRY, key=KEY)


@pytest.fixture(scope="module")
def head():
    """Champion b after a, challenger c with 60%, one approval of d."""
    entry = None
    for make in (
        lambda entry: promote(entry, "a"),
        lambda entry: promote(entry, "b"),
        lambda entry: challenge(entry, "c", share=60),
        lambda entry: approve(entry, "d", key=KEY),
    ):
        said = make(entry)
        before = entry.standing if entry else Standing()
        entry = entry_of(said, entry.number + 1 if entry else 1)
        assert inconsistency(entry, before=before) == ""
    assert roles(entry.standing) == {"b": "champion", "c": "challenger"}
    return entry


def verdict(head, said, **changed):
    whole = {name: getattr(said, name) for name in Draft.model_fields} | changed
    known = {"a": "retired", "b": "champion", "c": "challenger"}
    entry = entry_of(Draft(**whole), head.number + 1)
    result = inconsistency(entry, before=head.standing, known=known)
    assert bool(result) >= bool(inconsistency(entry, before=head.standing))
    return result


def test_what_people_do_follows(head):
    first = Deployment(run="a", bundle=bundle("a"), number=1, since=1, act="promote")
    for said in (
        promote(head, "c"),
        promote(head, "d"),
        rollback(head, to=first),
        challenge(head, "c", share=99),
        challenge(head, "d", share=39),
        retire(head, "c"),
        retire(head, "d"),
        approve(head, "c", key=KEY),
        refuse(head, "a"),
    ):
        assert verdict(head, said) == ""


def standing(head, **changed):
    return head.standing.model_copy(update=changed)


def wrong_changes(head):
    yield promote(head, "a"), {}, "a was retired, not candidate"
    yield promote(head, "d"), {"changes": ()}, "promote makes one champion, not 0"
    yield (
        challenge(head, "d"),
        {"changes": (change("d", "champion", "challenger"),)},
        ("d was not in the ledger, not champion"),
    )
    twice = (change("c", "challenger", "retired"),) * 2
    yield retire(head, "c"), {"changes": twice}, "changes the same run twice"
    yield (
        retire(head, "c"),
        {"changes": (change("c", "challenger", "rejected"),)},
        ("retire can not make a run rejected"),
    )
    yield (
        refuse(head, "c"),
        {"changes": (change("c", "challenger", "retired"),)},
        ("refuse can not make a run retired"),
    )


def wrong_champions(head):
    said = promote(head, "d")
    other = Deployment(run="x", bundle="", number=1, since=1, act="promote")
    yield said, {"changes": said.changes[:1]}, "leaves two champions, b beside d"
    yield said, {"replaced": None}, "replaces is not the one that stood"
    for champion in (None, other, said.standing.champion.model_copy(update={"bundle": "other"})):
        now = said.standing.model_copy(update={"champion": champion})
        yield said, {"standing": now}, "not the run that it makes champion"
    older = said.standing.champion.model_copy(update={"number": 1})
    now = said.standing.model_copy(update={"champion": older})
    yield said, {"standing": now}, "not the run that it makes champion"
    for make in (refuse(head, "d"), approve(head, "c", key=KEY), challenge(head, "d")):
        now = make.standing.model_copy(update={"champion": other})
        yield make, {"standing": now}, "The champion is another, and it makes none"
    yield refuse(head, "d"), {"replaced": head.standing.champion}, "another, and it makes none"


def wrong_challengers(head):
    (own,) = head.standing.challengers
    yield refuse(head, "d"), {"standing": standing(head, challengers=())}, "not those that stood"
    more = (own.model_copy(update={"share": 70}),)
    yield refuse(head, "d"), {"standing": standing(head, challengers=more)}, "changes none"
    yield refuse(head, "d"), {"standing": standing(head, challengers=(own, own))}, "there twice"
    yield challenge(head, "d", share=40), {}, "more than 99% together"
    said = challenge(head, "d")
    odd = tuple(
        each.model_copy(update={"bundle": bundle("c")}) for each in said.standing.challengers
    )
    now = said.standing.model_copy(update={"challengers": odd})
    yield said, {"standing": now}, "not the run that it makes challenger"


def wrong_approvals(head):
    own = Approval(who="Eve", key="0" * 64, number=5)
    given = {**head.standing.approvals, "c": (own,)}
    yield (
        approve(head, "c", key=KEY),
        {"standing": standing(head, approvals=given)},
        ("not by whoever signed it"),
    )
    yield approve(head, "c", key=KEY), {"standing": head.standing}, "no approval of its run"
    given = {"d": (own, *head.standing.approvals["d"])}
    yield (
        approve(head, "d", key=KEY),
        {"standing": standing(head, approvals=given)},
        ("no approval of its run"),
    )
    yield refuse(head, "d"), {"standing": standing(head, approvals={})}, "Approvals are gone"
    yield refuse(head, "d"), {"standing": standing(head, approvals=given)}, "others than stood"
    yield promote(head, "d"), {"approvals": (own,)}, "approval that did not stand"


def wrong_refusals(head):
    yield refuse(head, "d"), {"refused": ""}, "A refusal has a reason"
    yield promote(head, "d"), {"refused": "why not"}, "A refusal has a reason"


@pytest.mark.parametrize(
    "mistakes",
    [wrong_changes, wrong_champions, wrong_challengers, wrong_approvals, wrong_refusals],
)
def test_what_does_not_follow_is_told(head, mistakes):
    for said, changed, result in mistakes(head):
        assert result in verdict(head, said, **changed)
