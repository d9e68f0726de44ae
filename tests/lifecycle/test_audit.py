"""Whatever is done to a ledger, the audit names where it was done, and nothing stops."""

import json
from collections import namedtuple
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.keys import public_hex
from tagline.lifecycle.audit import audit
from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.entry import Draft, Policy, sign
from tagline.lifecycle.last_seen import LastSeen
from tests.lifecycle.story import next_draft, promote, refuse, tell
from tests.storage.memory import Memory

OWN, COLLEAGUE, STRANGER = (Ed25519PrivateKey.generate() for _ in range(3))
PEOPLE = {"Ada": public_hex(OWN), "Bob": public_hex(COLLEAGUE)}
CLOSED = Policy(people=PEOPLE, open=False)
Told = namedtuple("Told", "numbers kinds anchored", defaults=[False])


def ledger_of(acts, *, case="flights"):
    ledger = Ledger(Memory(), case)
    for act in acts:
        state = ledger.state()
        said = next_draft(state, key=OWN, case=case, act=act)
        if not state.number:
            said = said.model_copy(update={"policy": CLOSED})
        ledger.append(said, after=state, key=OWN)
    return ledger


def last(ledger):
    return ledger.state().number


def place(ledger, number, content):
    ledger.store.contents[ledger.name(number)] = content


def resigned(ledger, number, key, **changed):
    entry = ledger.entry(number)
    said = {name: getattr(entry, name) for name in Draft.model_fields} | changed
    place(
        ledger,
        number,
        sign(Draft(**said), number=number, previous=entry.previous, key=key).to_bytes(),
    )


def flip(ledger, number, data):
    content = bytearray(ledger.content(number))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    place(ledger, number, bytes(content))
    return Told([number], {"changed", "forged"})


def cut_short(ledger, number, data):
    content = ledger.content(number)
    place(ledger, number, content[: data.draw(st.integers(0, len(content) - 1))])
    return Told([number], {"changed", "forged"})


def delete(ledger, number, data):
    end = last(ledger)
    del ledger.store.contents[ledger.name(number)]
    kinds = {"truncated"} if number == end else {"missing"}
    return Told([number], kinds, anchored=True)


def cut_off(ledger, number, data):
    for each in range(number, last(ledger) + 1):
        del ledger.store.contents[ledger.name(each)]
    return Told([number], {"truncated"}, anchored=True)


def swap(ledger, number, data):
    other = data.draw(st.integers(2, last(ledger)).filter(lambda each: each != number))
    contents = ledger.content(number), ledger.content(other)
    place(ledger, number, contents[1])
    place(ledger, other, contents[0])
    return Told(sorted([number, other]), {"reordered"})


def repeat(ledger, number, data):
    end = last(ledger) + 1
    place(ledger, end, ledger.content(number))
    return Told([end], {"reordered"})


def claim_to_be_someone(ledger, number, data):
    resigned(ledger, number, STRANGER)
    claimed = ledger.content(number).replace(public_hex(STRANGER).encode(), PEOPLE["Ada"].encode())
    place(ledger, number, claimed)
    return Told([number], {"forged"})


def take_from_another_case(ledger, number, data):
    other = ledger_of([5] * number, case="loans")
    place(ledger, number, other.content(number))
    return Told([number], {"foreign"})


def add_from_another_case(ledger, number, data):
    end = last(ledger) + 1
    place(ledger, end, ledger_of([5] * end, case="loans").content(end))
    return Told([end], {"foreign"})


def crown_two(ledger, number, data):
    state = ledger.state()
    said = promote(state, "new")
    changes = said.changes[:1] + data.draw(st.sampled_from([(), said.changes[:1]]))
    if state.standing.champion is None:
        changes = said.changes[:1] * 2
    said = said.model_copy(update={"changes": changes})
    return added(ledger, said, OWN, "inconsistent")


def add_a_strangers(ledger, number, data):
    return added(ledger, promote(ledger.state(), "new"), STRANGER, "forbidden")


def add_anothers_in_ones_name(ledger, number, data):
    said = data.draw(st.sampled_from([promote, refuse]))(ledger.state(), "new")
    return added(ledger, said, COLLEAGUE, "forbidden")


def added(ledger, said, key, kind):
    state = ledger.state()
    entry = sign(said, number=state.number + 1, previous=state.digest, key=key)
    place(ledger, entry.number, entry.to_bytes())
    return Told([entry.number], {kind})


DAMAGES = (flip, cut_short, delete, cut_off, swap, claim_to_be_someone, take_from_another_case)
ADDITIONS = (
    *(repeat, add_from_another_case, crown_two),
    *(add_a_strangers, add_anothers_in_ones_name),
)
ACTS = st.lists(st.integers(0, 6), min_size=3, max_size=9)


def seen(ledger, folder):
    note = LastSeen(folder, ledger)
    note.note(ledger.state())
    return note


@pytest.mark.parametrize("tamper", [*DAMAGES, *ADDITIONS], ids=lambda act: act.__name__)
@settings(max_examples=25, deadline=None)
@given(acts=ACTS, data=st.data())
def test_the_entry_at_fault_is_named_first_and_the_ledger_goes_on(
    tmp_path_factory, tamper, acts, data
):
    ledger = ledger_of(acts)
    last_seen = seen(ledger, tmp_path_factory.mktemp("seen"))
    assert audit(ledger) == audit(ledger, last_seen=last_seen) == []
    result = tamper(ledger, data.draw(st.integers(2, len(acts))), data)
    faults = audit(ledger, last_seen=last_seen)
    assert set(result.numbers) <= {fault.number for fault in faults}
    assert faults[0].number == result.numbers[0]
    assert faults[0].kind in result.kinds
    if tamper in ADDITIONS:
        assert [fault.number for fault in faults] == result.numbers
    # Whoever reads it goes on, and what is written now counts.
    state = tell(Ledger(ledger.store, "flights"), OWN, 1, acts=[5])
    assert state.last.number == state.number
    assert state.standing.champion == state.last.standing.champion


