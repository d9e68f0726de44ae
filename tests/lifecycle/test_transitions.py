"""Standings follow the rules: random acts against a slow, obvious model of what should stand."""

from dataclasses import dataclass, field, replace

import hypothesis.strategies as st
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tagline.case.standing import StandingSection
from tagline.keys import public_hex
from tagline.lifecycle import entries
from tagline.lifecycle.audit import audit
from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.entries import promotion, proposal_of
from tagline.lifecycle.entry import sign
from tagline.lifecycle.last_seen import LastSeen
from tagline.lifecycle.people import Actor, actor, proposed
from tagline.lifecycle.request import Conflict, Request
from tagline.lifecycle.rules import Candidate, Refused
from tagline.lifecycle.transitions import Transitions
from tagline.storage.location import open_store

KEYS = {name: Ed25519PrivateKey.generate() for name in ("ann", "bob", "cyd", "eve")}
PUBLIC = {name: public_hex(key) for name, key in KEYS.items()}
STRICT = StandingSection(
    promoters=("ann", "eve"),
    approvers=("ann", "bob", "cyd"),
    approvals=2,
    reason=True,
    keys={name: PUBLIC[name] for name in ("ann", "bob", "cyd", "eve")} | {"dan": "f" * 64},
)
FREE = StandingSection()
PASSED = {"name": "ROC AUC", "passed": True, "figure": 0.8, "limit": 0.7, "detail": "0.8"}
RUNS = [f"TrainFlow/{n}" for n in range(1, 6)]


class Nowhere:
    """Shows nothing, and remembers how often it was asked to."""

    shown = 0

    def show(self, ledger, state):
        self.shown += 1
        return ()


def run(pathspec, *, author="dan", initial_standing="candidate", case="small"):
    return Candidate(pathspec, case, pathspec[-1] * 64, author, "f" * 64, initial_standing)


def fine(live):
    """Find every bundle sound."""


def transitions(folder, who="ann", *, section=STRICT, why="better"):
    key = KEYS[who]
    ledger = Ledger(open_store(str(folder / "ledger")), "small")
    policy = ledger.state().policy or proposed(section)
    request = Request(ledger, proposed(section), actor(policy, login=who, key=key), why)
    return Transitions(request, Nowhere(), LastSeen(folder / "seen", ledger))


def now(folder):
    return transitions(folder).request.ledger.state().standing


def promoted(folder, pathspec, *, approve=("bob", "cyd"), gates=(PASSED,), **options):
    for who in approve:
        transitions(folder, who).apply(entries.approval, candidate=run(pathspec))
    return transitions(folder, **options).apply(
        entries.promotion,
        candidate=run(pathspec),
        against=now(folder).champion,
        verify=fine,
        gates=lambda: gates,
    )


def test_a_promotion_crowns_one_and_retires_the_one_before(tmp_path):
    promoted(tmp_path, RUNS[0])
    done = promoted(tmp_path, RUNS[1])
    assert now(tmp_path).champion.run == RUNS[1]
    changes = {(each.run, each.before, each.after) for each in done.entry.changes}
    assert changes == {
        (RUNS[1], "candidate", "champion"),
        (RUNS[0], "champion", "retired"),
    }
    assert [each.who for each in done.entry.approvals] == ["bob", "cyd"]
    assert done.entry.gates == (PASSED,)


def test_rollback_goes_to_what_stood_before_and_not_twice(tmp_path):
    for pathspec in RUNS[:3]:
        promoted(tmp_path, pathspec)

    def back(to=None):
        return transitions(tmp_path).apply(
            entries.rollback, to=to, against=now(tmp_path).champion, verify=fine
        )

    back()
    assert now(tmp_path).champion.run == RUNS[1]
    with pytest.raises(Refused, match=f"--to {RUNS[0]}"):
        back()
    assert now(tmp_path).champion.run == RUNS[1]
    promoted(tmp_path, RUNS[3])
    back()
    assert now(tmp_path).champion.run == RUNS[1]
    back(to=RUNS[0])
    assert now(tmp_path).champion.run == RUNS[0]
    back(to=RUNS[2])
    assert now(tmp_path).champion.run == RUNS[2]
    with pytest.raises(Refused, match="never been the champion"):
        back(to=RUNS[4])


