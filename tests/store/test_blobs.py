"""What is at hand and what is in the one store: fetched where it is not here, and verified."""

import hashlib

import pytest

from tagline.bundle.seal import seal
from tagline.bundle.sharing import fetch_bundle, share_bundle
from tagline.bundle.verify import verify
from tagline.errors import TaglineError, Unknown
from tagline.keys import signing_key
from tagline.store.blobs import Blobs, blobs, using
from tagline.store.location import open_store
from tagline.store.objects import Objects

SHA = hashlib.sha256(b"content").hexdigest()


@pytest.fixture
def shared(location):
    return Objects(open_store(location))


def test_what_is_put_is_at_hand_and_nowhere_else(tmp_path):
    own = Blobs(tmp_path)
    assert own.put(b"content", ending=".txt") == SHA
    assert own.get(SHA, ending=".txt") == b"content"
    assert [path.name for path in tmp_path.iterdir()] == [f"{SHA}.txt"]
    own.path(SHA, ending=".txt").write_bytes(b"another")
    with pytest.raises(TaglineError, match="not what was stored"):
        own.get(SHA, ending=".txt")
    own.path(SHA, ending=".txt").unlink()
    with pytest.raises(Unknown, match="This is gone"):
        own.get(SHA, ending=".txt")


def test_another_machine_fetches_it_and_verifies_it(tmp_path, shared):
    Blobs(tmp_path / "here", shared).put(b"content")
    there = Blobs(tmp_path / "there", shared)
    assert there.get(SHA) == b"content"
    assert there.path(SHA).read_bytes() == b"content"
    # What was changed at hand is fetched anew.
    there.path(SHA).write_bytes(b"another")
    assert there.get(SHA) == b"content"
    # What is another thing in the store is refused.
    shared.remove(SHA)
    shared.store.create(f"objects/{SHA[:2]}/{SHA}", b"another")
    with pytest.raises(TaglineError, match="is not what it is named by"):
        Blobs(tmp_path / "elsewhere", shared).get(SHA)
    # Whoever has it at hand puts it right.
    assert there.put(b"content") == SHA
    assert Blobs(tmp_path / "elsewhere", shared).get(SHA) == b"content"


def test_a_folder_is_made_of_its_files(tmp_path, shared):
    here, there = (Blobs(tmp_path / name, shared) for name in ("here", "there"))
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
    assert Blobs(tmp_path / "alone").put_folder(folder) == {}


def test_a_bundle_is_fetched_whole_or_not_at_all(tmp_path, shared, monkeypatch):
    monkeypatch.setenv("TAGLINE_SIGNING_KEY", str(tmp_path / "signing.key"))
    found = seal({"a.txt": b"first", "b": b""}, folder=tmp_path / "here", key=signing_key())
    share_bundle(found.path, shared)
    (tmp_path / "there").mkdir()
    assert not fetch_bundle("0" * 64, tmp_path / "there", shared)
    assert fetch_bundle(found.digest, tmp_path / "there", shared)
    assert verify(tmp_path / "there" / found.digest)["digest"] == found.digest
    lost = next(iter(found.path.iterdir())).read_bytes()
    shared.remove(hashlib.sha256(lost).hexdigest())
    (tmp_path / "third").mkdir()
    with pytest.raises(Unknown, match="is not in the store"):
        fetch_bundle(found.digest, tmp_path / "third", shared)
    assert not (tmp_path / "third" / found.digest).exists()


def test_others_can_be_used_for_a_while(tmp_path):
    usual = blobs()
    with using(Blobs(tmp_path)) as own:
        assert blobs() == own
    assert blobs() == usual
