"""Processes that append to the same ledger at the same moment."""

import multiprocessing
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.lifecycle.chain import Ledger, Lost
from tagline.storage.location import open_store
from tests.lifecycle.story import promote

PATIENCE = 120


@dataclass(frozen=True)
class Came:
    """What became of one racer in one round."""

    turn: int
    run: str
    won: bool
    winner: str


def raw(key):
    form = serialization.Encoding.Raw, serialization.PrivateFormat.Raw
    return key.private_bytes(*form, serialization.NoEncryption())


def race(location, key, *, racers=8, rounds):
    """Let processes append after the same head, again and again; give what became of each."""
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(racers), context.Queue()
    running = [
        context.Process(target=run, args=(location, raw(key), at, rounds, start, results))
        for at in range(racers)
    ]
    for process in running:
        process.start()
    try:
        came = [results.get(timeout=PATIENCE) for _ in range(racers * rounds)]
    finally:
        for process in running:
            process.join(PATIENCE)
            process.kill()
    results.close()
    results.join_thread()
    return came


def run(location, secret, at, rounds, start: Barrier, results):
    key = Ed25519PrivateKey.from_private_bytes(secret)
    ledger = Ledger(open_store(location), "flights")
    for turn in range(rounds):
        start.wait(PATIENCE)
        head = ledger.state()
        said = promote(head, f"round{turn}/racer{at}")
        start.wait(PATIENCE)
        try:
            entry, won = ledger.append(said, after=head, key=key), True
        except Lost as lost:
            entry, won = lost.winner, False
        results.put(Came(turn, said.run, won, entry.run))
