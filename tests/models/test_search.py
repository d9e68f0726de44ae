"""The search: what it tries, that it repeats itself exactly, and what it does about failures."""

import json
import logging
import pickle
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats.qmc import Halton
from sklearn.metrics import log_loss, roc_auc_score

from tagline.case.search import SearchSection, SpaceSection
from tagline.errors import TaglineError
from tagline.models.average import average
from tagline.models.families import Boosted, load
from tagline.models.halton import halton
from tagline.models.leaderboard import COLUMNS
from tagline.models.search import AT_ONCE, BracketResult, brackets, choose, run_bracket, tasks
from tagline.models.space import draw
from tagline.models.training_data import TrainingData, read, write
from tagline.tasks.tasks import TASKS
from tests.models.conftest import make_rows

SECONDS = ["seconds", "predict_seconds"]


def quietly(rows: list[dict[str, Any]]) -> None:
    assert rows


def run_all(data: TrainingData, section: SearchSection, *, seed: int = 7) -> list[BracketResult]:
    return [run_bracket(b, data, progress=quietly) for b in brackets(section, seed=seed)]


def run_from(folder: Path, bracket: dict[str, Any]) -> BracketResult:
    return run_bracket(bracket, read(folder), progress=quietly)


def without_seconds(result: BracketResult) -> tuple[Any, ...]:
    rows = [{**row, "seconds": None, "predict_seconds": None} for row in result.rows]
    return rows, result.best, result.best_kind, result.best_trial


def test_every_trial_is_on_the_leaderboard_and_the_best_one_wins(
    data: TrainingData, section: SearchSection
) -> None:
    winner, table = choose(run_all(data, section))
    assert list(table.columns) == list(COLUMNS)
    assert table["trial"].sort_values().tolist() == list(range(1, 9))
    assert table["rank"].tolist() == list(range(1, 9))
    assert table["roc_auc"].is_monotonic_decreasing
    assert winner.best is not None
    margins = load(winner.best_kind, winner.best).margins(data.X_tune)
    probability = TASKS["binary"].link(margins)
    assert table["roc_auc"][0] == pytest.approx(roc_auc_score(data.y_tune, probability))
    assert table["log_loss"][0] == pytest.approx(log_loss(data.y_tune, probability))
    assert table["trial"][0] == winner.best_trial


def test_log_loss_can_choose(data: TrainingData, section: SearchSection) -> None:
    _, table = choose(run_all(data, section.model_copy(update={"metric": "log_loss"})))
    assert table["log_loss"].is_monotonic_increasing


def test_the_better_ones_go_on_to_finer_rates(data: TrainingData) -> None:
    section = SearchSection(
        trials=9,
        brackets=1,
        eta=3,
        learning_rates=(0.3, 0.1, 0.02),
        max_rounds=40,
        baselines=(),
    )
    _, table = choose(run_all(data, section))
    assert table["state"].value_counts().to_dict() == {"stopped": 8, "finished": 1}
    rates = [json.loads(params)["learning_rate"] for params in table["params"]]
    assert set(rates) <= set(section.learning_rates)


def test_a_search_repeats_itself_in_other_processes_and_with_other_company(
    data: TrainingData, section: SearchSection, tmp_path: Path
) -> None:
    here = run_all(data, section)
    plan = brackets(section, seed=7)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        there = list(pool.map(run_from, [tmp_path / "rows"] * len(plan), plan))
    assert [without_seconds(r) for r in there] == [without_seconds(r) for r in here]
    assert choose(there[::-1])[0].best == choose(here)[0].best


def test_the_number_of_threads_changes_no_figure(
    data: TrainingData, section: SearchSection
) -> None:
    short = section.model_copy(update={"trials": 3, "brackets": 1, "max_rounds": 15})
    one = run_all(data, short)
    two = run_all(data, short.model_copy(update={"threads": 2}))
    assert [without_seconds(r) for r in two] == [without_seconds(r) for r in one]


def test_another_seed_draws_other_trials(section: SearchSection) -> None:
    first, second = (brackets(section, seed=seed) for seed in (1, 2))
    assert first == brackets(section, seed=1)
    assert [b["trials"] for b in first] != [b["trials"] for b in second]


def test_a_plan_is_plain_data(section: SearchSection) -> None:
    plan = brackets(section, seed=7)
    assert json.loads(json.dumps(plan)) == plan
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301
    assert [b["name"] for b in plan] == ["baselines", "bracket 1", "bracket 2"]


def test_progress_shows_the_rows_so_far(data: TrainingData, section: SearchSection) -> None:
    seen: list[list[dict[str, Any]]] = []
    bracket = brackets(section, seed=7)[1]
    result = run_bracket(bracket, data, progress=seen.append)
    assert len(seen) == 3 + len(section.learning_rates) - 1
    assert [row["state"] for row in seen[0]] == ["running", "waiting", "waiting"]
    assert json.loads(json.dumps(seen)) == seen
    assert {row["state"] for row in result.rows} == {"finished", "stopped"}


