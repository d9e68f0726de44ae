"""Ledgers on a disk and on a real S3 server."""

from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.bundle.keys import public_hex
from tagline.ledger.chain import Ledger
from tagline.ledger.store import open_store
from tests.ledger.seaweed import BUCKET, SeaweedFS


@pytest.fixture(scope="session")
def key():
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory):
    """Give the S3 server of the session; who kills it starts it again."""
    server = SeaweedFS(tmp_path_factory.mktemp("seaweed"))
    server.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in server.variables.items():
                patch.setenv(name, value)
            server.make_bucket()
        yield server
    finally:
        server.kill()


@pytest.fixture
def s3(seaweed, monkeypatch):
    """Give an empty place on S3, with everything set that boto3 looks for."""
    for name, value in seaweed.variables.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid4().hex}/ledger"


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
