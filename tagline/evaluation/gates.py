"""Whether a model may become a candidate: each gate with its figure."""

from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from tagline.case.evaluation import GatesSection
from tagline.metrics.intervals import Interval
from tagline.metrics.metrics import METRICS

HOPELESS = 100
LEAST = ("base_rate", "constant")  # a model that is no better knows nothing of the rows
Standing = Literal["candidate", "rejected"]


def judge(
    section: GatesSection,
    *,
    primary: str,
    metrics: Mapping[str, Interval],
    comparisons: pd.DataFrame,
    unfitted: Iterable[str] = (),
    uncompared: str = "",
    lost: str = "",
    postponed: str = "",
    slices: pd.DataFrame,
    behaviour: Iterable[Mapping[str, Any]],
    decided: Mapping[str, Any] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Hold a model against every gate.

    Parameters
    ----------
    section : GatesSection
        What is asked.
    primary : str
        The metric that comparisons are decided by.
    metrics : mapping of str to Interval
        The model's figures on the test rows, those of every gate among them.
    comparisons : DataFrame
        See `tagline.evaluation.compare.compare`.
    unfitted : iterable of str
        Baselines that were asked for and could not be fitted.
    uncompared : str
        Why the current champion could not answer these rows, where it could not.
    lost : str
        Why there is no bundle of the current champion any more; nobody is held against it then.
    postponed : str
        Why the current champion is compared at a promotion only.
    slices : DataFrame
        See `tagline.evaluation.slices.slices`.
    behaviour : iterable of mapping
        See `tagline.evaluation.behaviour.check`.
    decided : mapping
        What decisions come to; see `tagline.tasks.task.Task.decided`.

    Returns
    -------
    list of dict
        ``name``, ``passed``, ``figure`` and ``limit`` (floats), ``detail`` (a sentence). A figure
        that is undefined does not pass.
    """
    against = comparisons[comparisons["metric"] == primary].to_dict("records")
    gates = [*_limits(section, metrics), *_slices(section, slices)]
    if section.beat_baselines is not False:
        strict = bool(section.beat_baselines)
        gates += [_against(row, primary, strict) for row in against if row["kind"] == "baseline"]
        gates += [_not_compared(name, primary, strict) for name in unfitted]
    margin = section.champion_margin
    gates += [_keeps_up(row, primary, margin) for row in against if row["kind"] == "champion"]
    gates += [_no_champion(uncompared, primary, section)] if uncompared else []
    gates += [_lost_champion(lost, primary, section)] if lost else []
    gates += [_later(postponed, primary, section)] if postponed else []
    if section.coverage and "covered" in decided:
        gates.append(_covers(decided))
    if section.behaviour:
        gates += [_behaves(result) for result in behaviour if result.get("counts", True)]
    return gates


def standing(gates: Iterable[Mapping[str, Any]]) -> Standing:
    """Give the standing that the gates decide."""
    return "candidate" if all(gate["passed"] for gate in gates) else "rejected"


def asked(section: GatesSection) -> set[str]:
    """Name the metrics that the gates need on all the rows."""
    return {*section.minimum, *section.maximum}


def _limits(section: GatesSection, metrics: Mapping[str, Interval]) -> Iterator[dict[str, Any]]:
    for name, limit in section.minimum.items():
        passed = metrics[name].value >= limit
        message = (
            _idle(limit <= METRICS[name].least)
            if passed
            else _missed(metrics[name], limit, f"minimum.{name}")
        )
        yield _limit(METRICS[name].title, metrics[name], passed, limit, "at least", message)
    for name, limit in section.maximum.items():
        passed = metrics[name].value <= limit
        message = _idle(limit >= METRICS[name].most)
        message = message if passed else _missed(metrics[name], limit, f"maximum.{name}")
        yield _limit(METRICS[name].title, metrics[name], passed, limit, "at most", message)


def _missed(found: Interval, limit: float, key: str) -> str:
    if not found.low <= limit <= found.high:
        return f" More rows of the same would hardly change that; gates.{key} sets the limit."
    return " The limit lies within the interval: more test rows may change it, either way."


def _idle(always: bool) -> str:
    return " No model could fail this." if always else ""


def _limit(
    title: str, found: Interval, passed: bool, limit: float, side: str, idle: str
) -> dict[str, Any]:
    between = f", without an interval: {found.note}" if found.note else ""
    between = between or f" {_between(found.low, found.high)}"
    message = f"{_figure(found.value)}{between}; the gate asks for {side} {limit:g}.{idle}"
    return _gate(f"{title} {side} {limit:g}", passed, found.value, limit, message)


def _slices(section: GatesSection, slices: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for name, limit in section.slice_minimum.items():
        every = slices[slices["metric"] == name]
        defined = every.dropna(subset=["figure"]).sort_values("figure", kind="stable")
        title = f"{METRICS[name].title} at least {limit:g} in every slice"
        if defined.empty:
            yield _gate(title, False, float("nan"), limit, "It is defined in no slice.")
            continue
        worst = defined.to_dict("records")[0]
        message = f"Least where {worst['slice']} is {worst['value']} ({worst['n']:,} rows)"
        message += f": {_figure(worst['figure'])}; undefined in {len(every) - len(defined)} slices."
        message += _idle(limit <= METRICS[name].least)
        yield _gate(title, worst["figure"] >= limit, worst["figure"], limit, message)


def _better_than(name: str, primary: str) -> str:
    return f"{METRICS[primary].title} better than {name}"


def _not_clearly_worse(name: str, primary: str) -> str:
    return f"{METRICS[primary].title} not clearly worse than {name}"


def _not_compared(name: str, primary: str, strict: bool) -> dict[str, Any]:
    strict = strict or name in LEAST
    title = _better_than(name, primary) if strict else _not_clearly_worse(name, primary)
    message = "It could not be fitted: the leaderboard says why."
    return _gate(title, not strict, float("nan"), 0.0, message)


def _no_champion(why: str, primary: str, section: GatesSection) -> dict[str, Any]:
    margin, passed = section.champion_margin, section.uncompared == "pass"
    title = f"{METRICS[primary].title} not worse than champion by more than {margin:g}"
    limit = -METRICS[primary].sign * margin
    message = f"It can not be compared: {why}" + (
        " gates.uncompared lets it pass." if passed else ""
    )
    return _gate(title, passed, float("nan"), limit, message)


def _lost_champion(why: str, primary: str, section: GatesSection) -> dict[str, Any]:
    margin = section.champion_margin
    title = f"{METRICS[primary].title} not worse than champion by more than {margin:g}"
    limit = -METRICS[primary].sign * margin
    message = f"Not possible, because {why} A promotion asks for a reason."
    return _gate(title, True, float("nan"), limit, message)


def _later(why: str, primary: str, section: GatesSection) -> dict[str, Any]:
    margin = section.champion_margin
    title = f"{METRICS[primary].title} not worse than champion by more than {margin:g}"
    message = (
        f"Not compared here: {why}. A promotion compares on rows that neither has learned from."
    )
    return _gate(title, True, float("nan"), -METRICS[primary].sign * margin, message)


def _against(row: Mapping[Any, Any], primary: str, strict: bool) -> dict[str, Any]:
    if strict or row["against"] in LEAST:
        return _beats(row, primary)
    name = row["against"]
    hint = "" if row["better"] else f" It is not clearly better either: {name} is the simpler one."
    if row["worse"]:
        hint = f' The simpler model is the better one here: families = ["{name}"] under [search].'
    return _gate(
        _not_clearly_worse(name, primary),
        not row["worse"],
        row["difference"],
        0.0,
        f"{_difference(row)}; the gate asks for an interval not wholly on the worse side of 0."
        f"{hint}",
    )


def _beats(row: Mapping[Any, Any], primary: str) -> dict[str, Any]:
    return _gate(
        _better_than(row["against"], primary),
        row["better"],
        row["difference"],
        0.0,
        f"{_difference(row)}; the gate asks for an interval wholly on the better side of 0."
        f"{_unsaid(row)}{_hope(row, primary)}",
    )


def _hope(row: Mapping[Any, Any], primary: str) -> str:
    """Say whether more rows could show that a model is better: intervals shrink with their root."""
    if row["better"] or row["note"]:
        return ""
    gain = METRICS[primary].sign * row["difference"]
    if not gain > 0:
        return (
            " It is no better on these rows: other inputs may help, more rows of the same will not."
        )
    nearer = row["low"] if METRICS[primary].sign > 0 else row["high"]
    times = ceil((abs(row["difference"] - nearer) / gain) ** 2) + 1
    if times > HOPELESS:
        return " It is hardly better: not even a hundred times as many test rows would show it."
    return f" If that difference stays, some {times} times as many test rows would show it."


def _keeps_up(row: Mapping[Any, Any], primary: str, margin: float) -> dict[str, Any]:
    sign = METRICS[primary].sign
    worst = row["low"] if sign > 0 else row["high"]
    return _gate(
        f"{METRICS[primary].title} not worse than {row['against']} by more than {margin:g}",
        sign * worst >= -margin,
        row["difference"],
        -sign * margin,
        f"{_difference(row)}; asked of the worse end is at most {margin:g} worse.{_unsaid(row)}",
    )


def _covers(decided: Mapping[str, Any]) -> dict[str, Any]:
    promised, covered = decided["coverage"], decided["covered"]
    between = f" {_between(decided['low'], decided['high'])}"
    if decided["note"]:
        between = f", without an interval: {decided['note']}"
    # Without an interval a share that is fewer would fail by chance every other time.
    passed = bool(decided["note"]) or decided["high"] >= promised
    message = f"{_figure(covered)}{between}; the gate asks for not clearly fewer than {promised:g}."
    hint = " Later or other rows err by more than the tuning rows did." if not passed else ""
    name = f"Intervals hold {promised:g} of what comes true"
    return _gate(name, passed, covered, promised, message + hint)


def _behaves(result: Mapping[str, Any]) -> dict[str, Any]:
    message = f"It {result['detail']}" if result["rows"] else "There is no row to try it on"
    message += f"; the gate asks for at least {result['min_share']:.2%}."
    return _gate(result["name"], result["passed"], result["share"], result["min_share"], message)


def _difference(row: Mapping[Any, Any]) -> str:
    between = _between(row["low"], row["high"])
    if row["note"]:
        between = f"{_figure(row['difference'])} without an interval"
    return f"{_figure(row['own'])} against {_figure(row['other'])}, difference {between}"


def _unsaid(row: Mapping[str, Any]) -> str:
    if not row["note"]:
        return ""
    return f" Whether it is better can not be said: {row['note']}. More days or groups would tell."


def _between(low: float, high: float) -> str:
    return f"[{_figure(low)}, {_figure(high)}]"


def _figure(value: float) -> str:
    return f"{value:.4f}"


def _gate(name: str, passed: bool, figure: float, limit: float, detail: str) -> dict[str, Any]:
    return {
        "name": name,
        "passed": bool(passed),
        "figure": float(figure),
        "limit": float(limit),
        "detail": detail,
    }