def test_a_failed_trial_is_recorded_and_the_others_go_on(
    data: TrainingData, section: SearchSection
) -> None:
    plan = brackets(section, seed=7)
    plan[1]["trials"][0]["params"]["max_depth"] = -3
    _, table = choose([run_bracket(b, data, progress=quietly) for b in plan])
    failed = table[table["state"] == "failed"]
    assert len(failed) == 1
    assert failed["rank"].isna().all()
    assert "max_depth" in failed["error"].item()
    assert table["rank"].notna().sum() == 7


def test_all_trials_failing_is_an_error_with_the_reasons(
    data: TrainingData, section: SearchSection
) -> None:
    plan = brackets(section.model_copy(update={"baselines": ()}), seed=7)
    for bracket in plan:
        for trial in bracket["trials"]:
            trial["params"]["max_depth"] = -3
    results = [run_bracket(b, data, progress=quietly) for b in plan]
    assert all(result.best is None for result in results)
    with pytest.raises(TaglineError, match=r"All 6 trials failed: .*max_depth"):
        choose(results)


def test_the_simple_model_wins_where_the_truth_is_simple(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(700, 8)).astype(np.float32)
    y = (random.random(700) < 1 / (1 + np.exp(-X.sum(axis=1)))).astype(float)
    data = write(tmp_path / "plain", X=X, y=y, split=np.repeat(["train", "tune"], [350, 350]))
    winner, _ = choose(run_all(data, SearchSection(trials=4, max_rounds=50)))
    assert winner.best_kind == "logistic"


def averaged(data: TrainingData, section: SearchSection) -> Any:
    results = run_all(data, section)
    _, table = choose(results)
    models = {trial: model for each in results for trial, model in each.finished.items()}
    return (
        average(table, models, data.X_tune, data.y_tune, section=section, task=TASKS["binary"]),
        table,
        models,
    )


def test_the_best_few_are_averaged_where_that_is_better(data: TrainingData) -> None:
    section = SearchSection(trials=8, eta=2, max_rounds=60, average=3, baselines=())
    found, table, models = averaged(data, section)
    assert found is not None
    row, model = found
    members = json.loads(row["params"])["average_of"]
    ranked = [trial for trial in table["trial"] if trial in models]
    assert members == ranked[: len(members)]
    assert 2 <= len(members) <= 3
    assert row["trial"] == 9
    assert row["roc_auc"] > table["roc_auc"][0]
    margins = [load(*models[trial]).margins(data.X_tune) for trial in ranked[:3]]
    by_number = [
        roc_auc_score(data.y_tune, np.mean(margins[:number], axis=0)) for number in (1, 2, 3)
    ]
    assert row["roc_auc"] == pytest.approx(max(by_number), abs=1e-6)
    score = roc_auc_score(data.y_tune, model.margins(data.X_tune))
    assert row["roc_auc"] == pytest.approx(score)


def test_nothing_is_averaged_where_one_is_asked_for_or_a_simple_model_is_better(
    data: TrainingData, tmp_path: Path
) -> None:
    assert averaged(data, SearchSection(trials=4, max_rounds=30, average=1))[0] is None
    random = np.random.default_rng(0)
    X = random.normal(size=(700, 8)).astype(np.float32)
    y = (random.random(700) < 1 / (1 + np.exp(-X.sum(axis=1)))).astype(float)
    plain = write(tmp_path / "plain", X=X, y=y, split=np.repeat(["train", "tune"], [350, 350]))
    assert averaged(plain, SearchSection(trials=4, max_rounds=50))[0] is None


def test_baselines_alone_are_a_search(data: TrainingData) -> None:
    winner, table = choose(run_all(data, SearchSection(trials=0, baselines=("base_rate",))))
    assert winner.best_kind == "base_rate"
    assert table["roc_auc"][0] == 0.5


def test_trials_are_drawn_from_the_space_and_start_in_its_middle() -> None:
    space = SpaceSection(max_depth=(3, 5), subsample=(0.5, 0.5), gamma=(0.0, 1.0))
    trials = draw(space, 64, seed=1)
    assert trials[0]["max_depth"] == 4
    assert {t["max_depth"] for t in trials} == {3, 4, 5}
    assert {t["subsample"] for t in trials} == {0.5}
    assert all(
        low <= trial[name] <= high
        for trial in trials
        for name, (low, high) in space.bounds().items()
    )
    assert draw(space, 10, seed=1) == trials[:10]


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 70), dimensions=st.integers(1, 10))
def test_points_are_those_of_scipy(seed: int, count: int, dimensions: int) -> None:
    expected = Halton(dimensions, scramble=True, rng=seed).random(count) if count else []
    np.testing.assert_array_equal(
        halton(count, dimensions, seed=seed), np.reshape(expected, (count, dimensions))
    )


