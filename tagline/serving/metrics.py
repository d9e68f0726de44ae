"""What Prometheus reads: how many, how fast, which version, and how far the inputs have moved."""

import os
from collections import Counter as Tally
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

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

from tagline.serving.served import Served
from tagline.serving.settings import MULTIPROCESS

BUCKETS = (
    *(0.000_05, 0.000_1, 0.000_2, 0.000_4, 0.000_8, 0.001_6, 0.003_2, 0.006_4),
    *(0.012_8, 0.025_6, 0.051_2, 0.102_4, 0.25, 0.5, 1.0, 2.5, 10.0),
)
MISSING, OTHER, BELOW = "missing", "other", 1e-4

REQUESTS = Counter("tagline_requests", "Requests, by page and status.", ["page", "status"])
SECONDS = Histogram(
    "tagline_request_seconds", "From the first byte to the answer.", ["page"], buckets=BUCKETS
)
PREDICTIONS = Counter("tagline_predictions", "Rows that were answered.", ["run", "digest"])
ACTED = Counter("tagline_predictions_acted", "Rows that reached the threshold.", ["run", "digest"])
UNKNOWN = Counter("tagline_unknown_values", "Categories that training never saw.", ["input"])
LACKING = Counter("tagline_missing_values", "Fields without a value.", ["field"])
OUTCOMES = Counter("tagline_outcomes", "Outcomes that were reported.")
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


class Watched:
    """Counts answered rows in the bins of the model's own reference profile.

    Answers only put their values aside; they are counted when there is time, and the counts of all
    workers add up.

    Parameters
    ----------
    served : Served
        The model.
    hidden : frozenset of str, optional
        Fields that name a person, which are not counted.
    """

    def __init__(self, served: Served, *, hidden: frozenset[str] = frozenset()) -> None:
        self.digest = served.bundle.digest[:12]
        profile = served.bundle.read_json("profile.json")
        wanted = {f"field:{name}": place for place, name in enumerate(served.names)}
        wanted = {name: at for name, at in wanted.items() if served.names[at] not in hidden}
        self._columns = [
            (name, place, profile[name])
            for name, place in [*wanted.items(), ("score", len(served.names))]
            if name in profile and _has_bins(profile[name])
        ]
        names = served.deployed.run, self.digest
        self._answered, self._acted = PREDICTIONS.labels(*names), ACTED.labels(*names)
        self._threshold = served.threshold
        self._rows: deque[tuple[Any, ...]] = deque()
        self._many: deque[tuple[Sequence[Sequence[Any]], Sequence[float]]] = deque()
        self._width = len(served.names)

    def add(self, columns: Sequence[Sequence[Any]], scores: Sequence[float]) -> None:
        """Put the rows of one request aside."""
        self._many.append((columns, scores))

    def add_row(self, row: Sequence[Any], score: float) -> None:
        """Put one row aside: one object, where columns would be many for Python's collector."""
        self._rows.append((*row, score))

    def count(self) -> None:
        """Count what was put aside."""
        rows = [self._rows.popleft() for _ in range(len(self._rows))]
        many = [self._many.popleft() for _ in range(len(self._many))]
        scores = [row[-1] for row in rows] + [score for _, own in many for score in own]
        self._answered.inc(len(scores))
        self._acted.inc(sum(score >= self._threshold for score in scores))
        for name, place, described in self._columns:
            given = scores
            if place < self._width:
                given = [row[place] for row in rows]
                given += [value for columns, _ in many for value in columns[place]]
            for key, times in _bins(given, described).items():
                BINS.labels(self.digest, name, key).inc(times)


def leave() -> None:
    """Take this worker's present state out of what all workers add up to."""
    if os.environ.get(MULTIPROCESS):
        multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


