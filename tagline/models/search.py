"""Successive halving over learning rates, a bracket a task, and the choice of the winner."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.search import SearchSection
from tagline.errors import TaglineError
from tagline.models import leaderboard
from tagline.models.custom import draw_of
from tagline.models.families import FAMILIES, Boosted, Model
from tagline.models.model import Fit
from tagline.models.out_of_fold import OutOfFold, answered, fit_of, over_folds
from tagline.models.space import draw
from tagline.models.training_data import TrainingData
from tagline.models.trials import Row
from tagline.models.trials import row as new_row
from tagline.tasks.tasks import task_of

Progress = Callable[[list[Row]], None]
Bracket = dict[str, Any]
Trial = dict[str, Any]
AT_ONCE = 300_000  # values of a matrix whose brackets run in one task


@dataclass(frozen=True)
class BracketResult:
    """What one bracket found.

    Attributes
    ----------
    rows : list of dict
        Its rows of the leaderboard, see `leaderboard.row`.
    metric : str
        The figure that chooses.
    best : bytes or None
        Its best model, for `models.load`, or what folds have left of it, for
        `tagline.models.out_of_fold.from_bytes`; none where every trial failed.
    best_kind : str
        Kind of that model.
    best_trial : int or None
        Number of the trial that it came from.
    finished : dict
        Trial to the kind and the model, for `families.load`, of the best trials that reached the
        finest learning rate, or have none: as many as may be averaged. Baselines are not among
        them.
    simple : dict
        Kind to model, for `models.load`, of its simple models: the baselines to compare with.
    """

    rows: list[Row]
    metric: str
    best: bytes | None
    best_kind: str
    best_trial: int | None
    finished: dict[int, tuple[str, bytes]]
    simple: dict[str, bytes]


def brackets(
    section: SearchSection,
    *,
    seed: int,
    beside: str = "",
    task: str = "binary",
    rows: int | None = None,
) -> list[Bracket]:
    """Plan the search: one plain dict a task; the simple models make up one too.

    Parameters
    ----------
    section : SearchSection
        What to try.
    seed : int
        Seed of the draws and of every fit.
    beside : str, optional
        The config's folder, where families of one's own may be.
    task : str, optional
        The name of the case's task.
    rows : int, optional
        How many train, where that is known: of few, trees may have smaller leaves.
    """
    begun: list[tuple[str, dict[str, Any]]] = [(kind, {}) for kind in section.simple]
    planned = [*begun, *_drawn(section, seed=seed, beside=beside, rows=rows)]
    trials: list[Trial] = [
        {"trial": number, "kind": kind, "params": params}
        for number, (kind, params) in enumerate(planned, start=1)
    ]
    simple, tuned = trials[: len(begun)], trials[len(begun) :]
    # Dealt in turn, so that each bracket gets an even part of the spread.
    dealt = [tuned[n :: section.brackets] for n in range(section.brackets)]
    named = [("baselines", simple), *((f"bracket {n}", d) for n, d in enumerate(dealt, start=1))]
    search = section.model_dump(mode="json")
    common = {"seed": seed, "search": search, "beside": beside, "task": task}
    return [{"name": name, "trials": some, **common} for name, some in named if some]


def _drawn(
    section: SearchSection, *, seed: int, beside: str, rows: int | None
) -> list[tuple[str, dict[str, Any]]]:
    """Draw the trials of each family that has parameters, an even part of them each."""
    if not section.tuned:
        return []
    parts = [section.trials // len(section.tuned)] * len(section.tuned)
    parts[0] += section.trials - sum(parts)
    found: list[tuple[str, dict[str, Any]]] = []
    for kind, count in zip(section.tuned, parts, strict=True):
        if kind == Boosted.kind:
            drawn = draw(section.space, count, seed=seed, rows=rows)
            found += [(kind, each | section.fixed.set()) for each in drawn]
        else:
            found += [(kind, each) for each in draw_of(kind, count, seed=seed, beside=beside)]
    return found


def tasks(plan: Sequence[Bracket], *, values: int) -> list[list[Bracket]]:
    """Deal brackets to tasks: one each, or one for all where a process costs more than a fit.

    Parameters
    ----------
    plan : sequence of dict
        The brackets.
    values : int
        How many the matrix of the training rows has.
    """
    return [list(plan)] if values <= AT_ONCE else [[each] for each in plan]


def run_bracket(bracket: Bracket, data: TrainingData, *, progress: Progress) -> BracketResult:
    """Run a bracket: every trial at the coarsest learning rate, the best ones at finer ones.

    Parameters
    ----------
    bracket : dict
        One of `brackets`.
    data : TrainingData
        Rows to fit and to tune on.
    progress : callable
        Called with the bracket's rows so far after every fit.

    Returns
    -------
    BracketResult
        The same for the same bracket and data, whatever else runs; only seconds differ.
        A trial that fails is a row with its error, and the others go on.
    """
    run = _Run(bracket, data, progress)
    once = [trial for trial in bracket["trials"] if trial["kind"] != Boosted.kind]
    halved = [trial for trial in bracket["trials"] if trial["kind"] == Boosted.kind]
    for trial in once:
        run.attempt(trial, rate=None)
    run.settle(once, "finished")
    _halve(run, halved)
    return run.result()


def choose(results: Sequence[BracketResult]) -> tuple[BracketResult, pd.DataFrame]:
    """Choose the bracket with the best model, and rank all trials.

    Returns
    -------
    winner : BracketResult
        The one whose best model is the best of all.
    leaderboard : DataFrame
        All trials, the best first, with the columns of `leaderboard.COLUMNS`.

    Raises
    ------
    TaglineError
        Every trial failed; gives their reasons.
    """
    metric = results[0].metric
    rows = [entry for result in results for entry in result.rows]
    table = leaderboard.table(rows, metric=metric)
    if table["rank"].isna().all():
        reasons = "; ".join(dict.fromkeys(entry["error"] for entry in rows))
        raise TaglineError(f"All {len(rows)} trials failed: {reasons}.", where="the search")
    champion = table["trial"].iloc[0]
    return next(result for result in results if result.best_trial == champion), table


def _halve(run: "_Run", trials: list[Trial]) -> None:
    *coarse, finest = run.search.learning_rates
    for rate in coarse:
        ranked = run.rung(trials, rate)
        trials = run.begun(trials)
        # Of those that began, failures included: a bracket that loses trials is not let
        # off halving.
        keep = math.ceil(len(trials) / run.search.eta)
        trials = ranked[:keep]
        run.settle(ranked[keep:], "stopped")
    run.settle(run.rung(trials, finest), "finished")
    run.settle(trials, "stopped")


class _Run:
    """One bracket while it runs: its rows, and the best model so far."""

    def __init__(self, bracket: Bracket, data: TrainingData, progress: Progress) -> None:
        self.search = SearchSection.model_validate(bracket["search"])
        self._seed, self._beside = bracket["seed"], bracket.get("beside", "")
        self._task = task_of(bracket.get("task", "binary"))
        self._data = data.of(self._task.name)
        self._progress = progress
        self._rows = {
            trial["trial"]: new_row(trial["trial"], trial["kind"], trial["params"])
            for trial in bracket["trials"]
        }
        self._fits: dict[str, list[Fit]] = {}
        self._own: dict[int, tuple[Row, Model | OutOfFold]] = {}
        self._finest: set[int] = set()
        self._began, self._cost = time.process_time(), 0.0

    def rung(self, trials: list[Trial], rate: float) -> list[Trial]:
        """Fit trials at one learning rate; give those that did not fail, the best first."""
        fitted = [(self.attempt(trial, rate=rate), trial) for trial in trials]
        alive = [(self._order(entry), trial) for entry, trial in fitted if entry]
        return [trial for _, trial in sorted(alive, key=lambda pair: pair[0])]

    def attempt(self, trial: Trial, *, rate: float | None) -> Row | None:
        """Fit a trial once; give the row of this fit alone, or nothing if it failed."""
        row = self._rows[trial["trial"]]
        if not self._may_fit(row):
            return None
        begun = time.process_time()
        row["fits"] += 1
        try:
            fitted = self._fitted(trial, rate)
        # Whatever a library raises is one trial's failure, not the end of the search.
        except (Exception, SystemExit) as wrong:
            fitted = None
            row |= {
                "state": "failed",
                "error": " ".join(f"{type(wrong).__name__}: {wrong}".split()),
            }
        row["seconds"] += time.process_time() - begun
        rows = sum(len(each.X) for each in self._learned)
        self._cost += rows * max(1, fitted["rounds"] if fitted else 0)
        # A finer rate may stop early by bad luck; the trial keeps its better fit.
        if fitted and self._order(fitted) < self._order(row):
            row |= {**fitted, "seconds": row["seconds"], "fits": row["fits"]}
        self._progress([dict(entry) for entry in self._rows.values()])
        return fitted

    def begun(self, trials: Sequence[Trial]) -> list[Trial]:
        """Give the trials that were fitted; for the others the budget did not reach."""
        for trial in trials:
            if not self._rows[trial["trial"]]["fits"]:
                self._rows[trial["trial"]]["state"] = "skipped"
        return [trial for trial in trials if self._rows[trial["trial"]]["fits"]]

    def _may_fit(self, row: Row) -> bool:
        """Tell whether the budget allows one more fit; the first one is always made."""
        given, search = self.search.fits.get(str(row["trial"])), self.search
        if given is not None:
            return bool(row["fits"] < given)
        if not self._cost or not FAMILIES.get(row["kind"], Boosted).tuned:
            return True
        spent = search.budget is not None and self._cost >= search.budget / search.brackets
        used = time.process_time() - self._began
        return not spent and (search.max_seconds is None or used < search.max_seconds)

    def settle(self, trials: Sequence[Trial], state: str) -> None:
        """Enter what became of trials that did not fail, and of which nothing was said yet."""
        for trial in self.begun(trials):
            row = self._rows[trial["trial"]]
            if row["state"] in ("waiting", "running"):
                row["state"] = "failed" if row["error"] else state

    def result(self) -> BracketResult:
        best = min(self._own.values(), key=lambda each: self._order(each[0]), default=None)
        row, model = best or ({"trial": None}, None)
        return BracketResult(
            rows=list(self._rows.values()),
            metric=self.search.metric,
            best=model.to_bytes() if model else None,
            best_kind=model.kind if model else "",
            best_trial=row["trial"],
            finished=self._finished(),
            simple=self._baselines(),
        )

    def _finished(self) -> dict[int, tuple[str, bytes]]:
        finished = [self._own[trial] for trial in self._finest]
        ranked = sorted(finished, key=lambda each: self._order(each[0]))
        best = ranked[: self.search.average]
        return {row["trial"]: (model.kind, model.to_bytes()) for row, model in best}

    def _baselines(self) -> dict[str, bytes]:
        return {model.kind: model.to_bytes() for _, model in self._own.values() if not model.tuned}

    def _fitted(self, trial: Trial, rate: float | None) -> Row:
        number, kind, params = trial["trial"], trial["kind"], trial["params"]
        # By the trial's own number: neither company nor order changes its trees.
        seed = _seed_of(self._seed, number)
        shown = params if rate is None else {**params, "learning_rate": rate}
        row = new_row(number, kind, shown)
        model: Model | OutOfFold
        if self._data.folds:
            model, answering = over_folds(
                self._fit(kind), self._data, kind, params, learning_rate=rate, seed=seed
            )
            labels = np.concatenate([each.y_tune for each in self._data.folds])
            row |= leaderboard.measured(model.margins, labels, task=self._task)
        else:
            (fit,) = self._fit(kind)
            model = fit(params, learning_rate=rate, seed=seed)
            margins, answering = answered(model, self._data.X_tune)
            row |= leaderboard.measured(margins, self._data.y_tune, task=self._task)
        row |= {"rounds": model.rounds, "state": "running", "predict_seconds": answering}
        rival = rate is None and kind in self.search.families
        if rival or rate == self.search.learning_rates[-1]:
            self._finest.add(number)
        if number not in self._own or self._order(row) < self._order(self._own[number][0]):
            self._own[number] = (row, model)
        return row

    def _fit(self, kind: str) -> list[Fit]:
        if kind not in self._fits:
            own = [fit_of(kind, d, self.search, beside=self._beside) for d in self._learned]
            self._fits[kind] = own
        return self._fits[kind]

    @property
    def _learned(self) -> Sequence[TrainingData]:
        """The rows that trials are fitted to: those of each fold, where there are any."""
        return self._data.folds or (self._data,)

    def _order(self, row: Row) -> tuple[float, float, int, int]:
        return leaderboard.order(row, self.search.metric)


def _seed_of(seed: int, trial: int) -> int:
    return int(np.random.SeedSequence([seed, trial]).generate_state(1)[0]) % 2**31
