import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from tagline.errors import TaglineError
from tagline.evaluation.calibration import choose as chosen
from tagline.evaluation.calibration import curve
from tagline.metrics.calibrators import apply, beta, platt, sigmoid
from tagline.metrics.intervals import GroupBootstrap
from tagline.metrics.metrics import METRICS
from tagline.tasks.tasks import TASKS


def choose(margin, y, groups, **wished):
    return chosen(margin[:, None], y, groups, task=TASKS["binary"], **wished)


@pytest.fixture(scope="module")
def honest():
    rng = np.random.default_rng(5)
    margin = rng.normal(-1, 1, 6000)
    y = (rng.random(6000) < sigmoid(margin)).astype(float)
    return margin, y, np.repeat(np.arange(30), 200)


def test_honest_probabilities_are_left_alone(honest):
    margin, y, days = honest
    found = choose(margin, y, days, seed=1, resamples=200)
    assert found.calibrator == {"kind": "none"}
    assert found.table.loc[found.table["chosen"], "kind"].tolist() == ["none"]
    assert found.table["kind"].tolist() == ["none", "platt", "beta"]


def test_overconfident_probabilities_are_mended(honest):
    margin, y, days = honest
    p = sigmoid(2.5 * margin)
    found = choose(2.5 * margin, y, days, seed=1, resamples=200, move_level=True)
    assert found.calibrator["kind"] != "none"
    mended = apply(found.calibrator, 2.5 * margin)
    assert METRICS["log_loss"].of(y, mended) < METRICS["log_loss"].of(y, p) - 0.02
    assert METRICS["ece"].of(y, mended) < 0.02


def test_another_rate_of_the_season_earns_nothing_unless_the_level_may_move(honest):
    margin, y, days = honest
    moved = margin + 0.4
    assert choose(moved, y, days, seed=1, resamples=200).calibrator == {"kind": "none"}
    found = choose(moved, y, days, seed=1, resamples=200, move_level=True)
    assert apply(found.calibrator, moved).mean() == pytest.approx(y.mean(), abs=0.005)


@given(st.integers(0, 2**32 - 1), st.sampled_from([platt, beta]))
@settings(max_examples=25, deadline=None)
def test_a_calibrator_keeps_the_order_and_unless_asked_the_mean(seed, fit):
    rng = np.random.default_rng(seed)
    p = rng.random(60) ** rng.uniform(0.3, 3)
    y = (rng.random(60) < p).astype(float)
    y[:2] = 0, 1
    margin = np.log(p) - np.log1p(-p)
    mapped = apply(fit(margin, y, level=False), margin)
    assert mapped.mean() == pytest.approx(p.mean(), abs=1e-6)
    assert (np.diff(mapped[np.argsort(p)]) >= -1e-12).all()


def test_platt_is_an_unpenalised_logistic_regression_on_the_logit(honest):
    margin, y, _ = honest
    slow = LogisticRegression(C=np.inf, tol=1e-10).fit(margin[:, None] * 2, y)
    found = platt(2 * margin, y, level=True)
    assert found["slope"] == pytest.approx(slow.coef_[0, 0], abs=2e-3)
    assert found["intercept"] == pytest.approx(slow.intercept_[0], abs=2e-3)


def test_a_clean_parting_stays_finite():
    margin, y = np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0])
    for fit in (platt, beta):
        assert np.isfinite(list(fit(margin, y, level=True).values())[1:]).all()


def test_the_ends_of_the_scale_stay_probabilities():
    margin = np.array([-800.0, 800.0])
    for calibrator in (
        {"kind": "platt", "slope": 2.0, "intercept": 0.1},
        {"kind": "beta", "a": 1.0, "b": 2.0, "c": 0.1},
    ):
        low, high = apply(calibrator, margin)
        assert 0 <= low < high <= 1


@pytest.mark.parametrize("y", [np.zeros(10), np.ones(10)])
def test_rows_of_one_class_choose_no_calibrator(y):
    found = choose(np.zeros(10), y, np.arange(10), seed=1, resamples=100)
    assert found.calibrator == {"kind": "none"}
    with pytest.raises(TaglineError, match="one class"):
        choose(np.zeros(10), y, np.arange(10), seed=1, kind="platt")


def test_one_group_chooses_no_calibrator():
    y = np.array([0.0, 1.0] * 5)
    found = choose(np.linspace(-2, 2, 10), y, np.zeros(10, dtype=np.int64), seed=1)
    assert found.calibrator == {"kind": "none"}


def test_the_order_of_the_rows_does_not_matter_that_of_the_groups_does(honest):
    margin, y, days = honest
    wide = 2 * margin
    found = choose(wide, y, days, seed=1, resamples=200)
    mixed = np.random.default_rng(0).permutation(len(y))
    again = choose(wide[mixed], y[mixed], days[mixed], seed=1, resamples=200)
    gaps, others = found.table["difference"].to_numpy(), again.table["difference"].to_numpy()
    assert gaps == pytest.approx(others, abs=1e-5)
    back = choose(wide, y, -days, seed=1, resamples=200)
    assert abs(back.table["difference"].to_numpy() - gaps).max() > 1e-5


def test_the_curve_adds_up_to_the_calibration_error(honest):
    margin, y, days = honest
    p = sigmoid(margin + 0.5)
    resampling = GroupBootstrap(days, resamples=100, seed=0)
    found = curve(y, p, resampling=resampling, level=0.9)
    gaps = (found["predicted"] - found["observed"]).abs() * found["n"]
    assert gaps.sum() / len(y) == pytest.approx(METRICS["ece"].of(y, p))
    full = found[found["n"] > 100]
    assert (full["low"] <= full["observed"]).all()
    assert (full["observed"] <= full["high"]).all()
