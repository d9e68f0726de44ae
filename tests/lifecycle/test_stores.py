"""The verbs, where the ledger's store fails: nothing changes, and one sentence says so."""

import pytest

from tagline.storage.contract import probe
from tagline.storage.location import open_store
from tests.conftest import ROOT, Workplace
from tests.lifecycle.conftest import ask
from tests.seaweed import wait_until

# Every file of the ledger's folder is created by os.open; the disk has become read-only.
READ_ONLY = """
import errno, os
really = os.open

def open_(path, flags, *args, **options):
    if "ledger" in str(path) and flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
    return really(path, flags, *args, **options)

os.open = open_
"""


def champion(place):
    return [each["run"] for each in ask(place, "status")["live"]]


@pytest.mark.slow
def test_s3_killed_in_the_middle_and_started_again(candidates, seaweed, s3):
    own, runs = candidates
    place = Workplace(own.folder, own.variables | {"TAGLINE_LEDGER": s3})
    for run in runs[:2]:
        ask(place, "promote", run)
    seaweed.kill()
    try:
        for words in (("status",), ("promote", runs[2]), ("rollback",), ("audit", "--verify")):
            done = place.tagline(*words)
            assert done.returncode == 1, done.stdout
            assert "s3://" in done.stderr
            assert "Traceback" not in done.stderr
    finally:
        seaweed.start()
    wait_until(lambda: probe(open_store(s3)))
    assert champion(place) == [runs[1]]
    ask(place, "rollback")
    assert champion(place) == [runs[0]]
    assert ask(place, "audit", "--verify") == []


@pytest.mark.slow
def test_a_disk_that_has_become_read_only(candidates, tmp_path):
    own, runs = candidates
    ledger = str(tmp_path / "ledger")
    place = Workplace(own.folder, {"PYTHONPATH": str(ROOT), "TAGLINE_LEDGER": ledger})
    for run in runs[:2]:
        ask(place, "promote", run)
    (tmp_path / "sitecustomize.py").write_text(READ_ONLY)
    broken = Workplace(place.folder, place.variables | {"PYTHONPATH": f"{tmp_path}:{ROOT}"})
    assert champion(broken) == [runs[1]], "reading needs no writing"
    for words in (("promote", runs[2]), ("rollback",)):
        done = broken.tagline(*words)
        assert done.returncode == 1, done.stdout
        assert "Read-only file system" in done.stderr
        assert "Traceback" not in done.stderr
    assert champion(place) == [runs[1]]
    ask(place, "rollback")
    assert champion(place) == [runs[0]]


@pytest.mark.parametrize("place_", ["s3://", "ftp://somewhere/ledger"])
def test_a_place_that_is_none(candidates, place_):
    own, _ = candidates
    place = Workplace(own.folder, own.variables | {"TAGLINE_LEDGER": place_})
    done = place.tagline("status")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
