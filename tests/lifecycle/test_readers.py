"""Whoever reads the ledger while the champion changes finds one champion, and never none or two."""

from threading import Thread

from tagline.lifecycle.chain import Ledger
from tagline.storage.location import open_store
from tests.lifecycle.story import promote, rollback

CHANGES = 60


def test_a_champion_is_found_at_every_look(location, key):
    ledger = Ledger(open_store(location), "flights")

    def change(say):
        state = ledger.state()
        ledger.append(say(state), after=state, key=key)

    def keep_changing():
        for turn in range(CHANGES):
            change(lambda state, own=turn: promote(state, f"r{own}"))
            change(lambda state: rollback(state, to=state.last.replaced))

    change(lambda state: promote(state, "first"))
    writer = Thread(target=keep_changing)
    writer.start()
    looks = []
    while writer.is_alive():
        state = Ledger(open_store(location), "flights").state()
        looks.append((state.number, state.standing.champion))
        assert state.void == []
    writer.join()
    assert len(looks) > 3
    assert all(champion is not None for _, champion in looks)
    assert [number for number, _ in looks] == sorted(number for number, _ in looks)
    assert ledger.state().number == 1 + 2 * CHANGES
