"""The figures in pages are those of the results, and whoever changed one of them wrote it anew."""

import pytest

from benchmarks.readme import PAGES, with_figures


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_figures_are_what_the_results_give_now(page):
    text = page.read_text()
    assert with_figures(text, PAGES[page]()) == text, "`make readme` writes them"
