"""A bundle is whole, unchanged and signed by someone trusted, or it is not loaded."""

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.bundle import seal as sealing
from tagline.bundle.seal import manifest, seal
from tagline.bundle.verify import verify
from tagline.errors import TaglineError
from tagline.keys import KEY, TRUSTED, public_hex, signing_key, trusted_keys

FILES = {"a.txt": b"first", "b.bin": bytes(range(256)), "empty": b""}


@pytest.fixture
def sealed(tmp_path):
    return seal(FILES, folder=tmp_path / "bundles", key=signing_key())


def refusal(path):
    with pytest.raises(TaglineError) as caught:
        verify(path)
    return str(caught.value)


def test_a_sealed_bundle_is_sound(sealed):
    assert verify(sealed.path)["digest"] == sealed.digest == sealed.path.name


def test_the_same_content_is_the_same_bundle(sealed, tmp_path):
    assert seal(FILES, folder=tmp_path / "bundles", key=signing_key()) == sealed
    assert len(list((tmp_path / "bundles").iterdir())) == 1


def test_the_key_is_made_once_and_is_the_owners_alone(tmp_path):
    first, again = signing_key(), signing_key()
    assert public_hex(first) == public_hex(again)
    assert stat.S_IMODE((tmp_path / "keys" / "signing.key").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["signing.key"]


def test_a_file_that_is_no_key_is_told(tmp_path, monkeypatch):
    (tmp_path / "nonsense").write_text("nonsense")
    monkeypatch.setenv(KEY, str(tmp_path / "nonsense"))
    with pytest.raises(TaglineError, match="signing key can not be used"):
        signing_key()


@pytest.mark.parametrize(
    ("name", "step"), [("a.txt", 1), ("b.bin", 13), ("manifest.json", 13), ("signature.json", 1)]
)
def test_a_flipped_bit_is_found(sealed, name, step):
    file = sealed.path / name
    whole = file.read_bytes()
    for place in range(0, len(whole) * 8, step):
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        file.write_bytes(changed)
        message = refusal(sealed.path)
        assert "not what was sealed" in message or "another key" in message
    file.write_bytes(whole)
    assert verify(sealed.path)


@pytest.mark.parametrize("name", [*FILES, "manifest.json", "signature.json"])
def test_a_missing_file_is_found(sealed, name):
    (sealed.path / name).unlink()
    assert refusal(sealed.path)


def test_an_added_file_is_found(sealed):
    (sealed.path / "more").write_bytes(b"")
    assert "more was added" in refusal(sealed.path)


@pytest.mark.parametrize("change", [bytes.upper, lambda content: content + b" "])
def test_a_signature_is_written_in_one_way_only(sealed, change):
    file = sealed.path / "signature.json"
    key, value = file.read_bytes().rsplit(b":", 1)
    file.write_bytes(key + b":" + change(value))
    assert "signature.json was changed" in refusal(sealed.path)


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("a.txt")])
def test_an_added_folder_or_link_is_found(sealed, make):
    make(sealed.path / "more")
    assert "more is no plain file" in refusal(sealed.path)


def test_a_truncated_file_is_found(sealed):
    (sealed.path / "b.bin").write_bytes(FILES["b.bin"][:-1])
    assert "b.bin was changed" in refusal(sealed.path)


def test_a_manifest_and_a_name_that_fit_each_other_are_not_enough(sealed):
    forged = manifest({**FILES, "a.txt": b"forged"})
    (sealed.path / "manifest.json").write_bytes(forged)
    (sealed.path / "a.txt").write_bytes(b"forged")
    moved = sealed.path.rename(sealed.path.with_name(hashlib.sha256(forged).hexdigest()))
    assert "its signature does not hold" in refusal(moved)


def test_a_folder_that_was_left_unfinished_is_refused(sealed):
    left = sealed.path.rename(sealed.path.with_name(".unfinished-x"))
    assert "no bundle" in refusal(left)


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_what_is_no_bundle_is_told(tmp_path, path):
    assert "This is no bundle" in refusal(tmp_path / path)


