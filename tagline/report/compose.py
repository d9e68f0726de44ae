"""What stands on a run's page, in the order in which a manager asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tagline.case.config import Case
from tagline.evaluation.evaluate import Evaluation
from tagline.evaluation.metrics import METRICS
from tagline.report import quality
from tagline.report.page import Block, Section, Table, render
from tagline.report.words import between, verdict


@dataclass(frozen=True)
class Reason:
    """Why one chosen row is answered as it is.

    Attributes
    ----------
    title : str
        Which row, and what came of it.
    waterfall : str
        SVG.
    lime : DataFrame
        ``input``, ``shap`` (log-odds) and ``lime`` (probability) of the strongest inputs.
    agreement : str
        How far the two agree, in words.
    """

    title: str
    waterfall: str
    lime: pd.DataFrame
    agreement: str


@dataclass(frozen=True)
class Reasons:
    """Pictures of why the model answers as it does; SVG each.

    Attributes
    ----------
    sources, importance, beeswarm : str
        Over all explained rows.
    dependence : tuple of str
        One of each of the strongest inputs.
    rows : tuple of Reason
        The chosen rows.
    additivity : float
        The largest gap between the sum of SHAP values and the model's log-odds.
    explained : int
        How many rows.
    """

    sources: str
    importance: str
    beeswarm: str
    dependence: tuple[str, ...]
    rows: tuple[Reason, ...]
    additivity: float
    explained: int


def compose(
    case: Case,
    *,
    evaluation: Evaluation,
    leaderboard: pd.DataFrame,
    reasons: Reasons,
    columns: Sequence[Mapping[str, Any]] = (),
    accounting: Mapping[str, Any],
    bundle: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> str:
    """Write a run's page; `columns` says what each was taken for, see `Taken.to_dict`."""
    failed = [gate["name"] for gate in evaluation.gates if not gate["passed"]]
    return render(
        title=case.title,
        subtitle=f"Case {case.name}, run {provenance['run']}, {provenance['created']}",
        passed=not failed,
        verdict=_verdict(evaluation, failed),
        sections=[
            _gates(evaluation),
            _purpose(case),
            _quality(case, evaluation),
            _calibration(evaluation),
            _threshold(case, evaluation),
            _slices(case, evaluation),
            *_why(reasons),
            _data(accounting, columns),
            _search(case, leaderboard),
            _made_of(bundle, provenance),
        ],
    )


def _verdict(evaluation: Evaluation, failed: list[str]) -> str:
    gates = len(evaluation.gates)
    if failed:
        return f"Rejected: {len(failed)} of {gates} gates failed: {', '.join(failed)}."
    if not gates:
        return f"Candidate, but {verdict(evaluation)}. Ask something of it under [gates]."
    return f"Candidate: all {gates} gates passed. It may be put forward for promotion."


def _gates(evaluation: Evaluation) -> Section:
    rows = [
        (gate["name"], "passed" if gate["passed"] else "failed", gate["detail"])
        for gate in evaluation.gates
    ]
    rows += [
        (idle["name"], "does not count", idle["detail"])
        for idle in evaluation.behaviour
        if not idle["counts"]
    ]
    return Section("Gates", [Block(table=Table(["gate", "", "figure"], rows))])


def _purpose(case: Case) -> Section:
    owners = ", ".join(case.owners) or "nobody is named"
    paragraphs = [case.purpose, f"Who answers for it: {owners}.", *case.limits]
    return Section("What it is for", [Block(text) for text in paragraphs if text])


def _quality(case: Case, evaluation: Evaluation) -> Section:
    others = evaluation.baseline_metrics
    rows = [
        (
            METRICS[name].title,
            figure["value"],
            between(figure),
            *(others[other][name] for other in others),
        )
        for name, figure in evaluation.metrics.items()
    ]
    level = f"{case.evaluation.level:.0%} interval"
    told = (
        f"{evaluation.support['n']:,} test rows, {evaluation.support['positives']:,} of them "
        f"positive, looked at once. Intervals by resampling {evaluation.support['groups']:,} "
        f"whole groups ({case.evaluation.group}): rows of one group hang together."
    )
    return Section(
        "How good it is",
        [Block(told), Block(table=Table(["metric", "model", level, *others], rows))],
    )


