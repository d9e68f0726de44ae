"""The README's figures are those of the results, and whoever changed one of them wrote it anew."""

from benchmarks.readme import README, with_figures


def test_the_figures_are_what_the_results_give_now():
    page = README.read_text()
    assert with_figures(page) == page, "`make readme` writes them"