def test_a_place_that_holds_something_else_is_neither_used_nor_overwritten(sealed):
    (sealed.path / "a.txt").write_bytes(b"other")
    with pytest.raises(TaglineError, match="something of this name that was changed"):
        seal(FILES, folder=sealed.path.parent, key=signing_key())
    with pytest.raises(TaglineError, match="sealed with another key"):
        seal(FILES, folder=sealed.path.parent, key=Ed25519PrivateKey.generate())
    assert (sealed.path / "a.txt").read_bytes() == b"other"


def test_a_renamed_bundle_is_found(sealed):
    moved = sealed.path.rename(sealed.path.with_name("0" * 64))
    assert "not the one that it is named by" in refusal(moved)


def test_a_signature_by_another_key_is_refused_until_it_is_trusted(tmp_path, monkeypatch):
    stranger = Ed25519PrivateKey.generate()
    theirs = seal(FILES, folder=tmp_path / "theirs", key=stranger)
    assert "signed by another key" in refusal(theirs.path)
    (tmp_path / "trusted").write_text(public_hex(stranger) + "\n")
    monkeypatch.setenv(TRUSTED, str(tmp_path / "trusted"))
    assert verify(theirs.path)["signed_by"] == public_hex(stranger)


def test_a_folder_of_keys_is_trusted(tmp_path, monkeypatch):
    ours, theirs = (public_hex(Ed25519PrivateKey.generate()) for _ in range(2))
    (tmp_path / "trusted").mkdir()
    (tmp_path / "trusted" / "ours").write_text(ours)
    (tmp_path / "trusted" / "theirs").write_text(f"{theirs}\n")
    monkeypatch.setenv(TRUSTED, str(tmp_path / "trusted"))
    assert trusted_keys() == {ours, theirs}


def test_trusted_keys_that_are_none_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv(TRUSTED, str(tmp_path / "trusted"))
    with pytest.raises(TaglineError, match="trusted keys can not be read"):
        trusted_keys()
    (tmp_path / "trusted").write_text("ssh-ed25519 AAAA")
    with pytest.raises(TaglineError, match="'ssh-ed25519' is no public key"):
        trusted_keys()


def test_nobody_is_trusted_where_there_is_no_key():
    assert trusted_keys() == frozenset()


def fail_at(monkeypatch, module, name, call):
    """Make one call of a function fail as a full disk does."""
    real, calls = getattr(module, name), iter(range(1000))

    def failing(*args, **kwargs):
        if next(calls) == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, failing)


FAULTS = [
    *((sealing, "_write_file", call) for call in range(len(FILES) + 2)),
    *((os, "fsync", call) for call in range(len(FILES) + 3)),
    (sealing.tempfile, "mkdtemp", 0),
    (Path, "rename", 0),
]


@pytest.mark.parametrize(("module", "name", "call"), FAULTS)
def test_a_full_disk_at_any_moment_leaves_nothing_to_load(
    tmp_path, monkeypatch, module, name, call
):
    key, folder = signing_key(), tmp_path / "bundles"
    with monkeypatch.context() as faulty:
        fail_at(faulty, module, name, call)
        with pytest.raises(TaglineError, match="No space left on device"):
            seal(FILES, folder=folder, key=key)
    assert list(folder.iterdir()) == []
    assert verify(seal(FILES, folder=folder, key=key).path)


def test_a_device_without_room_leaves_nothing_to_load(tmp_path, monkeypatch):
    def to_a_full_device(_, content):
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(content or b"x")

    monkeypatch.setattr(sealing, "_write_file", to_a_full_device)
    with pytest.raises(TaglineError, match="No space left on device"):
        seal(FILES, folder=tmp_path / "bundles", key=signing_key())
    assert list((tmp_path / "bundles").iterdir()) == []
