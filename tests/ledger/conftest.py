"""A ledger on a disk, and who writes in it."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.ledger.chain import Ledger
from tagline.storage.location import open_store


@pytest.fixture(scope="session")
def key():
    return Ed25519PrivateKey.generate()


@pytest.fixture
def ledger(folder):
    return Ledger(open_store(folder), "flights")
