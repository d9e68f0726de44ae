"""Killed at every write in turn: an entry is there or not at all, and the work can go on."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tagline.lifecycle.audit import audit
from tagline.lifecycle.chain import Ledger, Lost
from tagline.lifecycle.last_seen import LastSeen
from tagline.storage.location import open_store
from tests.lifecycle.racer import raw
from tests.lifecycle.story import next_draft

ROOT = Path(__file__).resolve().parents[2]
MANY = 200


@pytest.fixture
def mortal(key):
    """Give a function that asks the process whose children are killed."""

    def ask(*words):
        running.stdin.write(" ".join(map(str, words)) + "\n")
        running.stdin.flush()
        return running.stdout.readline().split()

    with subprocess.Popen(
        [sys.executable, "-m", "tests.lifecycle.mortal", raw(key).hex()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as running:
        yield ask
        running.stdin.close()


def verify_deployed(ledger, last_seen, acknowledged):
    """Make sure that all which was acknowledged is there, whole; give what stands."""
    state = last_seen.state()
    assert state.number in (acknowledged, acknowledged + 1)
    assert audit(ledger, last_seen=last_seen) == []
    return state


def goes_on(ledger, key, state):
    """Write the next entry, and find that no one can write it a second time."""
    said = next_draft(state, key=key, case="flights")
    entry = ledger.append(said, after=state, key=key)
    with pytest.raises(Lost) as lost:
        ledger.append(said, after=state, key=key)
    assert lost.value.winner == entry == ledger.state().last


@pytest.mark.parametrize(
    ("kind", "moment", "fewest"),
    [
        ("folder", "before_writes", 30),
        pytest.param("s3", "before_sending", 10, marks=pytest.mark.slow),
        pytest.param("s3", "after_sending", 10, marks=pytest.mark.slow),
    ],
)
def test_killed_at_each_write(request, kind, moment, fewest, key, tmp_path):
    location = request.getfixturevalue(kind)
    ask = request.getfixturevalue("mortal")
    heads = set()
    for at in range(1, MANY):
        place, seen = f"{location}/{at}", tmp_path / "seen" / str(at)
        status, acknowledged, *lived = ask(place, seen, moment, at)
        ledger = Ledger(open_store(place), "flights")
        last_seen = LastSeen(seen, ledger)
        state = verify_deployed(ledger, last_seen, int(acknowledged))
        heads.add(state.number)
        goes_on(ledger, key, state)
        last_seen.note(ledger.state())
        assert audit(ledger, last_seen=last_seen) == []
        if lived:
            break
        assert int(status) == -signal.SIGKILL
    assert lived == ["lived", str(at - 1)]
    assert at > fewest
    assert heads == {0, 1, 2}
