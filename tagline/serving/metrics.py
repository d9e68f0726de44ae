"""What Prometheus reads: how many, how fast, which version, and how far the inputs have moved."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tagline.bundle.profile import counted, expected, has_bins, psi
from tagline.serving.served import ServedModel
from tagline.tasks.task import SCORE

BUCKETS = (
    *(0.000_05, 0.000_1, 0.000_2, 0.000_4, 0.000_8, 0.001_6, 0.003_2, 0.006_4),
    *(0.012_8, 0.025_6, 0.051_2, 0.102_4, 0.25, 0.5, 1.0, 2.5, 10.0),
)

REQUESTS = Counter("tagline_requests", "Requests, by page and status.", ["page", "status"])
SECONDS = Histogram(
    "tagline_request_seconds", "From the first byte to the answer.", ["page"], buckets=BUCKETS
)
PREDICTIONS = Counter("tagline_predictions", "Rows that were answered.", ["run", "digest"])
SHADOWED = Counter("tagline_shadow_rows", "Rows that a shadow answered, which nobody saw.")
UNSHADOWED = Counter("tagline_shadow_rows_dropped", "Rows that no shadow had the time for.")
ACTED = Counter("tagline_predictions_acted", "Rows that reached the threshold.", ["run", "digest"])
UNKNOWN = Counter("tagline_unknown_values", "Categories that training never saw.", ["input"])
LACKING = Counter("tagline_missing_values", "Fields without a value.", ["field"])
OUTSIDE = Counter(
    "tagline_history_outside",
    "Rows whose history is missing: decided before the snapshot, or too long after it.",
    ["why"],
)
OUTCOMES = Counter("tagline_outcomes", "Outcomes that were reported.")
STRANGE = Counter("tagline_outcomes_unknown", "Outcomes that name no answer that is known.")
SWAPS = Counter("tagline_swaps", "New champions, taken or refused.", ["result"])
UNLOGGED = Counter("tagline_log_failures", "Answers refused since the log could not be written.")
UNREACHED = Counter("tagline_ledger_failures", "Looks at the ledger that failed.")
MODEL = Gauge(
    "tagline_model_entry",
    "The ledger's entry of the model that answers, of the worker that is farthest behind.",
    multiprocess_mode="livemin",
)
AS_OF = Gauge(
    "tagline_history_as_of_seconds",
    "The moment of the history that is looked up, since 1970.",
    multiprocess_mode="livemin",
)
BINS = Counter(
    "tagline_profile_rows",
    "Rows in each bin of the reference profile.",
    ["digest", "column", "bin"],
)


class ProfileCounts:
    """Counts answered rows in the bins of the model's own reference profile.

    Answers only put their values aside; they are counted when there is time, and the counts of all
    workers add up.

    Parameters
    ----------
    served : ServedModel
        The model.
    hidden : frozenset of str, optional
        Fields that name a person, which are not counted.
    """

    def __init__(self, served: ServedModel, *, hidden: frozenset[str] = frozenset()) -> None:
        self.digest = served.bundle.digest[:12]
        profile = served.bundle.read_json("profile.json")
        wanted = {f"field:{name}": place for place, name in enumerate(served.names)}
        wanted = {name: at for name, at in wanted.items() if served.names[at] not in hidden}
        self._columns = [
            (name, place, profile[name])
            for name, place in wanted.items()
            if name in profile and has_bins(profile[name])
        ]
        names = served.deployed.run, self.digest
        self._answered, self._acted = PREDICTIONS.labels(*names), ACTED.labels(*names)
        # The alerts and boards of a question with a decision of yes or no.
        self._threshold = served.bundle.rule.get("threshold")
        self._bundle = served.bundle
        self._scores = {
            name: described
            for name, described in profile.items()
            if name.partition(":")[0] == SCORE and has_bins(described)
        }
        self._rows: deque[tuple[Any, ...]] = deque()
        self._many: deque[tuple[Sequence[Sequence[Any]], Sequence[Any]]] = deque()

    def add(self, columns: Sequence[Sequence[Any]], scores: Sequence[Any]) -> None:
        """Put the rows of one request aside, with the first column of their answers."""
        self._many.append((columns, scores))

    def add_row(self, row: Sequence[Any], score: Any) -> None:
        """Put one row aside: one object, where columns would be many for Python's collector."""
        self._rows.append((*row, score))

    def count(self) -> None:
        """Count what was put aside."""
        rows = [self._rows.popleft() for _ in range(len(self._rows))]
        many = [self._many.popleft() for _ in range(len(self._many))]
        scores = [row[-1] for row in rows] + [score for _, own in many for score in own]
        self._answered.inc(len(scores))
        if self._threshold is not None:
            self._acted.inc(sum(score >= self._threshold for score in scores))
        self._count_scores(scores)
        for name, place, described in self._columns:
            parts = [[row[place] for row in rows], *(columns[place] for columns, _ in many)]
            number = described["kind"] == "number"
            given: Any = np.concatenate(parts) if number else list(chain.from_iterable(parts))
            for key, times in counted(given, described).items():
                BINS.labels(self.digest, name, key).inc(times)

    def _count_scores(self, scores: Sequence[Any]) -> None:
        if not scores:
            return
        task, rule = self._bundle.task, self._bundle.rule
        of_scores: dict[str, Any] = task.scores(task.given_of(scores, rule), rule)
        for name, described in self._scores.items():
            for key, times in counted(of_scores[name], described).items():
                BINS.labels(self.digest, name, key).inc(times)


