"""Who may do what is judged by every reader, by the policy that stood when an entry was written."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.keys import public_hex
from tagline.lifecycle.audit import audit
from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.entry import Policy, sign
from tests.lifecycle.story import approve, challenge, draft, promote, refuse, retire, stands
from tests.storage.memory import Memory

KEYS = {name: Ed25519PrivateKey.generate() for name in ("Ada", "Bob", "Cyd", "Eve")}
PUBLIC = {name: public_hex(key) for name, key in KEYS.items()}
STRICT = Policy(
    people={name: PUBLIC[name] for name in ("Ada", "Bob", "Cyd")},
    open=False,
    promoters=("Ada",),
    approvers=("Bob", "Cyd"),
    approvals=1,
    reason=True,
    free_share=10,
)
MADE = {"author": "dan", "author_key": "d" * 64}


def founded(policy):
    ledger = Ledger(Memory(), "flights")
    say(ledger, refuse(None, "x"), "Ada", policy=policy)
    return ledger


def say(ledger, said, who, *, key=None, force=False, **more):
    """Write as someone, past all checks if need be; give the fault that every reader finds."""
    state = ledger.state()
    said = said.model_copy(update={"who": who, **more})
    key = KEYS[key or who]
    if not force:
        ledger.append(said, after=state, key=key)
        return None
    entry = sign(said, number=state.number + 1, previous=state.digest, key=key)
    ledger.store.contents[ledger.name(entry.number)] = entry.to_bytes()
    after = Ledger(ledger.store, "flights").state()
    found = [fault for fault in after.void if fault.number == entry.number]
    assert bool(found) == (after.standing == state.standing and after.last == state.last)
    return found[0] if found else None


def approved(ledger, run, who="Bob"):
    state = ledger.state()
    say(ledger, approve(state, run, key=KEYS[who], who=who), who, **MADE)


def policy_draft(state, policy, act="policy", **more):
    standing = stands(state)
    return draft(act, policy.name, "flights", bundle="", policy=policy, standing=standing, **more)


@pytest.mark.parametrize(
    ("who", "key", "make", "more", "told"),
    [
        ("Bob", None, promote, MADE, "Bob may not promote"),
        ("Eve", None, promote, MADE, "belongs to nobody who may"),
        ("Ada", "Eve", promote, MADE, "belongs to nobody who may"),
        ("Ada", None, promote, MADE, "author dan: 1; given so far by: nobody"),
        ("Ada", None, promote, MADE | {"why": " "}, "asks for a reason"),
        ("Ada", None, challenge, MADE | {"why": ""}, "asks for a reason"),
        ("Bob", None, challenge, MADE, "Bob may not challenge"),
        ("Ada", None, lambda s, r: challenge(s, r, share=99), MADE, "1; given so far by: nobody"),
        ("Bob", None, retire, {}, "Bob may not retire"),
        ("Bob", "Eve", refuse, {}, "not signed with the key of Bob"),
    ],
)
def test_what_a_policy_does_not_allow_is_void(who, key, make, more, told):
    ledger = founded(STRICT)
    fault = say(ledger, make(ledger.state(), "new"), who, key=key, force=True, **more)
    assert fault.kind == "forbidden"
    assert told in fault.what
    assert [each.number for each in audit(ledger)] == [2]


def test_what_it_allows_counts():
    ledger = founded(STRICT)
    approved(ledger, "new")
    say(ledger, promote(ledger.state(), "new"), "Ada", **MADE)
    say(ledger, challenge(ledger.state(), "other", share=10), "Ada", **MADE)
    assert audit(ledger) == []
    assert ledger.state().standing.champion.run == "new"


def test_who_made_a_run_does_not_approve_it_and_nobody_can_say_it_was_another():
    ledger = founded(STRICT)
    own = {"author": "Bob", "author_key": PUBLIC["Bob"]}
    given = approve(ledger.state(), "new", key=KEYS["Bob"], who="Bob")
    assert "can not approve" in say(ledger, given, "Bob", force=True, **own).what
    state = ledger.state()
    given = approve(state, "new", key=KEYS["Cyd"], who="Cyd")
    say(ledger, given, "Cyd", **own)
    state = ledger.state()
    lie = approve(state, "new", key=KEYS["Bob"], who="Bob")
    assert "Another made new" in say(ledger, lie, "Bob", force=True, **MADE).what
    silent = promote(ledger.state(), "new")
    assert "who made the run" in say(ledger, silent, "Ada", force=True).what


def test_a_gate_that_failed_makes_a_promotion_void():
    ledger = founded(Policy())
    failed = ({"name": "ROC AUC", "passed": False},)
    fault = say(ledger, promote(ledger.state(), "a"), "Ada", force=True, gates=failed)
    assert "1 of its gates fail now, the first: ROC AUC" in fault.what


def test_a_policy_is_changed_only_by_what_the_one_before_it_allows():
    ledger = founded(STRICT)
    loose = STRICT.model_copy(update={"approvals": 0})
    for who in ("Bob", "Eve"):
        fault = say(ledger, policy_draft(ledger.state(), loose), who, force=True)
        assert fault.kind == "forbidden"
    fault = say(ledger, policy_draft(ledger.state(), loose), "Ada", force=True)
    assert "1; given so far by: nobody" in fault.what
    say(ledger, policy_draft(ledger.state(), loose, act="propose"), "Ada")
    proposal = approve(ledger.state(), loose.name, key=KEYS["Bob"], who="Bob")
    say(ledger, proposal, "Bob", bundle="")
    before = ledger.state()
    given = before.standing.approvals[loose.name]
    after = stands(before).model_copy(update={"approvals": {}})
    said = policy_draft(before, loose, approvals=given)
    say(ledger, said.model_copy(update={"standing": after}), "Ada")
    assert ledger.state().policy == loose
    # What was written before is still judged by what stood then.
    say(ledger, promote(ledger.state(), "new"), "Ada")
    assert [each.kind for each in audit(ledger)] == ["forbidden"] * 3


def test_who_proposes_a_policy_does_not_approve_it():
    both = STRICT.model_copy(update={"promoters": (), "approvers": ()})
    ledger = founded(both)
    loose = both.model_copy(update={"approvals": 0})
    say(ledger, policy_draft(ledger.state(), loose, act="propose"), "Ada")
    own = approve(ledger.state(), loose.name, key=KEYS["Ada"], who="Ada")
    assert "can not approve" in say(ledger, own, "Ada", force=True, bundle="").what


def test_no_entry_but_those_of_a_policy_brings_one():
    ledger = founded(STRICT)
    fault = say(ledger, refuse(ledger.state(), "x"), "Eve", force=True, policy=Policy())
    assert "nothing else brings one" in fault.what
    other = policy_draft(ledger.state(), Policy()).model_copy(update={"run": "policy:other"})
    assert say(founded(Policy()), other, "Ada", force=True).kind == "inconsistent"


def test_where_nobody_is_named_whoever_comes_is_entered_and_keeps_their_key():
    ledger = founded(Policy())
    say(ledger, promote(ledger.state(), "a"), "Ada", author="dan", author_key="d" * 64)
    say(ledger, challenge(ledger.state(), "b"), "Bob")
    assert ledger.state().policy.people == {
        "Ada": PUBLIC["Ada"],
        "dan": "d" * 64,
        "Bob": PUBLIC["Bob"],
    }
    for who, key in (("Bob", "Eve"), ("Rob", "Bob")):
        fault = say(ledger, retire(ledger.state(), "b"), who, key=key, force=True)
        assert fault.kind == "forbidden"
    refused = refuse(ledger.state(), "x")
    say(ledger, refused, "Cyd")
    assert "Cyd" not in ledger.state().policy.people


def test_a_rollback_goes_only_to_what_was_champion():
    ledger = founded(Policy())
    for run in "ab":
        say(ledger, promote(ledger.state(), run), "Ada")
    state = ledger.state()
    never = promote(state, "c", act="rollback", first=2, was="retired")
    assert "never been the champion" in say(ledger, never, "Ada", force=True).what
    state = ledger.state()
    other = state.champions["a"].model_copy(update={"bundle": "f" * 64})
    said = promote(state, "a", act="rollback", first=other.number, was="retired")
    live = said.standing.champion.model_copy(update={"bundle": "f" * 64})
    standing = said.standing.model_copy(update={"champion": live})
    fault = say(ledger, said, "Ada", force=True, bundle="f" * 64, standing=standing)
    assert "with that bundle" in fault.what


def test_on_a_disk_too(ledger, key, folder):
    state = ledger.state()
    ledger.append(promote(state, "a"), after=state, key=key)
    state = ledger.state()
    entry = sign(
        promote(state, "evil").model_copy(update={"who": "Ada"}),
        number=2,
        previous=state.digest,
        key=KEYS["Eve"],
    )
    Path(folder, ledger.name(2)).write_bytes(entry.to_bytes())
    assert [each.number for each in audit(ledger)] == [2]
    assert ledger.state().standing.champion.run == "a"
