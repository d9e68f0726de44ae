"""Ledgers of each kind, who writes in them, and candidates to promote."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.lifecycle.chain import Ledger
from tagline.storage.location import open_store
from tests.candidates import ask, copied

__all__ = ["ask"]


@pytest.fixture(scope="session")
def key():
    return Ed25519PrivateKey.generate()


@pytest.fixture
def ledger(folder):
    return Ledger(open_store(folder), "flights")


@pytest.fixture(params=["disk", pytest.param("s3", marks=pytest.mark.slow)])
def ledgers(request, tmp_path):
    """Give a place for ledgers, of each kind in turn."""
    return request.getfixturevalue("s3") if request.param == "s3" else str(tmp_path / "ledgers")


@pytest.fixture
def fresh(untouched, tmp_path):
    """Give a folder of one's own with four candidates, the oldest first."""
    place = copied(untouched, tmp_path / "work")
    return place, [each["run"] for each in reversed(ask(place, "runs"))]
