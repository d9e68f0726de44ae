"""An S3 server that dies in the middle: what was acknowledged is there afterwards."""

from threading import Timer

import pytest

from tagline.errors import TaglineError
from tagline.lifecycle.audit import audit
from tagline.lifecycle.chain import Ledger, Lost
from tagline.storage.contract import probe
from tagline.storage.location import open_store
from tests.lifecycle.story import tell
from tests.seaweed import wait_until


@pytest.mark.slow
def test_killed_in_the_middle_and_started_again(seaweed, s3, key):
    """While the server is away, every command says so."""
    ledger = Ledger(open_store(s3), "flights")
    written = [tell(ledger, key, 1)]
    timer = Timer(0.2, seaweed.kill)
    timer.start()
    try:
        with pytest.raises(TaglineError, match=r"not known whether|can not be") as result:
            write_on(ledger, key, written)
        with pytest.raises(TaglineError, match="can not be read: Could not connect"):
            ledger.state()
    finally:
        timer.join()
        seaweed.start()
    wait_until(ledger.state)
    wait_until(lambda: probe(ledger.store))
    assert not isinstance(result.value, Lost)
    found = [place.entry for place in ledger.places()]
    assert found[: len(written)] == [state.last for state in written]
    assert len(found) - len(written) in (0, 1)
    tell(ledger, key, 2)
    assert audit(ledger) == []


def write_on(ledger, key, written):
    while len(written) < 1000:
        written.append(tell(ledger, key, 1))
