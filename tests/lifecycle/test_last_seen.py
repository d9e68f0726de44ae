"""A machine remembers where trust began and how far it has seen a ledger."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tagline.errors import TaglineError
from tagline.lifecycle.audit import audit
from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.fault import Unsound
from tagline.lifecycle.last_seen import FIRST, LastSeen
from tagline.storage import files
from tagline.storage.location import open_store
from tests.lifecycle.story import refuse, tell


@pytest.fixture
def last_seen(tmp_path, ledger):
    return LastSeen(tmp_path / "seen", ledger)


def again(last_seen):
    """Look as another process does."""
    return LastSeen(last_seen.folder, Ledger(last_seen.ledger.store, "flights"))


def change(folder, ledger, number, old, new):
    path = Path(folder, ledger.name(number))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(old, new))


def test_nothing_is_remembered_of_nothing(last_seen):
    assert last_seen.state().number == 0
    assert last_seen.seen() is None
    assert not last_seen.folder.exists()


def test_the_highest_is_kept(last_seen, ledger, key):
    first = tell(ledger, key, 1)
    third = tell(ledger, key, 2)
    last_seen.note(third)
    last_seen.note(first)
    seen = last_seen.seen()
    assert (seen.number, seen.sha256, seen.state) == (3, third.digest, third)
    assert again(last_seen).state() == third


def test_a_state_read_before_another_process_wrote_is_no_fault(last_seen, ledger, key):
    first = tell(ledger, key, 1)
    last_seen.note(tell(ledger, key, 1))
    assert last_seen.fault(first) is None


def test_what_was_judged_before_is_not_read_again(last_seen, ledger, key, monkeypatch):
    state = tell(ledger, key, 5)
    last_seen.note(state)
    other = again(last_seen)
    monkeypatch.setattr(Ledger, "_contents", lambda *_: iter(()))
    assert other.read() == state


def test_an_end_that_was_cut_off_is_told(last_seen, ledger, key, folder):
    last_seen.note(tell(ledger, key, 4))
    for number in (4, 3):
        Path(folder, ledger.name(number)).unlink()
    with pytest.raises(Unsound, match=r"Entry 3 .* truncated: .* entry 4.*on purpose, remove"):
        again(last_seen).state()
    last_seen.path.unlink()
    assert again(last_seen).state().number == 2


def test_an_entry_that_was_damaged_is_passed_over_and_never_a_stop(last_seen, ledger, key, folder):
    last_seen.note(tell(ledger, key, 3, acts=[5, 5, 3]))
    change(folder, ledger, 3, b'"Ada"', b'"Eve"')
    other = again(last_seen)
    (void,) = other.state().void
    assert (void.number, void.kind) == (3, "forged")
    state = tell(other.ledger, key, 1, acts=[5])
    assert (state.number, state.standing.champion.run) == (4, "TrainFlow/4")
    assert [each.number for each in audit(other.ledger, last_seen=other)] == [3]


def test_the_first_entry_is_remembered_whatever_becomes_of_it(last_seen, ledger, key, folder):
    state = tell(ledger, key, 2)
    last_seen.note(state)
    change(folder, ledger, 1, b'"Ada"', b'"Eve"')
    other = again(last_seen)
    assert [each.number for each in audit(other.ledger, last_seen=other)] == [1]
    known = again(last_seen).state()
    assert known.standing == state.standing
    assert [(each.number, each.kind) for each in known.void] == [(1, "changed")]
    # Whoever never saw it can trust nothing, and nobody can begin anew in its place.
    fresh = Ledger(ledger.store, "flights")
    assert fresh.state().policy is None
    with pytest.raises(Unsound, match="where trust begins, is lost"):
        fresh.append(refuse(None, "x"), after=fresh.state(), key=key)


def test_the_first_entry_can_be_given(last_seen, ledger, key, monkeypatch):
    state = tell(ledger, key, 2)
    monkeypatch.setenv(FIRST, state.first)
    assert last_seen.state() == state
    monkeypatch.setenv(FIRST, "0" * 64)
    with pytest.raises(Unsound, match=r"Entry 1 .* not the one that \$TAGLINE_FIRST_ENTRY names"):
        last_seen.state()


def test_another_ledger_in_its_place_is_told(last_seen, ledger, key, folder):
    last_seen.note(tell(ledger, key, 2))
    for number in (1, 2):
        Path(folder, ledger.name(number)).unlink()
    other = Ledger(ledger.store, "flights")
    tell(other, key, 3)
    with pytest.raises(Unsound, match=r"Entry 2 .* changed: This machine has seen another"):
        again(last_seen).state()


def test_each_ledger_has_its_own(last_seen, ledger, tmp_path, key):
    others = (
        Ledger(ledger.store, "loans"),
        Ledger(open_store(str(tmp_path / "other")), "flights"),
    )
    last_seen.note(tell(ledger, key, 2))
    for other in others:
        own = LastSeen(last_seen.folder, other)
        own.note(tell(other, key, 1))
        assert own.seen().number == 1
    assert last_seen.seen().number == 2


def test_many_at_once_keep_the_highest(last_seen, ledger, key):
    states = [tell(ledger, key, 1) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda state: again(last_seen).note(state), reversed(states)))
    assert last_seen.seen().number == 8


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[]", b'{"number": "x", "sha256": ""}'])
def test_a_note_that_is_none_is_told(last_seen, content):
    last_seen.folder.mkdir()
    last_seen.path.write_bytes(content)
    with pytest.raises(TaglineError, match=r"can not be read.*Remove it if"):
        last_seen.state()


def test_a_note_of_an_earlier_version_is_read(last_seen, ledger, key):
    last_seen.note(tell(ledger, key, 3))
    last_seen.path.write_text(last_seen.path.read_text().replace('"etags":', '"marks":'))
    assert again(last_seen).seen() == last_seen.seen()
    assert again(last_seen).state().number == 3


def test_a_full_disk_is_told_and_keeps_what_was_seen(last_seen, ledger, key, monkeypatch):
    last_seen.note(tell(ledger, key, 1))
    more = tell(ledger, key, 1)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.Path, "write_bytes", full)
    last_seen.note(more)
    assert "can not be kept: No space left" in last_seen.unkept
    assert last_seen.seen().number == 1
