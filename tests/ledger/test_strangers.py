"""A key that is not trusted can be refused, and that is all it can do."""

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.errors import TaglineError
from tagline.ledger.audit import audit
from tagline.ledger.entry import NO_ENTRY, sign
from tagline.ledger.fault import Unsound
from tests.ledger.story import challenge, promote, refuse, stands, tell


@pytest.fixture
def stranger():
    return Ed25519PrivateKey.generate()


def forced(folder, head, draft, key):
    """Write an entry past all checks."""
    number, previous = (head.number + 1, head.digest) if head else (1, NO_ENTRY)
    entry = sign(draft, number=number, previous=previous, key=key)
    path = Path(folder, "flights", "000", f"{number:06d}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(entry.to_bytes())
    return entry


def test_strangers_are_refused_and_the_ledger_goes_on(ledger, key, stranger):
    head = ledger.append(refuse(None, "x"), after=None, key=stranger)
    for turn in range(12):
        if turn % 4 == 3:
            head = ledger.append(promote(head, f"r{turn}"), after=head, key=key)
        else:
            head = ledger.append(refuse(head, f"r{turn}"), after=head, key=stranger)
        assert ledger.head() == head
    assert audit(ledger) == []
    assert [entry.number for entry in ledger.entries(newest_first=True)] == [*range(13, 0, -1)]
    assert ledger.standings() == {"r3": "retired", "r7": "retired", "r11": "champion"}


@pytest.mark.parametrize("draft", [promote, challenge])
def test_a_stranger_changes_nothing(folder, ledger, key, stranger, draft):
    head = tell(ledger, key, 3)
    with pytest.raises(TaglineError, match=r"not trusted.*TAGLINE_TRUSTED_KEYS"):
        ledger.append(draft(head, "evil"), after=head, key=stranger)
    forced(folder, head, draft(head, "evil"), stranger)
    for read in (ledger.head, ledger.standings, lambda: [*ledger.entries()]):
        with pytest.raises(Unsound, match="Entry 4 of the ledger is forged"):
            read()
    assert [fault.number for fault in audit(ledger)] == [4]


@pytest.mark.parametrize("more", [0, 2])
def test_a_strangers_refusal_says_nothing_of_what_stands(folder, ledger, key, stranger, more):
    head = tell(ledger, key, 3)
    lie = refuse(head, "x").model_copy(update={"standing": stands(None)})
    last = forced(folder, head, lie, stranger)
    for _ in range(more):
        last = forced(folder, last, refuse(last, "x"), stranger)
    for read in (ledger.head, ledger.standings):
        with pytest.raises(Unsound, match=r"Entry 4 of the ledger is forged.*changes what stands"):
            read()
    assert [fault.number for fault in audit(ledger)] == [4]


def test_a_strangers_word_proves_nothing(folder, ledger, key, stranger):
    head = tell(ledger, key, 3)
    path = Path(folder, "flights", "000", "000003.json")
    path.chmod(0o644)
    changed = path.read_bytes().replace(b'"Ada"', b'"Eve"', 1)
    path.write_bytes(changed)
    forced(folder, head, refuse(head, "x"), stranger)
    entry = sign(
        refuse(head, "x"), number=4, previous=hashlib.sha256(changed).hexdigest(), key=stranger
    )
    path.with_name("000004.json").write_bytes(entry.to_bytes())
    with pytest.raises(Unsound, match="Entry 3 of the ledger is forged"):
        ledger.head()
    assert [fault.number for fault in audit(ledger)] == [3]
