"""Entries follow each other; what does not follow is not written."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.errors import TaglineError
from tagline.keys import public_hex
from tagline.ledger.audit import audit
from tagline.ledger.chain import LastChange, Ledger, Lost
from tagline.ledger.entry import NO_ENTRY, sign
from tagline.ledger.fault import Unsound
from tagline.ledger.location import open_store
from tests.ledger.memory import Memory
from tests.ledger.story import challenge, promote, refuse, rollback, tell


def test_entries_on_either_store(location, key):
    ledger = Ledger(open_store(location), "flights", trusted=[public_hex(key)])
    assert ledger.head() is None
    assert [*ledger.entries()] == []
    first = ledger.append(promote(None, "a"), after=None, key=key)
    second = ledger.append(promote(first, "b"), after=first, key=key)
    third = ledger.append(rollback(second, to=second.replaced), after=second, key=key)
    again = Ledger(open_store(location), "flights", trusted=[public_hex(key)])
    assert again.head() == third
    assert [*again.entries()] == [first, second, third]
    assert [*again.entries(newest_first=True)] == [third, second, first]
    assert (first.previous, second.previous) == (NO_ENTRY, first.digest)
    assert again.standings() == {"a": "champion", "b": "retired"}
    assert again.last_changes()["b"] == LastChange("retired", 3)
    assert again.entry(third.standing.champion.number) == first
    assert audit(again) == []


def test_who_comes_second_is_told_who_was_first(location, key):
    ledger = Ledger(open_store(location), "flights", trusted=[public_hex(key)])
    first = tell(ledger, key, 1)
    winner = ledger.append(promote(first, "b"), after=first, key=key)
    with pytest.raises(Lost, match=r"Ada was first: entry 2 is their promote of b") as lost:
        ledger.append(promote(first, "c"), after=first, key=key)
    assert lost.value.winner == winner
    assert ledger.head() == winner


def test_cases_do_not_see_each_other(folder, key):
    store = open_store(folder)
    flights, loans = (
        Ledger(store, name, trusted=[public_hex(key)]) for name in ("flights", "loans")
    )
    tell(flights, key, 2)
    assert loans.head() is None
    with pytest.raises(TaglineError, match="of the case 'flights'"):
        loans.append(promote(None, "a"), after=None, key=key)


def test_a_clock_that_goes_back_changes_nothing(ledger, key):
    now = datetime(2024, 6, 1, 12, tzinfo=UTC)
    head = None
    for at in range(4):
        head = ledger.append(
            promote(head, f"r{at}"), after=head, key=key, now=now - at * timedelta(hours=1)
        )
    assert [entry.number for entry in ledger.entries()] == [1, 2, 3, 4]
    assert ledger.head().standing.champion.run == "r3"
    assert audit(ledger) == []


def test_a_key_that_nobody_trusts_writes_nothing(ledger):
    with pytest.raises(TaglineError, match="Your key is not trusted"):
        ledger.append(promote(None, "a"), after=None, key=Ed25519PrivateKey.generate())
    assert ledger.head() is None


def test_what_does_not_follow_is_not_written(ledger, key):
    first = ledger.append(promote(None, "a"), after=None, key=key)
    with pytest.raises(TaglineError, match="does not follow from the ledger: a was champion"):
        ledger.append(promote(None, "a"), after=first, key=key)
    assert ledger.head() == first


def test_a_store_is_probed_once_and_only_to_write(folder, key):
    store = open_store(folder)
    ledger = Ledger(store, "flights", trusted=[public_hex(key)])
    ledger.head()
    assert not store.probed
    tell(ledger, key, 1)
    assert store.probed
    counting = Memory()
    tell(Ledger(counting, "flights", trusted=[public_hex(key)]), key, 1)
    tell(Ledger(counting, "loans", trusted=[public_hex(key)]), key, 1)
    assert counting.asked.count("create") == 2 + 1 + 1


def test_a_new_folder_every_thousand(key):
    ledger = Ledger(Memory(), "flights", trusted=[public_hex(key)])
    names = [ledger.name(number) for number in (1, 999, 1000, 999_999, 1_000_000)]
    assert names == [
        "flights/000/000001.json",
        "flights/000/000999.json",
        "flights/001/001000.json",
        "flights/999/999999.json",
        "flights/1000/1000000.json",
    ]
    for number in (999, 1000, 999_999, 1_000_000):
        entry = sign(refuse(None, "r"), number=number, previous=NO_ENTRY, key=key)
        ledger.store.create(ledger.name(number), entry.to_bytes())
        assert ledger.head() == entry


def test_what_lies_beside_the_entries_is_nothing(folder, ledger, key):
    head = tell(ledger, key, 2)
    inside = Path(folder, "flights", "000")
    for name in ("000009.json.bak", "notes.txt", "9.json", "000000.json", "001500.json"):
        (inside / name).write_text("{}")
    Path(folder, "flights", "001").mkdir()
    Path(folder, "flights", "old").mkdir()
    assert ledger.head() == head
    assert audit(ledger) == []


@pytest.mark.parametrize("read", [Ledger.head, lambda ledger: [*ledger.entries()]])
def test_nothing_is_guessed(folder, ledger, key, read):
    tell(ledger, key, 3)
    last = Path(folder, "flights", "000", "000003.json")
    whole = last.read_bytes()
    last.chmod(0o644)
    for content, result in (
        (whole[:-2], "changed"),
        (b"", "changed"),
        (whole.replace(b'"Ada"', b'"Eve"', 1), "forged"),
        (last.with_name("000002.json").read_bytes(), "reordered"),
    ):
        last.write_bytes(content)
        with pytest.raises(Unsound, match=f"Entry 3 of the ledger is {result}.*Nothing is guessed"):
            read(ledger)


def test_a_gap_is_told(folder, ledger, key):
    tell(ledger, key, 4)
    Path(folder, "flights", "000", "000002.json").unlink()
    for newest_first in (False, True):
        with pytest.raises(Unsound, match="Entry 2 of the ledger is missing"):
            list(ledger.entries(newest_first=newest_first))
    with pytest.raises(Unsound, match="Entry 9 of the ledger is missing"):
        ledger.entry(9)


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_chain_that_was_rewritten_by_someone_trusted_is_told(folder, ledger, key, newest_first):
    tell(ledger, key, 4)
    other = sign(refuse(None, "r"), number=2, previous=NO_ENTRY, key=key)
    path = Path(folder, "flights", "000", "000002.json")
    path.chmod(0o644)
    path.write_bytes(other.to_bytes())
    with pytest.raises(Unsound, match=r"Entry [12] of the ledger is changed"):
        list(ledger.entries(newest_first=newest_first))


@pytest.mark.parametrize("length", [10, 999, 1000, 1001, 10_000])
def test_the_end_is_found_by_asking_little(key, length):
    store = Memory()
    ledger = Ledger(store, "flights", trusted=[public_hex(key)])
    store.contents = {ledger.name(number): b"" for number in range(1, length)}
    entry = sign(challenge(None, "a"), number=length, previous=NO_ENTRY, key=key)
    store.create(ledger.name(length), entry.to_bytes())
    store.asked.clear()
    assert ledger.head() == entry
    assert store.asked == ["children", "children", "read"]
