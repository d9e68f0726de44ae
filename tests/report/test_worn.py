"""Test rows that have judged several runs say so, with what that does to an interval."""

from types import SimpleNamespace

import pytest
from scipy.stats import norm

from tagline.report.compose import ASKED, _noted
from tagline.report.worn import widened, worn


def found(low=0.7, high=0.9):
    figure = {"value": 0.8, "low": low, "high": high}
    return SimpleNamespace(support={"n": 500}, metrics={"roc_auc": figure})


@pytest.mark.parametrize(("level", "looks"), [(0.95, 2), (0.9, 12), (0.95, 1)])
def test_the_width_is_bonferronis(level, looks):
    wide = norm.ppf(1 - (1 - level) / (2 * looks)) / norm.ppf(1 - (1 - level) / 2)
    assert widened(level, looks) == pytest.approx(wide, rel=1e-9)


def test_one_look_is_no_matter_and_twelve_are():
    assert not list(worn(found(), 1, level=0.95))
    (line,) = worn(found(), 12, level=0.95)
    assert "500 test rows have judged 12 runs" in line
    assert "1.46 times as wide (ROC AUC 0.6538 to 0.9462)" in line
    (line,) = worn(found(low=float("nan")), 12, level=0.95)
    assert "(ROC AUC" not in line


def test_a_column_that_stands_out_is_asked_about_with_when_it_is_known():
    column = {"name": "refund", "note": "3 different", "alone": 0.81, "known": "a week later"}
    told = _noted(column)
    assert told == f"{ASKED}; known: a week later; 3 different"
    assert _noted(column | {"alone": 0.6, "known": "", "note": ""}) == "-"
