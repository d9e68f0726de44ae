"""Pictures and the page read anywhere and obey nothing that stands in the data."""

import xml.etree.ElementTree as ElementTree
from functools import cache

import numpy as np
import pandas as pd
import pytest

from tagline.evaluation.shapley import Explanation
from tagline.report import quality, why
from tagline.report.page import Block, Section, Table, render

EVIL = "<script>alert('x')</script> & $x^2$"


def explanation(m=40, p=12):
    random = np.random.default_rng(0)
    X = random.normal(size=(m, p)).astype(np.float32)
    X[:, 1] = np.nan
    names = (EVIL, *(f"input {i}" for i in range(1, p)))
    return Explanation(random.normal(size=(m, p)), np.full(m, -1.2), X, names, np.arange(m), 1e-7)


def pictures():
    found = explanation()
    yield why.importance(found)
    yield why.sources(found.by_source({EVIL: EVIL}))
    yield why.beeswarm(found)
    yield why.dependence(found, EVIL)
    yield why.dependence(found, "input 1")
    yield why.waterfall(found, 3)
    bins = pd.DataFrame(
        {"n": [5, 9], "predicted": [0.2, 0.8], "observed": [0.1, 0.9], "low": 0.0, "high": 1.0}
    )
    yield quality.reliability(bins)
    slices = pd.DataFrame(
        {"slice": EVIL, "value": EVIL, "n": [3], "figure": [0.7], "low": [np.nan], "high": [np.nan]}
    )
    yield quality.reliability(bins * 1000, shares=False)
    yield quality.confusion([[5, 0], [2, 9]], [EVIL, "no"])
    yield quality.slices(slices, title="ROC AUC")
    yield quality.cost(pd.DataFrame({"threshold": [0.1, 0.9], "cost": [1, 2]}), threshold=np.inf)
    board = pd.DataFrame(
        {"kind": ["boosted", "logistic"], "seconds": [1, 2.0], "roc_auc": [0.7, 0.6]}
    )
    yield quality.leaderboard(board, metric="roc_auc")


@cache
def twice():
    return list(pictures()), list(pictures())


@pytest.mark.parametrize("place", range(10))
def test_a_picture_is_one_escaped_transparent_svg_and_always_the_same(place):
    first, again = (drawn[place] for drawn in twice())
    assert first == again
    root = ElementTree.fromstring(first)  # noqa: S314 - it was drawn here
    assert root.tag.endswith("svg")
    assert "<script" not in first
    assert not [each for each in root.iter() if each.tag.endswith("script")]
    assert "fill: #ffffff" not in first


def test_the_page_escapes_everything_but_its_pictures():
    page = render(
        title=EVIL,
        subtitle=EVIL,
        passed=False,
        verdict=EVIL,
        sections=[
            Section(EVIL, [Block(EVIL, svg="<svg id='drawn'></svg>")]),
            Section(EVIL, [Block(EVIL, table=Table([EVIL], [[EVIL]]))], aside=True),
        ],
    )
    assert "<script" not in page
    assert "<svg id='drawn'></svg>" in page
    assert page.count("&lt;script&gt;") >= 8
    assert "http" not in page


def test_cells_are_written_for_people():
    rows = [[0.123456, 12345, None, float("nan"), True, "passed"]]
    page = render(
        title="t",
        subtitle="s",
        passed=True,
        verdict="v",
        sections=[Section("x", [Block(table=Table(list("abcdef"), rows))])],
    )
    for cell in ("0.1235", "12,345", "yes", '<td class="passed">passed</td>'):
        assert cell in page
    assert page.count("<td>-</td>") == 2
