import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from tagline.case.evaluation import METRIC_NAMES
from tagline.case.tasks import TASK_METRICS
from tagline.errors import TaglineError
from tagline.metrics.intervals import GroupBootstrap
from tagline.metrics.metrics import METRICS

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


K = 3


def one_by_one(of_one):
    """Give the mean over the classes that are there, and not alone, of one against the rest."""

    def mean(y, p):
        there = [k for k in range(K) if 0 < (y == k).sum() < len(y)]
        return np.mean([of_one((y == k).astype(int), p[:, k]) for k in there]) if there else np.nan

    return mean


def macro(of_classes):
    """Give the mean of what scikit-learn says of each class that is there."""

    def mean(y, p):
        there = np.unique(y).astype(int)
        return of_classes(y, p.argmax(axis=1), labels=there, average="macro", zero_division=0.0)

    return mean


def slow_ece_of_classes(y, p):
    return slow_ece((p.argmax(axis=1) == y).astype(float), p.max(axis=1))


SLOW = {
    "binary": {
        "roc_auc": reference.roc_auc_score,
        "average_precision": reference.average_precision_score,
        "log_loss": lambda y, p: reference.log_loss(y, p, labels=[0, 1]),
        "brier": lambda y, p: reference.brier_score_loss(y, p, labels=[0, 1]),
        "ece": slow_ece,
    },
    "classes": {
        "roc_auc": one_by_one(reference.roc_auc_score),
        "log_loss": lambda y, p: np.mean(
            [-np.log(max(p[n, int(k)], np.finfo(float).eps)) for n, k in enumerate(y)]
        ),
        "brier": lambda y, p: np.mean(((p - np.eye(K)[y.astype(int)]) ** 2).sum(axis=1)),
        "ece": slow_ece_of_classes,
        "accuracy": lambda y, p: reference.accuracy_score(y, p.argmax(axis=1)),
        "precision": macro(reference.precision_score),
        "recall": macro(reference.recall_score),
        "f1": macro(reference.f1_score),
        "mcc": lambda y, p: reference.matthews_corrcoef(y, p.argmax(axis=1)),
        "top_2": lambda y, p: np.mean(
            [(row > row[int(k)]).sum() < 2 for row, k in zip(p, y, strict=True)]
        ),
    },
    "number": {
        "rmse": reference.root_mean_squared_error,
        "mae": reference.mean_absolute_error,
        "mape": lambda y, p: reference.mean_absolute_percentage_error(y[y != 0], p[y != 0]),
        "r2": reference.r2_score,
    },
}


def slow(task, name, y, p):
    one = len(np.unique(y)) < 2
    undefined = {"average_precision": not y.any(), "mape": not y.any(), "r2": one, "mcc": one}
    undefined["roc_auc"] = one
    return np.nan if not len(y) or undefined.get(name, False) else SLOW[task][name](y, p)


@st.composite
def rows(draw, least=1, task="binary"):
    n = draw(st.integers(least, 40))
    eighths = st.integers(0, 32).map(lambda k: k / 32)
    groups = np.array(draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n)))
    if task == "number":
        numbers = st.lists(
            st.sampled_from([-7.5, -1.0, 0.0, 0.5, 3.0, 1e3]), min_size=n, max_size=n
        )
        return np.array(draw(numbers)), np.array(draw(numbers)), groups
    labels = st.sampled_from([0.0, 1.0] if task == "binary" else [0.0, 1.0, 2.0])
    y = np.array(draw(st.lists(labels, min_size=n, max_size=n)))
    if task == "binary":
        return y, np.array(draw(st.lists(eighths, min_size=n, max_size=n))), groups
    weights = st.lists(st.integers(0, 4), min_size=K, max_size=K).filter(any)
    p = np.array(draw(st.lists(weights, min_size=n, max_size=n)), dtype=float)
    return y, p / p.sum(axis=1, keepdims=True), groups


TASKS = pytest.mark.parametrize("task", TASK_METRICS)


def test_the_config_knows_exactly_the_metrics_that_there_are():
    assert (
        set(METRICS) == set(METRIC_NAMES) == {n for names in TASK_METRICS.values() for n in names}
    )
    assert all(METRICS[name].name == name for name in METRICS)
    assert {task: set(names) for task, names in TASK_METRICS.items()} == {
        task: set(names) for task, names in SLOW.items()
    }


@TASKS
@given(data=st.data())
def test_metrics_are_those_of_the_textbook(task, data):
    y, p, _ = data.draw(rows(task=task))
    for name in TASK_METRICS[task]:
        found, expected = METRICS[name].of(y, p), slow(task, name, y, p)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), name


def intervals(y, p, groups, names, *, level, **draws):
    figures = GroupBootstrap(groups, **draws).figures(y, p, names)
    return {name: figure.interval(level) for name, figure in figures.items()}


def gaps(y, p_a, p_b, groups, names, *, level, **draws):
    resampling = GroupBootstrap(groups, **draws)
    ours, theirs = resampling.figures(y, p_a, names), resampling.figures(y, p_b, names)
    return {name: ours[name].minus(theirs[name]).interval(level) for name in names}


@TASKS
@given(data=st.data(), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_every_resample_is_what_concatenating_its_groups_gives(task, data, seed):
    y, p, groups = data.draw(rows(task=task))
    distinct = np.unique(groups)
    found = GroupBootstrap(groups, resamples=8, seed=seed).figures(y, p, TASK_METRICS[task])
    if len(distinct) < 2:
        assert all(np.isnan(figure.drawn).all() for figure in found.values())
        return
    picks = np.random.default_rng(seed).integers(0, len(distinct), (8, len(distinct)))
    for draw, pick in enumerate(picks):
        kept = np.concatenate([np.flatnonzero(groups == distinct[g]) for g in pick])
        for name in TASK_METRICS[task]:
            expected = slow(task, name, y[kept], p[kept])
            drawn = found[name].drawn[draw]
            assert drawn == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), name


@TASKS
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_model_differs_from_itself_by_nothing(task, data):
    y, p, groups = data.draw(rows(least=2, task=task))
    for name, gap in gaps(y, p, p, groups, TASK_METRICS[task], **DRAWS).items():
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
    whole = intervals(y, p, groups, TASK_METRICS["binary"], **DRAWS)
    monkeypatch.setattr("tagline.metrics.intervals.AT_ONCE", 1)
    assert intervals(y, p, groups, TASK_METRICS["binary"], **DRAWS) == whole


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


def test_where_labels_are_all_the_same_in_a_resample_r_squared_is_undefined():
    y = np.zeros(120)
    y[:3] = 0.1 + 0.2
    groups = np.arange(120) // 10
    found = GroupBootstrap(groups, resamples=300, seed=1).figures(y, y * 0.9 + 0.01, ["r2"])["r2"]
    assert np.isnan(found.drawn).sum() > 60
    assert np.nanmin(found.drawn) > -1000
