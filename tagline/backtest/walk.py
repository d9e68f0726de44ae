"""Live through the past day by day: answer, wait for outcomes, look, train, promote."""

import hashlib
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tagline.backtest.policy import Policy
from tagline.backtest.promotion import ReplayLedger
from tagline.backtest.timeline import Timeline, month_of
from tagline.backtest.training import Trained, train, trained_of
from tagline.bundle.load import Bundle
from tagline.data.split import day_name
from tagline.errors import TaglineError
from tagline.metrics.metrics import METRICS
from tagline.monitoring.collect import Predictions
from tagline.monitoring.days import DayCounts, Floats, layout_of, no_days
from tagline.monitoring.decide import Signals, decide
from tagline.monitoring.drift import column_drift
from tagline.monitoring.estimate import estimate
from tagline.monitoring.find import outcome_days
from tagline.monitoring.harm import mean
from tagline.storage.files import write_whole
from tagline.tasks.tasks import task_of

log = logging.getLogger(__name__)
LOUD = frozenset({"drift", "loss", "estimated_loss"})


@dataclass
class State:
    """Where a walk stands, plain enough for a file.

    Attributes
    ----------
    champion : Trained
        The model that answers.
    since : int
        The day since which it does.
    trained_on : int
        The day of the last training, whether or not it was promoted.
    trainings, alarms : list of dict
        What happened so far; an alarm is a run of days on which one of the loud triggers rang.
    """

    champion: Trained
    since: int
    trained_on: int
    trainings: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Month:
    """What one month came to.

    Attributes
    ----------
    month : str
        As 2013-04.
    rows, outcomes : int
        Answered rows, and those of which it became known what came true.
    figures : dict of str to float
        Of all rows of the month whose outcome ever became known.
    excess : float
        Log loss above what the answers promised.
    state : State
        Where the walk stands after it.
    """

    month: str
    rows: int
    outcomes: int
    figures: Mapping[str, float]
    excess: float
    state: State


class Walk:
    """One policy's way through the past.

    Parameters
    ----------
    timeline : Timeline
        The past.
    policy : Policy
        When a model is trained again.
    folder : Path
        Where finished months and trainings are kept; what is there is not done again.
    name : str
        Names the past and all settings but the policy.
    """

    def __init__(self, timeline: Timeline, policy: Policy, *, folder: Path, name: str) -> None:
        self.timeline, self.policy, self.name = timeline, policy, name
        self.folder = folder
        own = re.sub(r"[^A-Za-z0-9_.-]", "_", policy.name)
        self.own = folder / f"{own}-{_digest(policy.retraining.model_dump_json())}"
        self.standing = ReplayLedger(timeline.case, self.own / "ledger")
        self._answers: dict[str, _Answered] = {}

    def months(self) -> Iterator[Month]:
        """Live through the months, one after the other."""
        first, until = self.timeline.period()
        days = np.arange(first, until)
        names = np.array([month_of(int(day)) for day in days])
        state = None
        for month in dict.fromkeys(names.tolist()):
            file = self.own / f"{month}.json"
            if file.exists():
                found = _month_of(json.loads(file.read_text()), self.folder)
            else:
                found = self._month(month, days[names == month].tolist(), state or self._begin())
                write_whole(file, json.dumps(asdict(found), default=float))
            state = found.state
            yield found

    def _begin(self) -> State:
        first, _ = self.timeline.period()
        trained = self._train(first, None)
        self.standing.promote(trained, why="the first", against=None)
        return State(champion=trained, since=first, trained_on=first)

    def _train(self, day: int, champion: Bundle | None) -> Trained:
        return train(self.timeline, day, champion=champion, folder=self.folder, name=self.name)

    def _month(self, month: str, days: list[int], state: State) -> Month:
        answers = []
        answered_by = state.champion
        begun = days[0]
        for day in days:
            self._look(day, state)
            if state.champion.digest != answered_by.digest:
                answers.append((self._answered(answered_by), begun, day - 1))
                answered_by, begun = state.champion, day
        answers.append((self._answered(answered_by), begun, days[-1]))
        parts = [model.between(start, end) for model, start, end in answers]
        y = np.concatenate([each.y for each in parts])
        p = np.concatenate([each.p for each in parts])
        costs = [model.excess(each) for (model, *_), each in zip(answers, parts, strict=True)]
        known = ~np.isnan(y)
        task = task_of(self.timeline.case.task)
        figures = {name: METRICS[name].of(y[known], p[known]) for name in task.watched}
        over = float(np.concatenate(costs)[known].mean())
        named = ", ".join(f"{METRICS[name].title} {figures[name]:.4f}" for name in task.weekly)
        log.info(
            f"{self.policy.name} {month}: {named}, {len(state.trainings)} trainings, "
            f"{len(state.alarms)} alarms"
        )
        return Month(month, len(y), int(known.sum()), figures, over, state)

    def _look(self, day: int, state: State) -> None:
        decision = decide(self.policy.retraining, self._signals(day, state))
        loud = [each for each in decision.rang if each in LOUD]
        if loud:
            _ring(state, day, loud, decision.why)
        if not decision.train:
            return
        state.trained_on = day
        champion = self._answered(state.champion).bundle
        told: dict[str, Any] = {"day": day, "rang": list(decision.rang), "why": decision.why}
        try:
            trained = self._train(day, champion)
        except TaglineError as failed:
            log.warning(f"{day_name(day)}: the training failed, the champion stays: {failed}")
            state.trainings.append({**told, "failed": str(failed), "promoted": False})
            return
        refused = self.standing.promote(trained, why=decision.why, against=state.champion)
        told |= {"digest": trained.digest, "cpu_seconds": trained.cpu_seconds}
        state.trainings.append({**told, "promoted": not refused, "refused": refused})
        if not refused:
            state.champion, state.since = trained, day

    def _signals(self, day: int, state: State) -> Signals:
        section, wanted = self.timeline.case.monitoring, self.policy.retraining.on
        own = self._answered(state.champion)
        first = max(state.since, day - section.window_days)
        open_days, window_days = self.timeline.open_days, section.window_days
        known = own.known_by(day, max(state.since, first - open_days))
        days = outcome_days(known.day, last=day - 1, window=window_days, open_days=open_days)
        rows = known.between(*days)
        found: dict[str, Any] = {
            "age_days": day - state.champion.day,
            "since_training": day - state.trained_on,
        }
        if "growth" in wanted:
            labelled = int((self.timeline.known_on <= day).sum())
            before = int((self.timeline.known_on <= state.champion.day).sum())
            found["growth"] = (labelled - before) / max(state.champion.learned, 1)
        if len(np.unique(rows.day)) >= section.min_days and "loss" in wanted:
            cost = own.excess(rows)
            found["excess"] = mean(cost, rows.day, section, seed=self.timeline.case.seed)
        window = own.between(first, day - 1)
        if len(np.unique(window.day)) >= section.min_days:
            if "drift" in wanted:
                counts = own.counts(day).between(first, day - 1)
                moves = column_drift(counts, section, seed=self.timeline.case.seed)
                found["moved"] = sum(each.moved for each in moves)
            if "estimated_loss" in wanted:
                found["estimated_rise"] = (
                    estimate(own.bundle.task, "log_loss", window.p) / own.promised - 1
                )
        return Signals(**found)

    def _answered(self, trained: Trained) -> "_Answered":
        if trained.digest not in self._answers:
            self._answers[trained.digest] = _Answered(self.timeline, trained)
        return self._answers[trained.digest]


