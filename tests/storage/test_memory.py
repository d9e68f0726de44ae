"""The store that the tests use keeps to what the others keep to."""

import pytest

from tests.storage.contract import StoreContract
from tests.storage.memory import Memory


class TestMemory(StoreContract):
    @pytest.fixture
    def place(self, monkeypatch):
        memory = Memory()
        monkeypatch.setattr("tests.storage.contract.open_store", lambda place: memory)
        return memory

    def all_names(self, store):
        return [*store.contents]
