"""A ledger's store on a disk."""

import errno
import os
import stat
from pathlib import Path

import pytest

from tagline.errors import TaglineError
from tagline.storage.contract import probe
from tagline.storage.disk import UNFINISHED, Disk
from tagline.storage.location import open_store
from tests.storage.contract import StoreContract


class TestDisk(StoreContract):
    moments = ("before_writes",)

    @pytest.fixture
    def place(self, folder):
        return folder

    def all_names(self, store):
        return [path.name for path in store.folder.rglob("*")]


def test_what_is_unfinished_is_not_a_child(tmp_path):
    (tmp_path / f"{UNFINISHED}1").write_bytes(b"half")
    assert Disk(tmp_path).children("") == []


def test_nothing_but_the_entry_is_left(tmp_path):
    Disk(tmp_path).create("case/a", b"one")
    Disk(tmp_path).create("case/a", b"two")
    assert [path.name for path in (tmp_path / "case").iterdir()] == ["a"]
    assert stat.S_IMODE((tmp_path / "case" / "a").stat().st_mode) & 0o222 == 0


def test_reading_writes_nothing(folder):
    store = open_store(folder)
    assert (store.read("case/a"), store.children("case")) == (None, [])
    assert not Path(folder).parent.exists()


def test_every_folder_up_to_the_ledgers_is_flushed(tmp_path, monkeypatch):
    """A folder may have been made by someone who was killed before flushing it."""
    (tmp_path / "shared" / "ledger" / "case").mkdir(parents=True)
    flushed, flush = [], os.fsync

    def noting(handle):
        flushed.append(os.fstat(handle).st_ino)
        flush(handle)

    monkeypatch.setattr(os, "fsync", noting)
    Disk(tmp_path / "shared" / "ledger").create("case/000/a", b"")
    folders = ["shared/ledger/case/000", "shared/ledger/case", "shared/ledger"]
    assert flushed[1:] == [(tmp_path / folder).stat().st_ino for folder in folders]
    flushed.clear()
    Disk(tmp_path / "other" / "ledger").create("a", b"")
    assert flushed[1:] == [
        (tmp_path / each).stat().st_ino for each in ("other/ledger", "other", "")
    ]


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize(
    ("call", "at"),
    [
        (call, at)
        for call, most in {"mkdir": 3, "open": 4, "fsync": 4, "link": 1}.items()
        for at in range(1, most + 1)
    ],
)
def test_a_disk_that_can_not_be_written_is_told(tmp_path, monkeypatch, call, at, number):
    store = Disk(tmp_path / "ledger")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing_once(getattr(os, call), at=at, number=number))
        with pytest.raises(TaglineError, match=os.strerror(number)) as result:
            store.create("case/000/a", b"whole")
    assert str(result.value).startswith(str(tmp_path / "ledger"))
    assert store.read("case/000/a") == (b"whole" if "not known" in str(result.value) else None)
    assert store.create("case/000/a", b"whole")
    assert not [*tmp_path.rglob(f"{UNFINISHED}*")]


def failing_once(call, *, at, number):
    seen = []

    def failing(*arguments, **options):
        seen.append(arguments)
        if len(seen) == at:
            raise OSError(number, os.strerror(number))
        return call(*arguments, **options)

    return failing


def test_what_can_not_be_tidied_up_is_no_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "unlink", failing_once(os.unlink, at=1, number=errno.EROFS))
    assert Disk(tmp_path).create("a", b"whole")
    assert Disk(tmp_path).children("") == ["a"]


def test_a_disk_that_can_not_be_read_is_told(tmp_path, monkeypatch):
    store = Disk(tmp_path)
    store.create("case/a", b"")
    (tmp_path / "case" / "b").mkdir()
    with pytest.raises(TaglineError, match=r"can not be read: Is a directory"):
        store.read("case/b")

    monkeypatch.setattr(Path, "iterdir", failing_once(Path.iterdir, at=1, number=errno.EIO))
    with pytest.raises(TaglineError, match=r"can not be read: Input/output error"):
        store.children("case")


def test_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / "ledger").write_text("a file")
    store = Disk(tmp_path / "ledger")
    with pytest.raises(TaglineError, match="can not be written"):
        probe(store)
    assert store.read("case/a") is None


@pytest.mark.parametrize("place", ["gs://bucket/x", "", "s3://", "s3:///x", "s3://b/x?y"])
def test_a_place_of_no_known_kind(place):
    with pytest.raises(TaglineError, match=r"is a folder, or on S3|names no bucket"):
        open_store(place)
