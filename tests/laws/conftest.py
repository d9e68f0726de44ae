"""Every law runs in every world; a world is trained once for all of them."""

import importlib
import pkgutil
from pathlib import Path

import pytest

from tests import worlds
from tests.pipeline import Trained
from tests.worlds.world import World


def all_worlds() -> dict[str, World]:
    modules = (
        importlib.import_module(f"tests.worlds.{each.name}")
        for each in pkgutil.iter_modules(worlds.__path__)
        if each.name != "world"
    )
    return {module.__name__.rpartition(".")[2]: module.WORLD for module in modules}


WORLDS = all_worlds()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "world" in metafunc.fixturenames:
        metafunc.parametrize(
            "world",
            [
                pytest.param(name, id=name, marks=() if each.quick else pytest.mark.slow)
                for name, each in WORLDS.items()
            ],
            scope="session",
        )


@pytest.fixture(scope="session")
def lived(world: str, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Give what was trained in a world."""
    return WORLDS[world].trained(tmp_path_factory.mktemp(world))


@pytest.fixture(scope="session")
def source(lived: Trained) -> Path:
    """Give the file that the world was trained on."""
    return lived.case.beside(str(lived.case.table.source))