@settings(max_examples=60, deadline=None)
@given(acts=ACTS, data=st.data())
def test_what_is_added_by_force_changes_nothing_that_stands(acts, data):
    ledger = ledger_of(acts)
    before = ledger.state()
    for _ in range(data.draw(st.integers(1, 4))):
        data.draw(st.sampled_from(ADDITIONS))(ledger, 1, data)
    after_all = Ledger(ledger.store, "flights").state()
    assert after_all.standing == before.standing
    assert after_all.policy == before.policy
    assert after_all.known == before.known


@settings(max_examples=40, deadline=None)
@given(acts=ACTS, number=st.integers(2, 9), data=st.data())
def test_a_lie_after_damage_is_not_believed(acts, number, data):
    """Who destroys an entry and says what stood says it in vain: only what one may do counts."""
    ledger = ledger_of(acts)
    number = min(number, len(acts))
    place(ledger, number, b"garbage")
    state = Ledger(ledger.store, "flights").state()
    lie = promote(None, "evil").standing
    said = refuse(state, "x").model_copy(update={"standing": lie, "who": "Bob"})
    previous = data.draw(st.sampled_from([state.digest, "1" * 64]))
    entry = sign(said, number=state.number + 1, previous=previous, key=COLLEAGUE)
    place(ledger, entry.number, entry.to_bytes())
    found = Ledger(ledger.store, "flights").state()
    assert found.standing == state.standing
    assert "evil" not in found.known


@pytest.mark.parametrize("strays", [[50], [50, 51, 999, 1500]])
def test_a_stray_file_is_named_and_the_ledger_goes_on_through_it(strays):
    ledger = ledger_of([5, 2, 3])
    for number in strays:
        place(ledger, number, b"{}")
    assert [(each.number, each.kind) for each in audit(ledger)] == [(n, "stray") for n in strays]
    state = tell(ledger, OWN, 60, acts=[3] * 60)
    faults = audit(ledger)
    assert [(each.number, each.kind) for each in faults] == [
        (n, "changed" if n < 60 else "stray") for n in strays
    ]
    assert state.number == 3 + 60 + sum(n < 60 for n in strays)


@pytest.mark.parametrize(
    "name",
    [
        *("000/99.json", "000/4.json", "000/0000004.json", "000/000000.json"),
        *("001/000004.json", "000/001500.json"),
    ],
)
def test_a_file_in_no_entrys_place_is_named_and_stops_nobody(name):
    ledger = ledger_of([5, 2, 3])
    assert ledger.store.create(f"flights/{name}", b"{}")
    (fault,) = audit(Ledger(ledger.store, "flights"))
    assert (fault.number, fault.kind) == (0, "stray")
    assert name in fault.what
    assert tell(ledger, OWN, 60, acts=[3] * 60).number == 63
    assert [each.number for each in audit(ledger)] == [0]


def test_of_many_such_files_some_are_named_and_all_are_counted():
    ledger = ledger_of([5])
    for number in range(12):
        ledger.store.create(f"flights/000/{number}.json", b"{}")
    (fault,) = audit(ledger)
    assert "000/0.json" in fault.what
    assert "and 7 more" in fault.what


def test_a_gap_is_named_and_what_follows_counts():
    ledger = ledger_of([5, 5, 3, 5])
    del ledger.store.contents[ledger.name(2)]
    assert [(fault.number, fault.kind) for fault in audit(ledger)] == [(2, "missing")]
    assert Ledger(ledger.store, "flights").state().standing.champion.run == "TrainFlow/4"


def test_a_history_that_a_colleague_rewrote_is_named():
    ledger = ledger_of([5, 3, 5])
    resigned(ledger, 2, COLLEAGUE, who="Bob", why="Another reason.")
    (fault,) = audit(ledger)
    assert (fault.number, fault.kind) == (3, "inconsistent")
    assert "after another entry than the one before it" in fault.what


def test_without_a_note_a_missing_end_is_not_noticed():
    ledger = ledger_of([5, 5, 5])
    del ledger.store.contents[ledger.name(3)]
    assert audit(ledger) == []


def test_several_faults_are_told_by_number():
    ledger = ledger_of([5] * 9)
    place(ledger, 7, b"{}")
    del ledger.store.contents[ledger.name(2)]
    found = [(fault.number, fault.kind) for fault in audit(ledger)]
    assert (2, "missing") in found
    assert (7, "changed") in found


def test_a_first_entry_that_names_another_is_void():
    ledger = ledger_of([5])
    entry = ledger.entry(1)
    said = Draft(**{name: getattr(entry, name) for name in Draft.model_fields})
    place(ledger, 1, sign(said, number=1, previous="1" * 64, key=OWN).to_bytes())
    assert [(each.number, each.kind) for each in audit(ledger)] == [(1, "inconsistent")]


def test_on_a_disk_as_in_memory(ledger, key, folder):
    tell(ledger, key, 12)
    assert audit(ledger) == []
    path = Path(folder, ledger.name(7))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"Ada"', b'"Eve"'))
    assert audit(ledger)[0].number == 7
    assert json.loads(path.read_bytes())["number"] == 7