@pytest.mark.parametrize(
    ("who", "why", "candidate", "gates", "said"),
    [
        ("bob", "x", run(RUNS[0]), [PASSED], "bob may not promote"),
        ("ann", " ", run(RUNS[0]), [PASSED], "asks for a reason"),
        ("ann", "x", run(RUNS[0], case="other"), [PASSED], "a run of the case 'other'"),
        ("ann", "x", run(RUNS[0], initial_standing="rejected"), [PASSED], "gates rejected it"),
        ("ann", "x", run(RUNS[1]), [PASSED], "by others than its author"),
        ("ann", "x", run(RUNS[0]), [PASSED | {"passed": False}], "1 of its gates fail now"),
    ],
)
def test_what_the_rules_forbid_is_refused_and_recorded(who, why, candidate, gates, said, tmp_path):
    for approver in ("bob", "cyd"):
        transitions(tmp_path, approver).apply(entries.approval, candidate=run(RUNS[0]))
    with pytest.raises(Refused, match=said):
        transitions(tmp_path, who, why=why).apply(
            entries.promotion, candidate=candidate, against=None, verify=fine, gates=lambda: gates
        )
    last = transitions(tmp_path).request.ledger.state().last
    assert (last.act, last.who) == ("refuse", who)
    assert said in last.refused
    assert gates[0]["passed"] != bool(last.gates), "a refusal carries the gates' figures"
    assert now(tmp_path).champion is None


def test_gates_are_not_computed_for_what_is_refused_anyway(tmp_path):
    def never():
        raise AssertionError

    with pytest.raises(Refused):
        transitions(tmp_path, "bob").apply(
            entries.promotion, candidate=run(RUNS[0]), against=None, verify=fine, gates=never
        )


@pytest.mark.parametrize(
    ("author", "author_key"),
    [("bob", "f" * 64), ("someone", PUBLIC["bob"])],
    ids=["by name", "by key"],  # keys are new in each process, names of tests must not be
)
def test_the_author_does_not_approve(author, author_key, tmp_path):
    own = Candidate(RUNS[0], "small", "1" * 64, author, author_key, "candidate")
    with pytest.raises(Refused, match="Whoever made a run"):
        transitions(tmp_path, "bob").apply(entries.approval, candidate=own)


def test_nobody_approves_what_they_made_too(tmp_path):
    """Two runs of the same bytes: whoever recorded either of them has made them."""
    authors = frozenset({"f" * 64, PUBLIC["bob"]})
    own = replace(run(RUNS[0]), authors=authors)
    with pytest.raises(Refused, match="Whoever made a run"):
        transitions(tmp_path, "bob").apply(entries.approval, candidate=own)
    for who in ("ann", "cyd"):
        transitions(tmp_path, who).apply(entries.approval, candidate=own)
    # Who recorded the same bytes after they had approved them is no judge any more.
    later = replace(own, authors=authors | {PUBLIC["cyd"]})
    with pytest.raises(Refused, match="given so far by: ann"):
        transitions(tmp_path, "eve").apply(
            entries.promotion, candidate=later, against=None, verify=fine, gates=list
        )


def test_an_approval_is_of_a_digest(tmp_path):
    for who in ("bob", "cyd"):
        transitions(tmp_path, who).apply(entries.approval, candidate=run(RUNS[0]))
    other = replace(run(RUNS[0]), bundle="e" * 64)
    with pytest.raises(Refused, match="given so far by: nobody"):
        transitions(tmp_path).apply(
            entries.promotion, candidate=other, against=None, verify=fine, gates=list
        )
    # Whoever writes the entry all the same is not believed by any reader.
    request = transitions(tmp_path).request
    state = request.ledger.state()
    forged = promotion(
        replace(request, who=Actor("ann", KEYS["ann"])),
        replace(state, approved=dict.fromkeys(state.approved, "e" * 64)),
        candidate=other,
        against=None,
        verify=fine,
        gates=list,
    )
    entry = sign(forged, number=state.number + 1, previous=state.digest, key=KEYS["ann"])
    request.ledger.store.create(request.ledger.name(entry.number), entry.to_bytes())
    after = Ledger(request.ledger.store, "small").state()
    assert after.standing.champion is None
    assert "author dan: 2; given so far by: nobody" in after.void[-1].what


def test_a_record_under_a_strangers_key_is_refused_by_name(tmp_path):
    strange = replace(run(RUNS[0]), author_key="e" * 64)
    for act in (
        lambda: transitions(tmp_path, "bob").apply(entries.approval, candidate=strange),
        lambda: transitions(tmp_path).apply(
            entries.promotion, candidate=strange, against=None, verify=fine, gates=list
        ),
    ):
        with pytest.raises(Refused, match=r"signed by dan with the key eeeeeeee.*nobody's whom"):
            act()


def test_nobody_approves_twice_under_another_name(tmp_path):
    free = StandingSection(approvals=2)
    transitions(tmp_path, "bob", section=free).apply(entries.approval, candidate=run(RUNS[0]))
    ledger = transitions(tmp_path).request.ledger
    policy = ledger.state().policy
    again = Request(ledger, policy, actor(policy, login="robert", key=KEYS["bob"]), "")
    assert again.who.name == "bob"
    with pytest.raises(Refused, match="approved it already"):
        Transitions(again, Nowhere(), LastSeen(tmp_path / "seen", ledger)).apply(
            entries.approval, candidate=run(RUNS[0])
        )


