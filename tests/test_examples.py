"""The examples in docstrings are true, and whoever a person calls has one."""

import doctest
import importlib
import logging
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WITH_EXAMPLES = sorted(file for file in ROOT.glob("tagline/**/*.py") if ">>> " in file.read_text())
CALLED = {
    "tagline.history.declare": ("Events", "Count", "Sum", "Mean", "Last", "Age"),
    "tagline.history.bulk": ("compute",),
    "tagline.columns.field": ("Field",),
    "tagline.evaluation.behaviour": ("Invariance", "Direction", "Minimum"),
    "tagline.bundle.load": ("Bundle",),
    "tagline.bundle.verify": ("verify",),
    "tagline.case.load": ("parse_case",),
    "tagline.runs.lookup": ("find",),
    "tagline.notebook": ("shap_explanation",),
    "tagline.log": ("show_log",),
}


@pytest.fixture(autouse=True)
def same_handlers():
    logger = logging.getLogger("tagline")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.mark.parametrize("file", WITH_EXAMPLES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_examples_are_true(file):
    module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in CALLED.items() for name in names]
)
@pytest.mark.filterwarnings("ignore")  # Metaflow's client warns of its own use of yaml
def test_what_people_call_shows_how(module, name):
    assert "Examples\n" in getattr(importlib.import_module(module), name).__doc__
