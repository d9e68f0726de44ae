"""What somebody has put into the store stops nobody, and is believed by nobody."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.bundle.seal import seal
from tagline.bundle.sharing import share_bundle
from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.keys import KEY, signing_key
from tagline.runs import records as module
from tagline.runs.records import Records
from tagline.storage.disk import Disk
from tagline.storage.objects import Objects
from tagline.workflows.exporting import export
from tests.bundle.conftest import record_of

STRANGE = {
    "deep": "[" * 100_000 + "]" * 100_000,
    "no text": '{"format": 1, "author_key": "\\ud800", "signature": "x"}',
    "endless": '{"format": 1e999, "author_key": "x", "signature": "x"}',
    "no json": "garbage",
    "a list": "[1]",
    "unsigned": json.dumps({"format": 1, "author_key": "a" * 64, "signature": "b" * 128}),
}


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGLINE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("TAGLINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(KEY, str(tmp_path / "signing.key"))
    return Records(Disk(tmp_path / "store"))


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_one_record_that_is_none_is_named_and_the_others_are_read(own, content):
    own.write(record_of("d" * 64))
    for name in ("runs/parcels/9.json", "runs/parcels/deep/9.json", "begun/parcels/9.json"):
        own.store.create(name, content.encode())
    own.store.create("begun/parcels/a/b.json", content.encode())
    assert [each.run for each in own.of("parcels")] == ["TrainFlow/12"]
    assert len(own.faults("parcels")) == 2
    assert own.newest_start("parcels") is not None
    with pytest.raises(TaglineError):
        own.read("TrainFlow/9", case="parcels")


def test_a_run_has_one_record(own):
    own.write(record_of("d" * 64))
    own.write(record_of("d" * 64))
    with pytest.raises(TaglineError, match=r"There is another record of TrainFlow/12"):
        own.write(record_of("e" * 64))
    assert own.read("TrainFlow/12").digest == "d" * 64


def test_a_record_that_was_changed_or_put_elsewhere_is_void(own):
    own.write(record_of("d" * 64))
    name = "runs/parcels/12.json"
    said = json.loads(own.store.read(name))
    own.store.write("runs/parcels/13.json", own.store.read(name))
    own.store.write(name, as_json({**said, "digest": "e" * 64}))
    assert own.of("parcels") == []
    changed, elsewhere = sorted(own.faults("parcels"))
    assert "not as its author signed it" in changed
    assert "This is the record of TrainFlow/12" in elsewhere


def test_what_is_void_for_this_version_is_read_by_the_next(own, monkeypatch):
    key = Ed25519PrivateKey.generate()
    newer = record_of("d" * 64, format=2).written_by(key)
    own.store.create("runs/parcels/12.json", newer.signed(key))
    assert own.of("parcels") == []
    monkeypatch.setattr("tagline.bundle.signed.FORMAT", 2)
    assert [each.run for each in own.of("parcels")] == ["TrainFlow/12"]


def test_a_step_that_is_tried_again_finds_its_record(own):
    first = own.write(record_of("d" * 64))
    assert own.write(record_of("d" * 64, ended="2025-01-01T00:00:00.000000+00:00")) == first


def test_a_record_of_the_future_is_nobody_s_newest(own):
    own.write(record_of("d" * 64))
    own.write(record_of("e" * 64, run="TrainFlow/13", began="9999-01-01T00:00:00.000000+00:00"))
    assert [each.run for each in own.of("parcels")] == ["TrainFlow/12"]
    assert "It says that it begins at 9999" in own.faults("parcels")[0]


def test_nothing_is_read_twice(own, monkeypatch):
    own.write(record_of("d" * 64))
    assert own.of("parcels")
    monkeypatch.setattr(module, "_parsed", None)
    assert own.of("parcels")


@pytest.mark.parametrize("name", ["/tmp/escaped", "../escaped", "model.onnx", "a/b", "record.json"])
def test_an_export_writes_nothing_but_what_is_ours(own, tmp_path, name):
    sealed = seal({"a.txt": b"a"}, folder=tmp_path / "bundles")
    objects = Objects(own.store)
    share_bundle(sealed.path, objects)
    files = {f"beside/{name}": objects.put(b"theirs"), "beside/card.md": objects.put(b"card")}
    record = own.write(record_of(sealed.digest, files=files).written_by(signing_key()))
    made = export(record, tmp_path / "exported")
    assert sorted(path.name for path in made.iterdir()) == [
        "a.txt",
        "card.md",
        "manifest.json",
        "record.json",
    ]
    assert b"theirs" not in (made / "record.json").read_bytes()
    assert not Path("/tmp/escaped").exists()
    assert not (tmp_path / "escaped").exists()