class _Answered:
    """What a model answers, computed month by month when it is asked for."""

    def __init__(self, timeline: Timeline, trained: Trained) -> None:
        self.timeline, self.bundle = timeline, Bundle(Path(trained.path))
        self.p: Floats | None = None  # as wide as its graph gives
        self.promised = trained.promised
        self._answered = np.zeros(len(timeline.day), dtype=bool)
        self._layout = layout_of(self.bundle)
        self._counts: DayCounts = no_days(self._layout)
        self._counted_until = trained.day

    def between(self, first: int, last: int) -> Predictions:
        """Give the answers to the decisions of some days."""
        kept = np.flatnonzero((self.timeline.day >= first) & (self.timeline.day <= last))
        lacking = kept[~self._answered[kept]]
        part = {name: values[lacking] for name, values in self.timeline.columns.items()}
        found = self.bundle.answer(part)
        if self.p is None:
            self.p = np.full((len(self.timeline.day), *found.shape[1:]), np.nan)
        self.p[lacking], self._answered[lacking] = found, True
        return Predictions(self.timeline.day[kept], self.p[kept], self.timeline.y[kept])

    def excess(self, rows: Predictions) -> Floats:
        """Give the loss of each row above what its answer promised; NaN where nothing is known."""
        found, known = np.full(len(rows.day), np.nan), rows.known
        found[known] = self.bundle.task.excess(rows.y[known], rows.p[known], self.bundle.rule)
        return found

    def known_by(self, day: int, first: int) -> Predictions:
        """Give those of which it is known what came true when a day begins."""
        rows = self.between(first, day - 1)
        place = np.flatnonzero((self.timeline.day >= first) & (self.timeline.day <= day - 1))
        return rows.only(self.timeline.known_on[place] <= day)

    def counts(self, day: int) -> DayCounts:
        """Count the days before one in the bins of the model's profile."""
        days = self.timeline.day
        kept = np.flatnonzero((days >= self._counted_until) & (days < day))
        if len(kept):
            part = {name: values[kept] for name, values in self.timeline.columns.items()}
            p, X = self.bundle.answer_with_inputs(part)
            named = {f"field:{name}": values for name, values in part.items()}
            names = self.bundle.inputs["names"]
            named |= {f"input:{name}": X[:, place] for place, name in enumerate(names)}
            scores = self.bundle.task.scores(p, self.bundle.rule)
            bins = self._layout.bins({**named, **scores})
            self._counts = self._counts.plus(self._layout.count(bins, days[kept]))
            self._counted_until = day
        return self._counts


def _ring(state: State, day: int, loud: Sequence[str], why: str) -> None:
    if state.alarms and day - state.alarms[-1]["last"] <= 1:
        state.alarms[-1]["last"] = day
    else:
        state.alarms.append(
            {
                "day": day,
                "last": day,
                "rang": list(loud),
                "why": why,
                "digest": state.champion.digest,
                "path": state.champion.path,
                "champion_day": state.champion.day,
            }
        )


def _month_of(said: dict[str, Any], folder: Path) -> Month:
    state = said.pop("state")
    state["champion"] = trained_of(state["champion"], folder)
    for alarm in state["alarms"]:
        alarm["path"] = str(folder / "bundles" / alarm["digest"])
    return Month(**said, state=State(**state))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