def _calibration(evaluation: Evaluation) -> Section:
    drawn = quality.reliability(evaluation.calibration_curve)
    return Section("Does 30% mean 30%?", [Block("Test rows in ten bins of equal width.", drawn)])


def _threshold(case: Case, evaluation: Evaluation) -> Section:
    cost = case.evaluation.cost
    told = (
        f"A false alarm costs {cost.false_positive:g}, a missed one {cost.false_negative:g}. "
        f"Acting from {evaluation.threshold['value']:.3f} on costs "
        f"{evaluation.threshold['cost']:.4f} a test row."
    )
    drawn = quality.cost(evaluation.cost_curve, threshold=evaluation.threshold["value"])
    return Section("When to act", [Block(told), Block("On the tuning rows.", drawn)])


def _slices(case: Case, evaluation: Evaluation) -> Section:
    primary = case.evaluation.primary
    own = evaluation.slices[evaluation.slices["metric"] == primary]
    if own.empty:
        return Section("Where it is better or worse", [Block("No slices are asked for.")])
    drawn = quality.slices(own, title=METRICS[primary].title)
    return Section("Where it is better or worse", [Block(svg=drawn)])


def _why(reasons: Reasons) -> list[Section]:
    told = (
        f"SHAP values of {reasons.explained:,} test rows: how far each input moves the log-odds "
        "away from their mean. Their sum misses the model's own answer by "
        f"{reasons.additivity:.1e} at most."
    )
    whole = Section(
        "What drives the answers",
        [
            Block(told),
            Block("By source.", reasons.sources),
            Block("By input.", reasons.importance),
            Block("Every row.", reasons.beeswarm),
        ],
    )
    shapes = Section(
        "Shape of the strongest inputs", [Block(svg=s) for s in reasons.dependence], aside=True
    )
    return [whole, shapes, *(_reason(each) for each in reasons.rows)]


def _reason(reason: Reason) -> Section:
    heads = {"input": "input", "shap": "SHAP, log-odds", "lime": "LIME, probability"}
    table = Table.of(reason.lime, heads)
    return Section(
        reason.title, [Block(svg=reason.waterfall), Block(reason.agreement, table=table)]
    )


def _data(accounting: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> Section:
    parts = ("rows_in", "used", "quarantined", "unlabelled", "outside_split")
    counts = Table(
        ["rows in", "used", "quarantined", "without label", "outside the split"],
        [[accounting[part] for part in parts]],
    )
    reasons = Table(["reason for quarantine", "rows"], list(accounting["reasons"].items()))
    heads = ["column", "taken for", "missing", "not read", "note"]
    taken = [
        (
            each["name"],
            f"{each['kind']} {each['format']}".strip(),
            each["missing"],
            each["unread"],
            each["note"] or "-",
        )
        for each in columns
    ]
    blocks = [Block(table=counts)]
    blocks += [Block(table=reasons)] if accounting["reasons"] else []
    blocks += [Block("What each column was taken for.", table=Table(heads, taken))] if taken else []
    return Section("Data", blocks)


def _search(case: Case, leaderboard: pd.DataFrame) -> Section:
    heads = {"rank": "rank", "trial": "trial", "kind": "kind", "state": "state"}
    heads |= {"roc_auc": "ROC AUC", "log_loss": "log loss", "rounds": "trees", "seconds": "CPU s"}
    drawn = quality.leaderboard(leaderboard, metric=case.search.metric)
    blocks = [Block("On the tuning rows.", drawn), Block(table=Table.of(leaderboard, heads))]
    return Section("What was tried", blocks)


def _made_of(bundle: Mapping[str, Any], provenance: Mapping[str, Any]) -> Section:
    state = " with uncommitted changes" if provenance["dirty"] else ""
    rows = [
        ("bundle", bundle["digest"]),
        ("signed by", bundle["signed_by"]),
        ("agrees with training", f"within {bundle['largest_difference']:.1e} on every test row"),
        ("commit", (provenance["commit"] or "none") + state),
        ("seed", provenance["seed"]),
        ("python", f"{provenance['python']}, {provenance['machine']}"),
        *provenance["libraries"].items(),
    ]
    return Section("What it is made of", [Block(table=Table(["", ""], rows))])
