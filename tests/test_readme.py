"""What pages show is what there is: figures of the results, what a command prints, an example."""

import re
import shlex
from shutil import copy, copytree

import pytest

from benchmarks.readme import PAGES, with_figures
from tagline.case.load import parse_case
from tests.conftest import ROOT, Workplace
from tests.pipeline import prepared

NEW = "tagline new returns --table orders.csv --target sent_back"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_figures_are_what_the_results_give_now(page):
    text = page.read_text()
    assert with_figures(text, PAGES[page]()) == text, "`make readme` writes them"


def test_what_new_prints_is_what_the_page_shows(tmp_path):
    (tmp_path / "config").mkdir()
    copy(ROOT / "examples" / "orders.csv", tmp_path)
    place = Workplace(tmp_path, {"COLUMNS": "100"})
    done = place.tagline(*NEW.split()[1:])
    assert done.returncode == 0, done.stderr
    shown = blocks(ROOT / "README.md", NEW)[1]
    flow = shlex.quote(str(ROOT / "flows" / "train.py"))
    printed = done.stdout.replace(flow, "flows/train.py")
    assert lines(printed) == lines(shown)


def test_the_first_example_of_a_case_is_one(tmp_path):
    (tmp_path / "config").mkdir()
    copytree(ROOT / "examples", tmp_path / "examples")
    _, config, command = blocks(ROOT / "docs" / "case.md", "tagline new returns")[:3]
    file = tmp_path / "config" / "returns.toml"
    file.write_text(config)
    assert "--config case config/returns.toml run" in command
    made, _ = prepared(parse_case(config, file=str(file)))
    assert made.accounting["used"] == 2400


def blocks(page, first):
    """Give the blocks of a page, from the one that begins with some words."""
    found = re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    begins = next(place for place, each in enumerate(found) if each.startswith(first))
    return found[begins:]


def lines(text):
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
