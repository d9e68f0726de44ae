"""What the monitor found last, as Prometheus reads it."""

import math
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tagline.workflows.monitored import latest

OWN = ["run", "digest"]


class MonitorFigures(Collector):
    """The figures that ``flows/monitor.py`` left.

    Parameters
    ----------
    case : str
        Whose; nothing is told while nothing was found.
    """

    def __init__(self, case: str) -> None:
        self.case = case

    def collect(self) -> Iterator[Metric]:
        """Read them anew each time."""
        found = latest(self.case)
        if found is None:
            return
        age = time.time() - datetime.fromisoformat(found["at"]).timestamp()
        yield _single("tagline_monitor_age_seconds", "Since the monitor looked last.", age)
        asks = float(found["decision"]["train"])
        yield _single("tagline_monitor_asks_for_training", "Whether the policy asks for it.", asks)
        yield from _of_models(found["findings"])


def _of_models(findings: list[Mapping[str, Any]]) -> Iterator[Metric]:
    verdict = GaugeMetricFamily(
        "tagline_monitor_verdict", "What the monitor says of a model.", labels=[*OWN, "verdict"]
    )
    excess = GaugeMetricFamily(
        "tagline_monitor_excess_log_loss",
        "Log loss a row above what the answers promised, and its interval.",
        labels=[*OWN, "bound"],
    )
    figures = GaugeMetricFamily(
        "tagline_monitor_figure",
        "Performance: measured by outcomes, estimated from answers, or on the test rows.",
        labels=[*OWN, "figure", "kind"],
    )
    moved = GaugeMetricFamily(
        "tagline_monitor_moved_columns", "Columns that have moved.", labels=OWN
    )
    psi = GaugeMetricFamily(
        "tagline_monitor_psi", "How far each column has moved.", labels=[*OWN, "column"]
    )
    rows = GaugeMetricFamily("tagline_monitor_rows", "Rows of the window.", labels=[*OWN, "kind"])
    for each in findings:
        own = [each["run"], each["digest"][:12]]
        verdict.add_metric([*own, each["verdict"]], 1)
        moved.add_metric(own, sum(bool(move["moved"]) for move in each["movements"]))
        rows.add_metric([*own, "answered"], each["rows"])
        rows.add_metric([*own, "outcome"], each["outcomes"])
        for bound in ("value", "low", "high"):
            excess.add_metric([*own, bound], _number(each["excess"][bound]))
        for move in each["movements"]:
            psi.add_metric([*own, move["column"]], move["psi"])
        for kind in ("measured", "estimated"):
            for name, figure in each[kind].items():
                figures.add_metric([*own, name, kind], _number(figure["value"]))
        for name, value in each["before"].items():
            figures.add_metric([*own, name, "test"], _number(value))
    yield from (verdict, excess, figures, moved, psi, rows)


def _single(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=value)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
