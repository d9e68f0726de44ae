"""What stands on a run's page, in the order in which a manager asks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.config import Case
from tagline.case.evaluation import DAY, ROW
from tagline.data.accounting import COUNTED, WENT
from tagline.evaluation.agreement import Agreement, Floats
from tagline.evaluation.evaluate import Evaluation
from tagline.evaluation.explained import Explained, ExplainedRow
from tagline.evaluation.shapley import Explanation
from tagline.metrics.binary import METRICS
from tagline.models.trials import members, records
from tagline.report import quality, why
from tagline.report.page import Block, Section, Table, render
from tagline.report.words import between, verdict

STRONGEST = 8


def compose(
    case: Case,
    *,
    evaluation: Evaluation,
    leaderboard: pd.DataFrame,
    explained: Explained,
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
            *_why(explained),
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
    message = (
        f"{evaluation.support['n']:,} test rows, {evaluation.support['positives']:,} of them "
        f"positive, looked at once. Intervals by resampling {evaluation.support['groups']:,} "
        f"whole groups ({_group(case)}): rows of one group hang together."
    )
    if case.table.time is None:
        message += " The table names no time: its rows were split at random."
    return Section(
        "How good it is",
        [Block(message), Block(table=Table(["metric", "model", level, *others], rows))],
    )


def _group(case: Case) -> str:
    named = case.evaluation.group
    return named if case.table.time or named != DAY else case.split.group or ROW


def _calibration(evaluation: Evaluation) -> Section:
    drawn = quality.reliability(evaluation.calibration_curve)
    return Section("Does 30% mean 30%?", [Block("Test rows in ten bins of equal width.", drawn)])


def _threshold(case: Case, evaluation: Evaluation) -> Section:
    cost = case.evaluation.cost
    message = (
        f"A false alarm costs {cost.false_positive:g}, a missed one {cost.false_negative:g}. "
        f"Acting from {evaluation.threshold['value']:.3f} on costs "
        f"{evaluation.threshold['cost']:.4f} a test row."
    )
    drawn = quality.cost(evaluation.cost_curve, threshold=evaluation.threshold["value"])
    return Section("When to act", [Block(message), Block("On the tuning rows.", drawn)])


def _slices(case: Case, evaluation: Evaluation) -> Section:
    primary = case.evaluation.primary
    own = evaluation.slices[evaluation.slices["metric"] == primary]
    if own.empty:
        return Section("Where it is better or worse", [Block("No slices are asked for.")])
    drawn = quality.slices(own, title=METRICS[primary].title)
    return Section("Where it is better or worse", [Block(svg=drawn)])


def _why(explained: Explained) -> list[Section]:
    found = explained.explanation()
    text = (
        f"SHAP values of {len(found.rows):,} test rows: how far each input moves the log-odds "
        "away from their mean. Their sum misses the model's own answer by "
        f"{found.additivity:.1e} at most."
    )
    whole = Section(
        "What drives the answers",
        [
            Block(text),
            Block("By source.", why.sources(explained.by_source)),
            Block("By input.", why.importance(found)),
            Block("Every row.", why.beeswarm(found)),
        ],
    )
    shapes = Section(
        "Shape of the strongest inputs",
        [Block(svg=why.dependence(found, name)) for name in explained.shapes],
        aside=True,
    )
    return [whole, shapes, *(_row(row, found) for row in explained.rows)]


def _row(row: ExplainedRow, found: Explanation) -> Section:
    chosen, waterfall = row.chosen, Block(svg=why.waterfall(found, row.place))
    return Section(
        f"{chosen.why.capitalize()}: {row.name}, answered {chosen.p:.3f}, was {chosen.y:g}",
        [waterfall, *([_beside_lime(row, found, row.agreement)] if row.agreement else [])],
    )


def _beside_lime(row: ExplainedRow, found: Explanation, agreement: Agreement) -> Block:
    heads = {"input": "input", "shap": "SHAP, log-odds", "lime": "LIME, probability"}
    table = Table.of(_weights(found.shap[row.place], found.names, agreement), heads)
    return Block(_said(agreement, missing=row.missing), table=table)


def _weights(shap: Floats, names: Sequence[str], agreement: Agreement) -> pd.DataFrame:
    order = np.argsort(-np.abs(shap), kind="stable")[:STRONGEST]
    return pd.DataFrame(
        {
            "input": [names[i] for i in order],
            "shap": shap[order],
            "lime": agreement.weights[order],
        }
    )


def _said(agreement: Agreement, *, missing: int) -> str:
    return (
        f"LIME names {agreement.top} of SHAP's five strongest inputs, gives "
        f"{agreement.signs:.0%} of those five the same direction, and ranks all inputs alike "
        f"with {agreement.rank:.2f} (Spearman). Its own local model explains "
        f"{agreement.fit:.0%}; {missing} missing inputs got their median for it."
    )


def _data(accounting: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> Section:
    parts = ("rows_in", *WENT)
    counts = Table(
        ["rows in", *(COUNTED.get(part, part) for part in WENT)],
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
    blocks += [
        Block(f"Trial {row['trial']} averages the log-odds of {', '.join(map(str, averaged))}.")
        for row in records(leaderboard)
        if (averaged := members(row))
    ]
    return Section("What was tried", blocks)


def _made_of(bundle: Mapping[str, Any], provenance: Mapping[str, Any]) -> Section:
    state = " with uncommitted changes" if provenance["dirty"] else ""
    rows = [
        ("bundle", bundle["digest"]),
        ("agrees with training", f"within {bundle['largest_difference']:.1e} on every test row"),
        ("commit", (provenance["commit"] or "none") + state),
        ("seed", provenance["seed"]),
        ("python", f"{provenance['python']}, {provenance['machine']}"),
        *provenance["libraries"].items(),
    ]
    return Section("What it is made of", [Block(table=Table(["", ""], rows))])