class Page:
    """Counts a page's answers: put aside while they leave, added up when there is time.

    Parameters
    ----------
    page : str
        Its path.
    """

    every: ClassVar[list["Page"]] = []

    def __init__(self, page: str) -> None:
        self.page, self._seconds = page, SECONDS.labels(page)
        self._good = REQUESTS.labels(page, "200")
        self._waiting: deque[float] = deque()
        self.add = self._waiting.append
        Page.every.append(self)

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


def exposition(served: Served | None, age: float | None) -> bytes:
    """Write all metrics, those of all workers added up."""
    registry = CollectorRegistry()
    if os.environ.get(MULTIPROCESS):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for each in OWN:
            registry.register(each)
    families = list(registry.collect())
    registry.register(_Derived(families, served, age))
    return generate_latest(registry)


def psi(expected: Sequence[float], found: Sequence[float]) -> float:
    r"""Give the population stability index of two distributions over the same bins.

    :math:`\sum_i (q_i - p_i) \ln(q_i / p_i)` (Siddiqi, 2006, ch. 6), each share at least 0.0001.
    """
    p = np.maximum(np.asarray(expected) / max(sum(expected), 1), BELOW)
    q = np.maximum(np.asarray(found) / max(sum(found), 1), BELOW)
    return float(((q - p) * np.log(q / p)).sum())


OWN = (
    *(REQUESTS, SECONDS, PREDICTIONS, ACTED, UNKNOWN, LACKING, OUTCOMES),
    *(SWAPS, UNLOGGED, UNREACHED, MODEL, AS_OF, BINS),
)


class _Derived(Collector):
    def __init__(self, families: list[Metric], served: Served | None, age: float | None) -> None:
        self.families, self.served, self.age = families, served, age

    def collect(self) -> Iterator[Metric]:
        if self.age is not None:
            yield GaugeMetricFamily(
                "tagline_history_age_seconds", "How old the history is.", value=self.age
            )
        if self.served is not None:
            yield _which(self.served)
            yield self._moved(self.served)

    def _moved(self, served: Served) -> Metric:
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
            expected = _expected(profile[column])
            value = psi(list(expected.values()), [found.get(key, 0.0) for key in expected])
            family.add_metric([digest, column], value)
        return family


def _which(served: Served) -> Metric:
    names = ["run", "digest", "entry"]
    family = GaugeMetricFamily("tagline_model_info", "The model that answers.", labels=names)
    deployed = served.deployed
    family.add_metric([deployed.run, served.bundle.digest[:12], str(deployed.since)], 1)
    return family


def _has_bins(described: Mapping[str, Any]) -> bool:
    return described["kind"] == "number" or "categories" in described


def _bins(values: Sequence[Any], described: Mapping[str, Any]) -> Mapping[str, int]:
    """Count values in the bins of a column's profile, as `tagline.bundle.profile` does."""
    return (
        _of_numbers(values, described)
        if described["kind"] == "number"
        else _of_texts(values, described)
    )


def _of_numbers(values: Sequence[Any], described: Mapping[str, Any]) -> Mapping[str, int]:
    numbers = np.array(values, dtype=np.float64)
    known = numbers[~np.isnan(numbers)]
    counts = np.bincount(np.searchsorted(described["edges"], known, side="right"))
    found = {str(place): int(count) for place, count in enumerate(counts) if count}
    return found | ({MISSING: len(numbers) - len(known)} if len(known) < len(numbers) else {})


def _of_texts(values: Sequence[Any], described: Mapping[str, Any]) -> Mapping[str, int]:
    found: Tally[str] = Tally()
    for value, times in Tally(values).items():
        known = f"={value}" if value in described["categories"] else OTHER
        found[known if value else MISSING] += times
    return found


def _expected(described: Mapping[str, Any]) -> dict[str, float]:
    if described["kind"] == "number":
        bins = {str(place): float(count) for place, count in enumerate(described["counts"])}
    else:
        bins = {f"={name}": float(count) for name, count in described["categories"].items()}
        bins[OTHER] = float(described["others"])
    return {**bins, MISSING: float(described["missing"])}
