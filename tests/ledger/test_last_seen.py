"""A machine remembers how far it has seen a ledger."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tagline.errors import TaglineError
from tagline.keys import public_hex
from tagline.ledger.chain import Ledger
from tagline.ledger.fault import Unsound
from tagline.ledger.last_seen import LastSeen, Seen
from tagline.ledger.location import open_store
from tests.ledger.story import tell


@pytest.fixture
def last_seen(tmp_path, ledger):
    return LastSeen(tmp_path / "seen", ledger)


def test_nothing_was_seen_yet(last_seen, ledger, key):
    last_seen.check(None)
    last_seen.check(tell(ledger, key, 2))
    assert last_seen.seen() is None
    assert not last_seen.folder.exists()


def test_the_highest_is_kept(last_seen, ledger, key):
    first = tell(ledger, key, 1)
    third = tell(ledger, key, 2, after=first)
    last_seen.note(third)
    last_seen.note(first)
    assert last_seen.seen() == Seen(3, third.digest)
    last_seen.check(third)
    last_seen.check(tell(ledger, key, 1, after=third))


def test_a_head_read_before_another_process_wrote_is_no_fault(last_seen, ledger, key):
    first = tell(ledger, key, 1)
    last_seen.note(tell(ledger, key, 1, after=first))
    last_seen.check(first)
    last_seen.check(None)


def test_an_end_that_was_cut_off_is_told(last_seen, ledger, key, folder):
    last_seen.note(tell(ledger, key, 4))
    for number in (4, 3):
        Path(folder, ledger.name(number)).unlink()
    with pytest.raises(Unsound, match=r"Entry 3 .* truncated: .* has seen entry 4"):
        last_seen.check(ledger.head())


def test_an_entry_that_is_gone_from_the_middle_is_told(last_seen, ledger, key, folder):
    second = tell(ledger, key, 2)
    last_seen.note(second)
    head = tell(ledger, key, 2, after=second)
    Path(folder, ledger.name(2)).unlink()
    with pytest.raises(Unsound, match=r"Entry 2 .* missing"):
        last_seen.check(head)


def test_another_ledger_in_its_place_is_told(last_seen, ledger, key, folder):
    last_seen.note(tell(ledger, key, 2))
    for number in (1, 2):
        Path(folder, ledger.name(number)).unlink()
    with pytest.raises(Unsound, match=r"Entry 2 .* changed: This machine has seen another"):
        last_seen.check(tell(ledger, key, 3))


def test_each_ledger_has_its_own(last_seen, ledger, tmp_path, key):
    others = (
        Ledger(ledger.store, "loans", trusted=[public_hex(key)]),
        Ledger(open_store(str(tmp_path / "other")), "flights", trusted=[public_hex(key)]),
    )
    last_seen.note(tell(ledger, key, 2))
    for other in others:
        own = LastSeen(last_seen.folder, other)
        own.check(None)
        own.note(tell(other, key, 1))
        assert own.seen().number == 1
    assert last_seen.seen().number == 2


def test_many_at_once_keep_the_highest(last_seen, ledger, key):
    tell(ledger, key, 8)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(last_seen.note, ledger.entries(newest_first=True)))
    assert last_seen.seen().number == 8


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[]", b'{"number": "x", "sha256": ""}'])
def test_a_note_that_is_none_is_told(last_seen, content):
    last_seen.folder.mkdir()
    last_seen.path.write_bytes(content)
    with pytest.raises(TaglineError, match=r"can not be read.*Remove it if"):
        last_seen.check(None)


def test_a_full_disk_is_told_and_keeps_what_was_seen(last_seen, ledger, key, monkeypatch):
    first = tell(ledger, key, 1)
    last_seen.note(first)
    head = tell(ledger, key, 1, after=first)

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TaglineError, match="can not be kept: No space left"):
        last_seen.note(head)
    assert last_seen.seen() == Seen(1, first.digest)
