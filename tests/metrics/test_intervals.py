import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from tagline.case.evaluation import METRIC_NAMES
from tagline.errors import TaglineError
from tagline.metrics.binary import METRICS
from tagline.metrics.intervals import GroupBootstrap

DRAWS = {"resamples": 40, "level": 0.9, "seed": 3}


def slow_ece(y, p):
    edges = [i / 10 for i in range(11)]
    total = 0.0
    for low, high in zip(edges, [*edges[1:-1], 2.0], strict=False):
        inside = [(a, b) for a, b in zip(y, p, strict=True) if low <= b < high]
        if inside:
            observed = sum(a for a, _ in inside) / len(inside)
            stated = sum(b for _, b in inside) / len(inside)
            total += len(inside) / len(y) * abs(observed - stated)
    return total


SLOW = {
    "roc_auc": reference.roc_auc_score,
    "average_precision": reference.average_precision_score,
    "log_loss": lambda y, p: reference.log_loss(y, p, labels=[0, 1]),
    "brier": lambda y, p: reference.brier_score_loss(y, p, labels=[0, 1]),
    "ece": slow_ece,
}


def slow(name, y, p):
    undefined = {"roc_auc": len(np.unique(y)) < 2, "average_precision": not y.any()}
    return np.nan if not len(y) or undefined.get(name, False) else SLOW[name](y, p)


@st.composite
def rows(draw, least=1):
    n = draw(st.integers(least, 40))
    eighths = st.integers(0, 32).map(lambda k: k / 32)
    y = draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n))
    p = draw(st.lists(eighths, min_size=n, max_size=n))
    groups = draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n))
    return np.array(y), np.array(p), np.array(groups)


def test_the_config_knows_exactly_the_metrics_that_there_are():
    assert set(METRICS) == set(METRIC_NAMES)
    assert all(METRICS[name].name == name for name in METRICS)


@given(rows())
def test_metrics_are_those_of_the_textbook(table):
    y, p, _ = table
    for name, metric in METRICS.items():
        assert metric.of(y, p) == pytest.approx(slow(name, y, p), abs=1e-9, nan_ok=True)


def intervals(y, p, groups, names, *, level, **draws):
    figures = GroupBootstrap(groups, **draws).figures(y, p, names)
    return {name: figure.interval(level) for name, figure in figures.items()}


def gaps(y, p_a, p_b, groups, names, *, level, **draws):
    resampling = GroupBootstrap(groups, **draws)
    ours, theirs = resampling.figures(y, p_a, names), resampling.figures(y, p_b, names)
    return {name: ours[name].minus(theirs[name]).interval(level) for name in names}


@given(rows(), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_every_resample_is_what_concatenating_its_groups_gives(table, seed):
    y, p, groups = table
    distinct = np.unique(groups)
    found = GroupBootstrap(groups, resamples=8, seed=seed).figures(y, p, METRICS)
    if len(distinct) < 2:
        assert all(np.isnan(figure.drawn).all() for figure in found.values())
        return
    picks = np.random.default_rng(seed).integers(0, len(distinct), (8, len(distinct)))
    for draw, pick in enumerate(picks):
        kept = np.concatenate([np.flatnonzero(groups == distinct[g]) for g in pick])
        for name in METRICS:
            expected = slow(name, y[kept], p[kept])
            assert found[name].drawn[draw] == pytest.approx(expected, abs=1e-9, nan_ok=True)


@given(rows(least=2))
@settings(max_examples=30, deadline=None)
def test_a_model_differs_from_itself_by_nothing(table):
    y, p, groups = table
    for name, gap in gaps(y, p, p, groups, METRICS, **DRAWS).items():
        defined = METRICS[name].of(y, p)
        assert gap.value == 0 or np.isnan(defined)
        assert {gap.low, gap.high} == {0.0} or gap.undefined == DRAWS["resamples"]


@given(rows(least=2))
@settings(max_examples=30, deadline=None)
def test_a_difference_the_other_way_round_is_its_mirror(table):
    y, p, groups = table
    there = gaps(y, p, p[::-1], groups, ["brier"], **DRAWS)["brier"]
    back = gaps(y, p[::-1], p, groups, ["brier"], **DRAWS)["brier"]
    assert there.value == -back.value
    assert there.low == pytest.approx(-back.high, nan_ok=True)


def test_the_draws_do_not_depend_on_how_many_fit_in_memory(monkeypatch):
    rng = np.random.default_rng(0)
    y, p, groups = rng.integers(0, 2, 300), rng.random(300), rng.integers(0, 30, 300)
    whole = intervals(y, p, groups, METRICS, **DRAWS)
    monkeypatch.setattr("tagline.metrics.intervals.AT_ONCE", 1)
    assert intervals(y, p, groups, METRICS, **DRAWS) == whole


def test_rows_that_hang_together_make_the_interval_wider():
    rng = np.random.default_rng(1)
    days = np.repeat(np.arange(40), 50)
    level = np.clip(0.4 + rng.normal(0, 0.25, 40), 0.02, 0.98)[days]
    y = (rng.random(2000) < level).astype(float)
    p = np.full(2000, 0.4)
    by_day = intervals(y, p, days, ["brier"], **DRAWS)["brier"]
    by_row = intervals(y, p, np.arange(2000), ["brier"], **DRAWS)["brier"]
    assert by_day.high - by_day.low > 2 * (by_row.high - by_row.low)


def test_resamples_without_both_classes_are_counted():
    y, p = np.array([1.0, 0.0, 0.0]), np.array([0.9, 0.2, 0.1])
    found = intervals(y, p, np.arange(3), ["roc_auc", "brier"], **DRAWS)
    assert 0 < found["roc_auc"].undefined < DRAWS["resamples"]
    assert found["roc_auc"].low == 1.0
    assert found["brier"].undefined == 0


def test_one_class_gives_no_figure_and_no_crash():
    found = intervals(np.zeros(4), np.full(4, 0.3), np.arange(4), ["roc_auc"], **DRAWS)["roc_auc"]
    assert np.isnan([found.value, found.low, found.high]).all()
    assert found.undefined == DRAWS["resamples"]


def test_one_group_gives_a_figure_without_an_interval():
    y, p = np.array([1.0, 0.0]), np.array([0.9, 0.2])
    found = intervals(y, p, np.zeros(2), ["roc_auc"], **DRAWS)["roc_auc"]
    assert found.value == 1.0
    assert np.isnan([found.low, found.high]).all()


def test_the_chosen_rows_alone_are_judged():
    y, p = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.2, 0.1, 0.8])
    resampling = GroupBootstrap(np.arange(4), resamples=10, seed=0)
    kept = np.array([True, True, False, False])
    assert resampling.figures(y, p, ["roc_auc"], rows=kept)["roc_auc"].value == 1.0


@pytest.mark.parametrize(
    ("y", "p", "said"),
    [
        ([0.0, np.nan], [0.5, 0.5], "label is 0 or 1"),
        ([0.0, 1.0], [0.5, np.nan], "missing or not from 0 to 1"),
        ([0.0, 1.0], [0.5, 1.5], "missing or not from 0 to 1"),
        ([0.0], [0.5, 0.5], "do not belong together"),
    ],
)
def test_rows_that_cannot_be_judged_are_refused(y, p, said):
    with pytest.raises(TaglineError, match=said):
        METRICS["brier"].of(y, p)
