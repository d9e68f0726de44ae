"""Whether a model may become a candidate: each gate with its figure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypedDict

import pandas as pd

from tagline.case.evaluation import GatesSection, MetricName
from tagline.evaluation.behaviour import BehaviourResult
from tagline.evaluation.intervals import Interval
from tagline.evaluation.metrics import METRICS

Standing = Literal["candidate", "rejected"]


class Gate(TypedDict):
    """One gate: what was asked, what was found."""

    name: str
    passed: bool
    figure: str
    limit: str


def judge(
    section: GatesSection,
    *,
    metrics: Mapping[str, Interval],
    primary: MetricName,
    baselines: Mapping[str, Interval],
    champion: Interval | None,
    behaviour: Sequence[BehaviourResult],
    slices: pd.DataFrame,
) -> list[Gate]:
    """Hold a model against every gate.

    Parameters
    ----------
    section : GatesSection
        What is asked.
    metrics : mapping of str to Interval
        The model's figures on the test rows.
    primary : str
        The metric of the paired comparisons.
    baselines : mapping of str to Interval
        Paired difference to each baseline, model less baseline.
    champion : Interval or None
        Paired difference to the current champion, where there is one.
    behaviour : sequence of BehaviourResult
        What came of the behaviour tests.
    slices : DataFrame
        See `tagline.evaluation.slices.slices`.
    """
    gates = [*_limits(section, metrics), *_slices(section, slices, primary)]
    if section.beat_baselines:
        gates += [_beats(name, gap, primary) for name, gap in baselines.items()]
    if champion is not None:
        gates.append(_keeps_up(champion, primary, section.champion_margin))
    if section.behaviour:
        gates += [_behaves(result) for result in behaviour]
    return gates


def standing(gates: Sequence[Gate]) -> Standing:
    """Give the standing that the gates decide."""
    return "candidate" if all(gate["passed"] for gate in gates) else "rejected"


def _limits(section: GatesSection, metrics: Mapping[str, Interval]) -> Iterator[Gate]:
    for name, limit in section.minimum.items():
        value = metrics[name].value
        yield _gate(METRICS[name].title, value >= limit, f"{value:.4f}", f"at least {limit:g}")
    for name, limit in section.maximum.items():
        value = metrics[name].value
        yield _gate(METRICS[name].title, value <= limit, f"{value:.4f}", f"at most {limit:g}")


def _slices(section: GatesSection, slices: pd.DataFrame, primary: MetricName) -> Iterator[Gate]:
    limit = section.slice_minimum.get(primary)
    if limit is None or slices.empty:
        return
    worst = slices.loc[slices["figure"].idxmin()]
    yield _gate(
        f"{METRICS[primary].title} in every slice",
        bool(worst["figure"] >= limit),
        f"{worst['figure']:.4f} where {worst['slice']} is {worst['value']}",
        f"at least {limit:g}",
    )


def _beats(name: str, gap: Interval, primary: MetricName) -> Gate:
    better = gap.low > 0 if METRICS[primary].sign > 0 else gap.high < 0
    return _gate(
        f"{METRICS[primary].title} against {name}",
        better,
        _difference(gap),
        "better on the whole interval",
    )


def _keeps_up(gap: Interval, primary: MetricName, margin: float) -> Gate:
    better = METRICS[primary].sign * gap.value
    return _gate(
        f"{METRICS[primary].title} against the champion",
        better >= -margin,
        _difference(gap),
        f"at most {margin:g} worse",
    )


def _behaves(result: BehaviourResult) -> Gate:
    return _gate(
        result["name"],
        result["passed"],
        f"holds for {result['share']:.1%} of {result['rows']:,} rows",
        f"at least {result['least_share']:.1%}",
    )


def _difference(gap: Interval) -> str:
    return f"{gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"


def _gate(name: str, passed: bool, found: str, limit: str) -> Gate:
    return {"name": name, "passed": bool(passed), "figure": found, "limit": limit}
