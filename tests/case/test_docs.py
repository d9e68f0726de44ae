"""The page on how a case is made names every key and everything that a feature module offers."""

import re
from pathlib import Path

import pytest

from tagline.case.load import keys, parse_case
from tagline.data.modules import OPTIONAL, REQUIRED

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "case.md").read_text()


@pytest.mark.parametrize("key", keys())
def test_every_key_is_explained(key):
    assert f"| `{key}` |" in PAGE


def test_no_key_is_explained_that_there_is_not():
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", PAGE, re.MULTILINE)) <= set(keys())


@pytest.mark.parametrize("name", [*REQUIRED, *OPTIONAL])
def test_everything_that_a_feature_module_offers_is_explained(name):
    assert re.search(rf"^\| `{name}[`(]", PAGE, re.MULTILINE)


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.toml")), ids=lambda p: p.name)
def test_every_config_is_sound(path):
    assert parse_case(path.read_text(), file=str(path)).name == path.stem
