"""A bundle is whole, unchanged and the one that is meant, or it is not loaded."""

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.bundle import seal as sealing
from tagline.bundle.seal import manifest, seal
from tagline.bundle.verify import contents, verify
from tagline.errors import TaglineError
from tagline.keys import KEY, TRUSTED, public_hex, signing_key, trusted_keys
from tagline.storage import files

from .conftest import record_of

FILES = {"a.txt": b"first", "b.bin": bytes(range(256)), "empty": b""}


@pytest.fixture
def sealed(tmp_path):
    return seal(FILES, folder=tmp_path / "bundles")


def refusal(path):
    with pytest.raises(TaglineError) as caught:
        verify(path)
    return str(caught.value)


def test_a_sealed_bundle_is_sound(sealed):
    assert verify(sealed.path)["digest"] == sealed.digest == sealed.path.name


def test_the_same_content_is_the_same_bundle(sealed, tmp_path):
    assert seal(FILES, folder=tmp_path / "bundles") == sealed
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


@pytest.mark.parametrize(("name", "step"), [("a.txt", 1), ("b.bin", 13), ("manifest.json", 13)])
def test_a_flipped_bit_is_found(sealed, name, step):
    file = sealed.path / name
    whole = file.read_bytes()
    for place in range(0, len(whole) * 8, step):
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        file.write_bytes(changed)
        message = refusal(sealed.path)
        assert "not what was sealed" in message
    file.write_bytes(whole)
    assert verify(sealed.path)


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_a_missing_file_is_found(sealed, name):
    (sealed.path / name).unlink()
    assert refusal(sealed.path)


def test_an_added_file_is_found(sealed):
    (sealed.path / "more").write_bytes(b"")
    assert "more was added" in refusal(sealed.path)


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("a.txt")])
def test_an_added_folder_or_link_is_found(sealed, make):
    make(sealed.path / "more")
    assert "more is no plain file" in refusal(sealed.path)


def test_a_truncated_file_is_found(sealed):
    (sealed.path / "b.bin").write_bytes(FILES["b.bin"][:-1])
    assert "b.bin was changed" in refusal(sealed.path)


def test_a_manifest_and_a_name_that_fit_each_other_are_another_bundle(sealed):
    forged = manifest({**FILES, "a.txt": b"forged"})
    (sealed.path / "manifest.json").write_bytes(forged)
    (sealed.path / "a.txt").write_bytes(b"forged")
    moved = sealed.path.rename(sealed.path.with_name(hashlib.sha256(forged).hexdigest()))
    assert verify(moved)["digest"] != sealed.digest
    with pytest.raises(TaglineError, match="not the one that it is named by"):
        contents(moved, digest=sealed.digest)


def test_a_folder_that_was_left_unfinished_is_refused(sealed):
    left = sealed.path.rename(sealed.path.with_name(".unfinished-x"))
    assert "no bundle" in refusal(left)


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_what_is_no_bundle_is_told(tmp_path, path):
    assert "This is no bundle" in refusal(tmp_path / path)


def test_a_place_that_holds_something_else_is_neither_used_nor_overwritten(sealed):
    (sealed.path / "a.txt").write_bytes(b"other")
    with pytest.raises(TaglineError, match="something of this name that was changed"):
        seal(FILES, folder=sealed.path.parent)
    assert (sealed.path / "a.txt").read_bytes() == b"other"


def test_a_renamed_bundle_is_found(sealed):
    moved = sealed.path.rename(sealed.path.with_name("0" * 64))
    assert "not the one that it is named by" in refusal(moved)


@pytest.fixture
def exported(sealed, tmp_path):
    """Give a bundle under a name of its own, with its record beside it, and its author's key."""
    author = Ed25519PrivateKey.generate()
    folder = sealed.path.rename(tmp_path / "model")
    record = record_of(sealed.digest).written_by(author)
    (folder / "record.json").write_bytes(record.signed(author))
    (folder / "card.md").write_text("# A card")
    (folder / "registered_model_meta").write_text("model_name: small")
    return folder, author


def test_an_exported_bundle_is_known_by_its_record_where_its_author_is_trusted(
    exported, tmp_path, monkeypatch
):
    folder, author = exported
    assert "signed by another key" in refusal(folder)
    (tmp_path / "trusted").write_text(public_hex(author) + "\n")
    monkeypatch.setenv(TRUSTED, str(tmp_path / "trusted"))
    found = verify(folder)
    assert (found["run"], found["recorded_by"]) == ("TrainFlow/12", public_hex(author))
    (folder / "more.txt").write_text("x")
    assert "more.txt was added" in refusal(folder)


@pytest.mark.parametrize("place", range(0, 900, 7))
def test_a_record_that_was_changed_is_found(exported, place):
    folder, author = exported
    content = bytearray((folder / "record.json").read_bytes())
    content[place % len(content)] ^= 1
    (folder / "record.json").write_bytes(content)
    with pytest.raises(TaglineError):
        verify(folder, trusted=[public_hex(author)])


def test_a_record_of_another_bundle_names_this_one_not(exported):
    folder, author = exported
    other = record_of("0" * 64).written_by(author)
    (folder / "record.json").write_bytes(other.signed(author))
    with pytest.raises(TaglineError, match="its record is of another bundle"):
        verify(folder, trusted=[public_hex(author)])


def test_a_record_of_a_newer_format_is_refused_by_name(exported):
    folder, author = exported
    newer = record_of("0" * 64, format=99).written_by(author)
    (folder / "record.json").write_bytes(newer.signed(author))
    with pytest.raises(TaglineError, match="of format 99, and this Tagline reads up to 1"):
        verify(folder, trusted=[public_hex(author)])


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
    *((sealing, "write_new", call) for call in range(len(FILES) + 1)),
    *((os, "fsync", call) for call in range(len(FILES) + 2)),
    (files.tempfile, "mkdtemp", 0),
    (Path, "rename", 0),
]


@pytest.mark.parametrize(("module", "name", "call"), FAULTS)
def test_a_full_disk_at_any_moment_leaves_nothing_to_load(
    tmp_path, monkeypatch, module, name, call
):
    folder = tmp_path / "bundles"
    with monkeypatch.context() as faulty:
        fail_at(faulty, module, name, call)
        with pytest.raises(TaglineError, match="No space left on device"):
            seal(FILES, folder=folder)
    assert list(folder.iterdir()) == []
    assert verify(seal(FILES, folder=folder).path)


def test_a_device_without_room_leaves_nothing_to_load(tmp_path, monkeypatch):
    def to_a_full_device(_, content):
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(content or b"x")

    monkeypatch.setattr(sealing, "write_new", to_a_full_device)
    with pytest.raises(TaglineError, match="No space left on device"):
        seal(FILES, folder=tmp_path / "bundles")
    assert list((tmp_path / "bundles").iterdir()) == []
