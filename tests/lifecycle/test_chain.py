"""Entries follow each other; what does not follow is not written."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagline.errors import TaglineError
from tagline.lifecycle.audit import audit
from tagline.lifecycle.chain import Ledger, Lost
from tagline.lifecycle.entry import NO_ENTRY
from tagline.lifecycle.fault import Unsound
from tagline.lifecycle.state import LastChange, State
from tagline.storage.location import open_store
from tests.lifecycle.story import promote, refuse, rollback, tell
from tests.storage.memory import Memory


def entries(ledger):
    return [place.entry for place in ledger.places()]


def test_entries_on_either_store(location, key):
    ledger = Ledger(open_store(location), "flights")
    assert ledger.state() == State("flights")
    assert entries(ledger) == []
    written = []
    for say in (
        lambda state: promote(state, "a"),
        lambda state: promote(state, "b"),
        lambda state: rollback(state, to=state.last.replaced),
    ):
        state = ledger.state()
        written.append(ledger.append(say(state), after=state, key=key))
    first, second, third = written
    again = Ledger(open_store(location), "flights")
    assert again.state() == ledger.state()
    assert again.state().last == third
    assert entries(again) == written
    assert (first.previous, second.previous) == (NO_ENTRY, first.digest)
    known = again.state().known
    assert known == {"a": LastChange("champion", 3), "b": LastChange("retired", 3)}
    assert again.entry(third.standing.champion.number) == first
    assert audit(again) == []


def test_who_comes_second_is_told_who_was_first(location, key):
    ledger = Ledger(open_store(location), "flights")
    state = tell(ledger, key, 1)
    winner = ledger.append(promote(state, "b"), after=state, key=key)
    with pytest.raises(Lost, match=r"Ada was first: entry 2 is their promote of b") as lost:
        ledger.append(promote(state, "c"), after=state, key=key)
    assert lost.value.winner == winner == ledger.state().last


def test_cases_do_not_see_each_other(folder, key):
    store = open_store(folder)
    flights, loans = (Ledger(store, name) for name in ("flights", "loans"))
    tell(flights, key, 2)
    assert loans.state().number == 0
    with pytest.raises(TaglineError, match="of the case 'flights'"):
        loans.append(promote(None, "a"), after=loans.state(), key=key)


def test_a_clock_that_goes_back_changes_nothing(ledger, key):
    now = datetime(2024, 6, 1, 12, tzinfo=UTC)
    for at in range(4):
        state = ledger.state()
        said = promote(state, f"r{at}")
        ledger.append(said, after=state, key=key, now=now - at * timedelta(hours=1))
    assert [entry.number for entry in entries(ledger)] == [1, 2, 3, 4]
    assert ledger.state().standing.champion.run == "r3"
    assert audit(ledger) == []


def test_what_does_not_follow_is_not_written(ledger, key):
    state = tell(ledger, key, 1)
    with pytest.raises(
        Unsound, match=r"Entry 2 .* forbidden: TrainFlow/1: It is the champion already"
    ):
        ledger.append(promote(None, "TrainFlow/1"), after=state, key=key)
    assert ledger.state() == state


def test_a_store_is_probed_once_and_only_to_write(folder, key):
    store = open_store(folder)
    ledger = Ledger(store, "flights")
    ledger.state()
    assert not store.probed
    tell(ledger, key, 1)
    assert store.probed
    counting = Memory()
    tell(Ledger(counting, "flights"), key, 1)
    tell(Ledger(counting, "loans"), key, 1)
    assert counting.asked.count("create") == 2 + 1 + 1


def test_a_new_folder_every_thousand():
    ledger = Ledger(Memory(), "flights")
    names = [ledger.name(number) for number in (1, 999, 1000, 999_999, 1_000_000)]
    assert names == [
        "flights/000/000001.json",
        "flights/000/000999.json",
        "flights/001/001000.json",
        "flights/999/999999.json",
        "flights/1000/1000000.json",
    ]


def test_what_lies_beside_the_entries_is_nothing(folder, ledger, key):
    state = tell(ledger, key, 2)
    inside = Path(folder, "flights", "000")
    for name in ("000009.json.bak", "notes.txt", "000009.txt", "nine.json"):
        (inside / name).write_text("{}")
    Path(folder, "flights", "001").mkdir()
    Path(folder, "flights", "old").mkdir()
    assert ledger.state() == state
    assert audit(ledger) == []


@pytest.mark.parametrize("knows_etags", [True, False])
def test_what_was_judged_is_not_read_again(key, knows_etags):
    store = Memory()
    store.knows_etags = knows_etags
    ledger = Ledger(store, "flights")
    tell(ledger, key, 5)
    store.asked.clear()
    state = ledger.state()
    assert "read" not in store.asked
    ledger.append(refuse(state, "x"), after=state, key=key)
    store.asked.clear()
    assert ledger.state().number == 6
    assert store.asked.count("read") == 1


def test_many_entries_are_read_by_the_page(key):
    store = Memory()
    ledger = Ledger(store, "flights")
    state = ledger.state()
    for _ in range(305):
        entry = ledger.append(refuse(state, "x"), after=state, key=key)
        state.take(entry.number, entry.to_bytes())
    store.asked.clear()
    fresh = Ledger(store, "flights")
    assert fresh.state() == state
    assert store.asked.count("read") == 3 + 6
    # A page that was changed, or whose entry's own file was, is not believed.
    page = "flights/pages/000001.json"
    store.contents[page] = store.contents[page].replace(b"Ada", b"Eve")
    assert Ledger(store, "flights").state() == state
    name = ledger.name(150)
    store.contents[name] = store.contents[name].replace(b'"Ada"', b'"Eve"')
    (void,) = Ledger(store, "flights").state().void
    assert (void.number, void.kind) == (150, "forged")


@pytest.mark.parametrize("stray", [0, 7, 999_999])
def test_a_glance_shows_that_there_is_something_new(folder, key, stray):
    ledger, writer = (Ledger(open_store(folder), "flights") for _ in "12")
    tell(writer, key, 3)
    if stray:
        path = Path(folder, ledger.name(stray))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    seen = ledger.glance()
    for _ in range(5):
        ledger.state()
        seen = ledger.glance()
        assert ledger.glance() == seen
        tell(writer, key, 1)
        assert ledger.glance() != seen
