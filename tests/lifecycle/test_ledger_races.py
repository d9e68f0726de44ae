"""Of many who write at once, one wins, and the others are told who."""

import pytest

from tagline.lifecycle.audit import audit
from tagline.lifecycle.chain import Ledger
from tagline.storage.location import open_store
from tests.lifecycle.racer import race


@pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.slow)])
def test_one_of_eight_wins(location, key, rounds):
    came = race(location, key, rounds=rounds)
    ledger = Ledger(open_store(location), "flights")
    written = [place.entry.run for place in ledger.places()]
    assert len(written) == rounds
    for turn, run in enumerate(written):
        of_this = [each for each in came if each.turn == turn]
        assert [each.run for each in of_this if each.won] == [run]
        assert [each.winner for each in of_this] == [run] * 8
    assert audit(ledger) == []