@pytest.mark.parametrize(
    "values",
    [
        {"space": {"max_depth": (8, 4)}},
        {"space": {"depth": (4, 8)}},
        {"learning_rates": (0.1, 0.3)},
        {"baselines": ("logistic", "logistic")},
        {"metric": "accuracy"},
        {"trials": 0, "baselines": ()},
        {"max_bin": 1000},
    ],
)
def test_a_section_that_makes_no_sense_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SearchSection.model_validate(values)


def test_a_fit_that_takes_long_shows_that_it_goes_on(
    data: TrainingData, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tagline.models.boosting.HEARTBEAT", 0.0)
    caplog.set_level(logging.INFO, logger="tagline")
    run_all(data, SearchSection(trials=1, max_rounds=5, learning_rates=(0.1,), baselines=()))
    assert "3 trees at rate 0.1, tuning logloss 0." in caplog.text


def test_a_bracket_is_a_task_but_where_a_table_is_small(section: SearchSection) -> None:
    plan = brackets(section, seed=7)
    assert tasks(plan, values=AT_ONCE) == [plan]
    assert tasks(plan, values=AT_ONCE + 1) == [[each] for each in plan]


def kinds_of(table: Any, state: str) -> list[str]:
    return table.loc[table["state"] == state, "kind"].tolist()


def test_a_budget_of_rows_times_trees_ends_a_search_and_the_same_each_time(
    data: TrainingData,
) -> None:
    section = SearchSection(trials=8, brackets=1, max_rounds=20, early_stopping_rounds=20)
    _, whole = choose(run_all(data, section))
    cost = float((len(data.X) * whole["rounds"].clip(lower=1)).sum())
    small = section.model_copy(update={"budget": cost / 3})
    _, table = choose(run_all(data, small))
    assert kinds_of(table, "skipped")
    assert not table.loc[table["kind"] == "logistic", "state"].eq("skipped").any()
    assert table["fits"].sum() < whole["fits"].sum()
    _, again = choose(run_all(data, small))
    assert again.drop(columns=SECONDS).equals(table.drop(columns=SECONDS))
    large = section.model_copy(update={"budget": cost * 100})
    _, same = choose(run_all(data, large))
    assert same.drop(columns=SECONDS).equals(whole.drop(columns=SECONDS))


def test_what_seconds_have_ended_is_made_again_by_its_fits(
    data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = SearchSection(trials=6, brackets=2, max_rounds=20, max_seconds=5)
    clock = count(step=1.0)
    with monkeypatch.context() as slow:  # each look at the clock takes a second
        slow.setattr("tagline.models.search.time.process_time", lambda: next(clock))
        first, table = choose(run_all(data, section))
    assert kinds_of(table, "skipped") or kinds_of(table, "stopped")
    assert table["fits"].sum() < 6 + 2 + 2
    made = dict(zip(map(str, table["trial"]), table["fits"].tolist(), strict=True))
    again, other = choose(
        run_all(data, section.model_copy(update={"max_seconds": None, "fits": made}))
    )
    assert other.drop(columns=SECONDS).equals(table.drop(columns=SECONDS))
    assert again.best == first.best
    clock = count(1e6, step=1.0)  # a process may have worked for long before
    with monkeypatch.context() as late:
        late.setattr("tagline.models.search.time.process_time", lambda: next(clock))
        longer, whole = choose(run_all(data, section.model_copy(update={"max_seconds": 1000})))
    assert not kinds_of(whole, "skipped")
    assert whole["fits"].sum() > table["fits"].sum()
    unlimited, _ = choose(run_all(data, section.model_copy(update={"max_seconds": None})))
    assert longer.best == unlimited.best


def test_inputs_of_different_groups_are_in_no_branch_together(tmp_path: Path) -> None:
    X, y = make_rows(900, seed=3)
    groups = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 0]], np.int8)
    parts = np.repeat(["train", "tune"], [600, 300])
    data = write(tmp_path / "rows", X=X, y=y, split=parts, interactions=groups)
    model = Boosted.fitting(data, SearchSection(max_rounds=30))({}, learning_rate=0.3, seed=1)
    assert isinstance(model, Boosted)
    trees = model.booster.trees_to_dataframe()
    for _, tree in trees.groupby("Tree"):
        by = tree.set_index("ID")
        parents = {child: name for name, row in by.iterrows() for child in (row["Yes"], row["No"])}
        for name in by.index:
            used, at = set(), name
            while at in by.index:
                if by.loc[at, "Feature"] != "Leaf":
                    used.add(int(by.loc[at, "Feature"][1:]))
                at = parents.get(at)
            assert any(used <= set(np.flatnonzero(group)) for group in groups) or len(used) == 1
