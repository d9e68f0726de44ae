"""Whatever is done to a ledger, the audit names the entry that it was done to."""

from collections import namedtuple
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.keys import public_hex
from tagline.ledger.audit import audit
from tagline.ledger.chain import Ledger
from tagline.ledger.entry import Draft, Entry, sign
from tagline.ledger.fault import Fault
from tagline.ledger.last_seen import LastSeen
from tests.ledger.memory import Memory
from tests.ledger.story import next_draft, promote, tell

OWN, COLLEAGUE, STRANGER = (Ed25519PrivateKey.generate() for _ in range(3))
TRUSTED = [public_hex(OWN), public_hex(COLLEAGUE)]
Told = namedtuple("Told", "numbers kinds anchored", defaults=[False])


def ledger_of(acts, *, case="flights"):
    ledger = Ledger(Memory(), case, trusted=TRUSTED)
    head = None
    for act in acts:
        head = ledger.append(next_draft(head, key=OWN, case=case, act=act), after=head, key=OWN)
    return ledger


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
    return Told([number], {"changed"})


def delete(ledger, number, data):
    last = ledger.last()
    del ledger.store.contents[ledger.name(number)]
    kind = "truncated" if number == last else "missing"
    return Told([number], {kind}, anchored=True)


def cut_off(ledger, number, data):
    for each in range(number, ledger.last() + 1):
        del ledger.store.contents[ledger.name(each)]
    return Told([number], {"truncated"}, anchored=True)


def swap(ledger, number, data):
    other = data.draw(st.integers(1, ledger.last()).filter(lambda each: each != number))
    contents = ledger.content(number), ledger.content(other)
    place(ledger, number, contents[1])
    place(ledger, other, contents[0])
    return Told(sorted([number, other]), {"reordered"})


def repeat(ledger, number, data):
    end = ledger.last() + 1
    place(ledger, end, ledger.content(number))
    return Told([end], {"reordered"})


def sign_as_a_stranger(ledger, number, data):
    allowed = ledger.entry(number).act == "refuse" and number == ledger.last()
    resigned(ledger, number, STRANGER)
    return Told([number], {"forged", "changed"}, anchored=allowed)


def claim_to_be_someone(ledger, number, data):
    resigned(ledger, number, STRANGER)
    claimed = ledger.content(number).replace(public_hex(STRANGER).encode(), TRUSTED[0].encode())
    place(ledger, number, claimed)
    return Told([number], {"forged"})


def rewrite_as_a_colleague(ledger, number, data):
    resigned(ledger, number, OWN if data.draw(st.booleans()) else COLLEAGUE, why="Another reason.")
    return Told([number], {"changed"}, anchored=True)


def take_from_another_case(ledger, number, data):
    other = ledger_of([5] * number, case="loans")
    place(ledger, number, other.content(number))
    return Told([number], {"foreign"})


def add_from_another_case(ledger, number, data):
    end = ledger.last() + 1
    place(ledger, end, ledger_of([5] * end, case="loans").content(end))
    return Told([end], {"foreign"})


def crown_two(ledger, number, data):
    head = ledger.head()
    said = promote(head, "new")
    changes = said.changes[:1] + data.draw(st.sampled_from([(), said.changes[:1]]))
    if head.standing.champion is None:
        changes = said.changes[:1] * 2
    said = said.model_copy(update={"changes": changes})
    entry = sign(said, number=head.number + 1, previous=head.digest, key=OWN)
    place(ledger, entry.number, entry.to_bytes())
    return Told([entry.number], {"inconsistent"})


TAMPERINGS = (
    *(flip, cut_short, delete, cut_off, swap, repeat, sign_as_a_stranger, claim_to_be_someone),
    *(rewrite_as_a_colleague, take_from_another_case, add_from_another_case, crown_two),
)
ACTS = st.lists(st.integers(0, 6), min_size=2, max_size=9)


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda act: act.__name__)
@settings(max_examples=25, deadline=None)
@given(acts=ACTS, data=st.data())
def test_the_entry_at_fault_is_named_and_no_other(tmp_path_factory, tamper, acts, data):
    ledger = ledger_of(acts)
    last_seen = LastSeen(tmp_path_factory.mktemp("seen"), ledger)
    last_seen.note(ledger.head())
    assert audit(ledger) == audit(ledger, last_seen=last_seen) == []
    result = tamper(ledger, data.draw(st.integers(1, len(acts))), data)
    faults = audit(ledger, last_seen=last_seen)
    assert [fault.number for fault in faults] == result.numbers
    assert {fault.kind for fault in faults} <= result.kinds
    if not result.anchored:
        assert audit(ledger) == faults


def test_without_an_anchor_a_missing_end_is_not_noticed():
    ledger = ledger_of([5, 5, 5])
    del ledger.store.contents[ledger.name(3)]
    assert audit(ledger) == []


def test_several_faults_are_told_by_number():
    ledger = ledger_of([5] * 9)
    place(ledger, 7, b"{}")
    del ledger.store.contents[ledger.name(2)]
    resigned(ledger, 4, STRANGER)
    faults = audit(ledger)
    assert [(fault.number, fault.kind) for fault in faults] == [
        (2, "missing"),
        (4, "forged"),
        (7, "changed"),
    ]
    assert all(fault.what for fault in faults)


def test_a_first_entry_that_names_another_is_told():
    ledger = ledger_of([5])
    entry = ledger.entry(1)
    said = Draft(**{name: getattr(entry, name) for name in Draft.model_fields})
    place(ledger, 1, sign(said, number=1, previous="1" * 64, key=OWN).to_bytes())
    assert audit(ledger) == [Fault(1, "inconsistent", "It names one before the first.")]


def test_on_a_disk_as_in_memory(ledger, key, folder):
    tell(ledger, key, 12)
    assert audit(ledger) == []
    path = Path(folder, ledger.name(7))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"Ada"', b'"Eve"'))
    assert [(fault.number, fault.kind) for fault in audit(ledger)] == [(7, "forged")]
    assert Entry.parse(path.read_bytes(), where="").number == 7