def leave() -> None:
    """Take this worker's present state out of what all workers add up to."""
    multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


class Page:
    """Counts a page's answers: put aside while they leave, added up when there is time.

    Parameters
    ----------
    page : str
        Its path.
    """

    def __init__(self, page: str) -> None:
        self.page, self._seconds = page, SECONDS.labels(page)
        self._good = REQUESTS.labels(page, "200")
        self._waiting: deque[float] = deque()
        self.add = self._waiting.append

    def refused(self, status: int, seconds: float) -> None:
        """Count an answer that was none."""
        REQUESTS.labels(self.page, str(status)).inc()
        self._seconds.observe(seconds)

    def count(self) -> None:
        """Add up what was put aside."""
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        self._good.inc(len(waiting))
        for seconds in waiting:
            self._seconds.observe(seconds)


def exposition(served: ServedModel | None, age: float | None, *beside: Collector) -> bytes:
    """Write all metrics, those of all workers added up, and those of other collectors."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    families = list(registry.collect())
    registry.register(_Derived(families, served, age))
    for each in beside:
        registry.register(each)
    return generate_latest(registry)


class _Derived(Collector):
    def __init__(
        self, families: list[Metric], served: ServedModel | None, age: float | None
    ) -> None:
        self.families, self.served, self.age = families, served, age

    def collect(self) -> Iterator[Metric]:
        if self.age is not None:
            yield GaugeMetricFamily(
                "tagline_history_age_seconds", "How old the history is.", value=self.age
            )
        if self.served is not None:
            yield _which(self.served)
            yield self._moved(self.served)

    def _moved(self, served: ServedModel) -> Metric:
        family = GaugeMetricFamily(
            "tagline_profile_psi",
            "Population stability index of the rows answered against the training rows.",
            labels=["digest", "column"],
        )
        digest = served.bundle.digest[:12]
        counted: dict[str, dict[str, float]] = {}
        for sample in (each for metric in self.families for each in metric.samples):
            labels = sample.labels
            if sample.name == "tagline_profile_rows_total" and labels["digest"] == digest:
                counted.setdefault(labels["column"], {})[labels["bin"]] = sample.value
        profile = served.bundle.read_json("profile.json")
        for column, found in sorted(counted.items()):
            reference = expected(profile[column])
            value = psi(list(reference.values()), [found.get(key, 0.0) for key in reference])
            family.add_metric([digest, column], value)
        return family


def _which(served: ServedModel) -> Metric:
    names = ["run", "digest", "entry"]
    family = GaugeMetricFamily("tagline_model_info", "The model that answers.", labels=names)
    deployed = served.deployed
    family.add_metric([deployed.run, served.bundle.digest[:12], str(deployed.since)], 1)
    return family
