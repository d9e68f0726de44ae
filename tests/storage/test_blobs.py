"""What is at hand and what is in the one store: fetched where it is not here, and verified."""

import hashlib

import pytest

from tagline.bundle.seal import seal
from tagline.bundle.sharing import fetch_bundle, share_bundle
from tagline.bundle.verify import verify
from tagline.errors import TaglineError, Unknown
from tagline.storage.blobs import Blobs, blobs, using
from tagline.storage.disk import Disk
from tagline.storage.location import open_store
from tagline.storage.objects import Objects

SHA = hashlib.sha256(b"content").hexdigest()


@pytest.fixture
def shared(location):
    return Objects(open_store(location))


def test_what_is_kept_alone_is_in_its_folder(tmp_path):
    own = Blobs.alone(tmp_path)
    assert own.put(b"content") == SHA
    assert own.get(SHA) == b"content"
    assert own.file(SHA, ending=".txt").read_bytes() == b"content"
    (kept,) = (tmp_path / "objects").rglob(SHA)
    kept.chmod(0o644)
    kept.write_bytes(b"another")
    with pytest.raises(TaglineError, match="is not what it is named by"):
        own.get(SHA)
    kept.unlink()
    with pytest.raises(Unknown, match="is not in the store"):
        own.get(SHA)


def test_another_machine_fetches_it_and_verifies_it(tmp_path, shared):
    Blobs(shared, tmp_path / "here").put(b"content")
    there = Blobs(shared, tmp_path / "there")
    assert there.get(SHA) == b"content"
    assert there.file(SHA).read_bytes() == b"content"
    if not isinstance(shared.store, Disk):  # what is at hand is not asked for again
        shared.remove(SHA)
        assert there.get(SHA) == b"content"
        assert there.put(b"content") == SHA
    # What was changed at hand is fetched anew.
    there.file(SHA).write_bytes(b"another")
    assert there.get(SHA) == b"content"
    # What is another thing in the store is refused.
    shared.remove(SHA)
    shared.store.create(f"objects/{SHA[:2]}/{SHA}", b"another")
    with pytest.raises(TaglineError, match="is not what it is named by"):
        Blobs(shared, tmp_path / "elsewhere").get(SHA)
    # Whoever has it puts it right.
    assert there.put(b"content") == SHA
    assert Blobs(shared, tmp_path / "elsewhere").get(SHA) == b"content"


@pytest.mark.parametrize("unchanging", [False, True])
def test_a_file_is_kept_whatever_becomes_of_it(tmp_path, shared, unchanging):
    file = tmp_path / "file"
    file.write_bytes(b"content")
    assert shared.put_file(file, unchanging=unchanging) == SHA
    assert shared.put_file(file, unchanging=unchanging) == SHA
    if not unchanging:
        file.write_bytes(b"another")
    file.unlink()
    assert shared.get(SHA) == b"content"


def test_a_folder_is_made_of_its_files(tmp_path, shared):
    here, there = (Blobs(shared, tmp_path / name) for name in ("here", "there"))
    folder = here.folder / "matrix"
    folder.mkdir(parents=True)
    for name in ("X.npy", "y.npy"):
        (folder / name).write_bytes(name.encode())
    files = here.put_folder(folder)
    assert set(files) == {"X.npy", "y.npy"}
    fetched = there.fetch_folder(there.folder / "matrix", files)
    assert {path.name: path.read_bytes() for path in fetched.iterdir()} == {
        "X.npy": b"X.npy",
        "y.npy": b"y.npy",
    }


def test_a_bundle_is_fetched_whole_or_not_at_all(tmp_path, shared):
    found = seal({"a.txt": b"first", "b": b""}, folder=tmp_path / "here")
    share_bundle(found.path, shared)
    (tmp_path / "there").mkdir()
    assert not fetch_bundle("0" * 64, tmp_path / "there", shared)
    assert fetch_bundle(found.digest, tmp_path / "there", shared)
    assert verify(tmp_path / "there" / found.digest)["digest"] == found.digest
    shared.remove(hashlib.sha256(b"first").hexdigest())
    (tmp_path / "third").mkdir()
    with pytest.raises(Unknown, match="is not in the store"):
        fetch_bundle(found.digest, tmp_path / "third", shared)
    assert not (tmp_path / "third" / found.digest).exists()


def test_others_can_be_used_for_a_while(tmp_path):
    usual = blobs()
    with using(Blobs.alone(tmp_path)) as own:
        assert blobs() == own
    assert blobs().objects.store is usual.objects.store
