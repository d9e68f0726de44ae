"""Ledgers on a disk and on a real S3 server."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.keys import public_hex
from tagline.ledger.chain import Ledger
from tagline.ledger.location import open_store


@pytest.fixture(scope="session")
def key():
    return Ed25519PrivateKey.generate()


@pytest.fixture
def folder(tmp_path):
    """Give an empty place on the disk."""
    return str(tmp_path / "shared" / "ledger")


@pytest.fixture(params=["disk", "s3"])
def location(request):
    """Give an empty place of each kind in turn."""
    return request.getfixturevalue({"disk": "folder", "s3": "s3"}[request.param])


@pytest.fixture
def ledger(folder, key):
    return Ledger(open_store(folder), "flights", trusted=[public_hex(key)])