def test_the_same_name_with_another_key_is_refused_and_that_is_recorded(tmp_path):
    free = StandingSection()
    promoted(tmp_path, RUNS[0], approve=(), section=free)
    ledger = transitions(tmp_path).request.ledger
    thief = Request(ledger, proposed(free), Actor("ann", KEYS["eve"]), "mine now")
    with pytest.raises(Refused, match="belongs to nobody who may"):
        Transitions(thief, Nowhere(), LastSeen(tmp_path / "seen", ledger)).apply(
            entries.rollback, to=None, against=now(tmp_path).champion, verify=fine
        )
    last = ledger.state().last
    assert (last.act, last.who) == ("refuse", f"ann ({PUBLIC['eve'][:8]})")
    assert audit(ledger) == []


def test_a_colleague_comes_promotes_and_is_entered(tmp_path):
    free = StandingSection()
    promoted(tmp_path, RUNS[0], approve=(), section=free)
    promoted(tmp_path, RUNS[1], approve=(), who="bob", section=free)
    policy = transitions(tmp_path).request.ledger.state().policy
    assert policy.people == {"ann": PUBLIC["ann"], "dan": "f" * 64, "bob": PUBLIC["bob"]}
    assert now(tmp_path).champion.run == RUNS[1]


def test_the_config_that_someone_names_changes_nothing(tmp_path):
    """The rules stand in the ledger; whoever brings a lax config is refused by them."""
    promoted(tmp_path, RUNS[0])
    lax = StandingSection()
    for who in ("bob", "eve"):
        with pytest.raises(Refused):
            promoted(tmp_path, RUNS[1], approve=(), who=who, section=lax)
    assert now(tmp_path).champion.run == RUNS[0]


def test_a_large_share_asks_for_what_a_promotion_asks_for(tmp_path):
    def give(share, gates=(PASSED,), verify=fine):
        return transitions(tmp_path).apply(
            entries.challenge,
            candidate=run(RUNS[0]),
            share=share,
            verify=verify,
            gates=lambda: gates,
        )

    with pytest.raises(Refused, match="Approvals asked for"):
        give(99)
    for who in ("bob", "cyd"):
        transitions(tmp_path, who).apply(entries.approval, candidate=run(RUNS[0]))
    with pytest.raises(Refused, match="1 of its gates fail now"):
        give(99, gates=[PASSED | {"passed": False}])

    def broken(live):
        raise Refused("The bundle was changed.")

    for share in (5, 99):
        with pytest.raises(Refused, match="was changed"):
            give(share, verify=broken)
    assert give(99).entry.gates == (PASSED,)
    assert give(5).entry.gates == ()


def test_a_retired_run_is_restored_and_then_promoted(tmp_path):
    transitions(tmp_path).apply(entries.retirement, candidate=run(RUNS[0]))
    with pytest.raises(Refused, match="It is retired") as told:
        promoted(tmp_path, RUNS[0], approve=())
    assert f"tagline restore {RUNS[0]}" in told.value.todo
    transitions(tmp_path).apply(entries.restoration, candidate=run(RUNS[0]))
    promoted(tmp_path, RUNS[0])
    assert now(tmp_path).champion.run == RUNS[0]
    with pytest.raises(Refused, match="It is the champion already"):
        transitions(tmp_path).apply(entries.restoration, candidate=run(RUNS[0]))


def test_a_policy_is_proposed_approved_and_set(tmp_path):
    promoted(tmp_path, RUNS[0])
    wanted = proposed(STRICT).model_copy(update={"approvals": 1})
    with pytest.raises(Refused, match="Approvals asked for"):
        transitions(tmp_path).apply(entries.new_policy, policy=wanted)
    transitions(tmp_path).apply(entries.proposal, policy=wanted)
    state = transitions(tmp_path).request.ledger.state()
    own = proposal_of(wanted.name, state.proposals[wanted.name], case="small")
    with pytest.raises(Refused, match="Whoever made"):
        transitions(tmp_path, "ann").apply(entries.approval, candidate=own)
    for who in ("bob", "cyd"):
        transitions(tmp_path, who).apply(entries.approval, candidate=own)
    with pytest.raises(Refused, match="bob may not policy"):
        transitions(tmp_path, "bob").apply(entries.new_policy, policy=wanted)
    transitions(tmp_path, "eve").apply(entries.new_policy, policy=wanted)
    state = transitions(tmp_path).request.ledger.state()
    assert (state.policy, state.proposals) == (wanted, {})
    with pytest.raises(Refused, match="stands already"):
        transitions(tmp_path).apply(entries.new_policy, policy=wanted)
    promoted(tmp_path, RUNS[1], approve=("bob",))
    assert audit(transitions(tmp_path).request.ledger) == []


