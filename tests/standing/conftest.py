"""Ledgers of each kind."""

import pytest

from tests.candidates import ask

__all__ = ["ask"]


@pytest.fixture(params=["disk", "s3"])
def ledgers(request, tmp_path):
    """Give a place for ledgers, of each kind in turn."""
    return request.getfixturevalue("s3") if request.param == "s3" else str(tmp_path / "ledgers")