def test_a_promotion_that_was_overtaken_says_by_whom(tmp_path):
    promoted(tmp_path, RUNS[0])
    stale = now(tmp_path).champion
    promoted(tmp_path, RUNS[1], who="eve")
    for who in ("bob", "cyd"):
        transitions(tmp_path, who).apply(entries.approval, candidate=run(RUNS[2]))
    with pytest.raises(Conflict, match=f"Lost to {RUNS[1]}: eve"):
        transitions(tmp_path).apply(
            entries.promotion,
            candidate=run(RUNS[2]),
            against=stale,
            verify=fine,
            gates=lambda: [PASSED],
        )


@dataclass
class Model:
    """What should stand, by the rules in words."""

    champions: list = field(default_factory=list)
    shares: dict = field(default_factory=dict)
    retired: set = field(default_factory=set)
    rolled_back: bool = False

    def promote(self, pathspec):
        if pathspec in self.retired or pathspec in self.champions[-1:]:
            return False
        self.retired.update(self.champions[-1:])
        self.champions.append(pathspec)
        self.shares.pop(pathspec, None)
        self.rolled_back = False
        return True

    def rollback(self):
        if len(self.champions) < 2 or self.rolled_back:
            return False
        self.retired.add(self.champions.pop())
        self.retired.discard(self.champions[-1])
        self.rolled_back = True
        return True

    def challenge(self, pathspec, share):
        others = sum(own for name, own in self.shares.items() if name != pathspec)
        if pathspec in self.retired or pathspec in self.champions[-1:] or others + share > 99:
            return False
        self.shares[pathspec] = share
        return True

    def restore(self, pathspec):
        if pathspec not in self.retired:
            return False
        self.retired.discard(pathspec)
        return True

    def retire(self, pathspec):
        if pathspec in self.retired or pathspec in self.champions[-1:]:
            return False
        self.shares.pop(pathspec, None)
        self.retired.add(pathspec)
        return True


class ModelRegistry(RuleBasedStateMachine):
    """Acts at random, for real and in the model."""

    def __init__(self):
        super().__init__()
        self.folder = self.fresh()
        self.model = Model()

    def agree(self, expected, act):
        try:
            act()
            done = True
        except Refused:
            done = False
        assert done == expected

    @rule(pathspec=st.sampled_from(RUNS))
    def promote(self, pathspec):
        against = now(self.folder).champion
        self.agree(
            self.model.promote(pathspec),
            lambda: transitions(self.folder, section=FREE).apply(
                entries.promotion,
                candidate=run(pathspec),
                against=against,
                verify=fine,
                gates=lambda: [PASSED],
            ),
        )

    @rule()
    def rollback(self):
        against = now(self.folder).champion
        self.agree(
            self.model.rollback(),
            lambda: transitions(self.folder, section=FREE).apply(
                entries.rollback, to=None, against=against, verify=fine
            ),
        )

    @rule(pathspec=st.sampled_from(RUNS), share=st.integers(1, 99))
    def challenge(self, pathspec, share):
        self.agree(
            self.model.challenge(pathspec, share),
            lambda: transitions(self.folder, section=FREE).apply(
                entries.challenge,
                candidate=run(pathspec),
                share=share,
                verify=fine,
                gates=lambda: [PASSED],
            ),
        )

    @rule(pathspec=st.sampled_from(RUNS))
    def restore(self, pathspec):
        self.agree(
            self.model.restore(pathspec),
            lambda: transitions(self.folder, section=FREE).apply(
                entries.restoration, candidate=run(pathspec)
            ),
        )

    @rule(pathspec=st.sampled_from(RUNS))
    def retire(self, pathspec):
        self.agree(
            self.model.retire(pathspec),
            lambda: transitions(self.folder, section=FREE).apply(
                entries.retirement, candidate=run(pathspec)
            ),
        )

    @invariant()
    def what_stands_is_what_should(self):
        found = now(self.folder)
        champion = None if found.champion is None else found.champion.run
        assert champion == (self.model.champions[-1] if self.model.champions else None)
        assert {each.run: each.share for each in found.challengers} == self.model.shares
        assert audit(transitions(self.folder).request.ledger) == []


def test_what_stands_follows_the_rules(tmp_path_factory):
    class Here(ModelRegistry):
        def fresh(self):
            return tmp_path_factory.mktemp("standings")

    case = Here.TestCase
    case.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
    case("runTest").runTest()
