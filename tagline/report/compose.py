"""What stands on a run's page, in the order in which a manager asks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.config import Case
from tagline.case.evaluation import DAY, ROW
from tagline.case.tasks import BINARY, CLASSES, NUMBER
from tagline.data.accounting import COUNTED, WENT
from tagline.evaluation.agreement import Agreement, Floats
from tagline.evaluation.evaluate import Evaluation
from tagline.evaluation.explained import Explained, ExplainedRow
from tagline.evaluation.shapley import Explanation
from tagline.metrics.metrics import METRICS
from tagline.models.trials import FIGURES, members, records
from tagline.report import quality, why
from tagline.report.page import Block, Section, Table, render
from tagline.report.words import between, verdict
from tagline.report.worn import worn
from tagline.tasks.tasks import task_of

STRONGEST, MOST_INPUTS = 8, 30
NOT_READ = "{} more rows of the table were not read (table.max_rows)."
WEIGHED = "Rows weigh by {} as models are fitted; every figure counts each row once."
TAKEN = (
    "What each column was taken for, and how much it tells alone on the training rows (0.5 is "
    "nothing, 1 is all: ROC AUC; of a number its rank correlation)."
)
STANDS_OUT = 0.75
ASKED = "stands out: is it known when a decision is made?"
TRUE = ("0: it did not", "1: it did")
SKILL = (
    "Skill: by what part log loss is below that of whoever knows each slice's own rate alone; 0 is "
    "none, 1 is all."
)


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
    looks: int = 1,
) -> str:
    """Write a run's page.

    `columns` says what each was taken for, see `Taken.to_dict`; `looks` how many runs the test rows
    have judged.
    """
    failed = [gate["name"] for gate in evaluation.gates if not gate["passed"]]
    return render(
        title=case.title,
        subtitle=f"Case {case.name}, run {provenance['run']}, {provenance['created']}",
        passed=not failed,
        verdict=_verdict(evaluation, failed),
        sections=[
            _gates(evaluation),
            _purpose(case),
            _quality(case, evaluation, looks),
            _calibration(case, evaluation),
            *_decision(case, evaluation),
            _slices(case, evaluation),
            *_why(case, explained),
            _data(case, accounting, columns),
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
    rows += [(remark, "odd", "") for remark in evaluation.remarks]
    return Section("Gates", [Block(table=Table(["gate", "", "figure"], rows))])


def _purpose(case: Case) -> Section:
    owners = ", ".join(case.owners) or "nobody is named"
    paragraphs = [case.purpose, f"Who answers for it: {owners}.", *case.limits]
    return Section("What it is for", [Block(text) for text in paragraphs if text])


def _quality(case: Case, evaluation: Evaluation, looks: int) -> Section:
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
    positive = (
        f", {evaluation.support['positives']:,} of them positive"
        if "positives" in evaluation.support
        else ""
    )
    message = (
        f"{evaluation.support['n']:,} test rows{positive}, {_looked(looks)}. Intervals by "
        f"resampling {evaluation.support['groups']:,} whole groups ({_group(case)}): rows of one "
        "group hang together."
    )
    if case.table.time is None:
        message += " The table names no time: its rows were split at random."
    for line in worn(evaluation, looks, level=case.evaluation.level):
        told = line.removeprefix("worn").strip()
        message += f" {told[0].upper()}{told[1:]}"
    return Section(
        "How good it is",
        [Block(message), Block(table=Table(["metric", "model", level, *others], rows))],
    )


def _looked(looks: int) -> str:
    return "looked at once" if looks < 2 else f"looked at by {looks} runs"


def _group(case: Case) -> str:
    named = case.evaluation.group
    return named if case.table.time or named != DAY else case.split.group or ROW


def _calibration(case: Case, evaluation: Evaluation) -> Section:
    curve = evaluation.calibration_curve
    if case.task == NUMBER:
        text = (
            "Test rows in ten bins of about as many rows: mean answer, and mean of what came true."
        )
        return Section(
            "Answers beside what came true", [Block(text, quality.reliability(curve, shares=False))]
        )
    text = "Test rows in ten bins of equal width."
    if case.task == CLASSES:
        text += " The probability of the likeliest class, and how often it was right."
    return Section("Does 30% mean 30%?", [Block(text, quality.reliability(curve))])


def _decision(case: Case, evaluation: Evaluation) -> Iterator[Section]:
    match case.task:
        case "binary":
            yield _threshold(case, evaluation)
        case "classes":
            yield _confusion(evaluation)
        case _:
            yield _intervals(evaluation)


def _confusion(evaluation: Evaluation) -> Section:
    found = evaluation.decided
    text = (
        f"A decision is the class of least expected cost; it costs {found['cost']:.4f} a test row. "
        "Rows: what came true. Columns: what was decided."
    )
    return Section(
        "Which class is taken for which",
        [Block(text, quality.confusion(found["confusion"], found["classes"]))],
    )


def _intervals(evaluation: Evaluation) -> Section:
    found = evaluation.decided
    between = found["note"] or f"{found['low']:.1%} to {found['high']:.1%}"
    return Section(
        "How sure it is",
        [
            Block(
                f"An interval is to hold what comes true in {found['coverage']:.0%} of rows: "
                f"of the test rows it does in {found['covered']:.1%} ({between}). Intervals are "
                f"{found['width']:.4g} wide on average; the pinball loss of their ends is "
                f"{found['pinball']:.4g}. They are learned from the errors on the "
                "tuning rows: where later rows are unlike them, they promise nothing."
            )
        ],
    )


def _threshold(case: Case, evaluation: Evaluation) -> Section:
    cost = case.evaluation.cost
    decided = evaluation.decided
    times = f", times {cost.column}" if cost.column else ""
    message = (
        f"A false alarm costs {cost.false_positive:g}, a missed one {cost.false_negative:g}"
        f"{times}. "
        f"Acting from {decided['value']:.3f} on costs {decided['cost']:.4f} a test row; acting "
        f"always costs {decided['cost_of_always']:.4f}, never {decided['cost_of_never']:.4f}. It "
        f"acts on {decided['flagged']:.1%} of the rows, is right in {decided['precision']:.1%} of "
        f"these (precision), and finds {decided['recall']:.1%} of what comes true (recall)."
    )
    if case.evaluation.capacity is not None:
        message += f" {case.evaluation.capacity:,} a day can be acted on, on average."
    drawn = quality.cost(evaluation.cost_curve, threshold=decided["value"])
    counts = [(name, *counted) for name, counted in zip(TRUE, decided["confusion"], strict=True)]
    heads = ["what came true", "left alone", "acted on"]
    return Section(
        "When to act",
        [
            Block(message),
            Block("On the tuning rows.", drawn),
            Block("Test rows by what came true and what was done.", table=Table(heads, counts)),
            Block("Acting on the highest answers instead, test rows.", table=_top(decided["top"])),
        ],
    )


def _top(rows: Sequence[Mapping[str, float]]) -> Table:
    heads = ["highest", "rows", "from", "precision", "gain (recall)", "lift"]
    return Table(
        heads,
        [
            (
                f"{each['share']:.0%}",
                int(each["rows"]),
                each["threshold"],
                f"{each['precision']:.1%}",
                f"{each['recall']:.1%}",
                f"{each['lift']:.2f}",
            )
            for each in rows
        ],
    )


def _slices(case: Case, evaluation: Evaluation) -> Section:
    primary = case.evaluation.primary
    own = evaluation.slices[evaluation.slices["metric"] == primary]
    if own.empty:
        return Section("Where it is better or worse", [Block("No slices are asked for.")])
    drawn = quality.slices(own, title=METRICS[primary].title)
    blocks = [Block(svg=drawn)]
    if case.task == BINARY:
        blocks.append(Block(SKILL, table=_rates(evaluation, own, METRICS[primary].title)))
    return Section("Where it is better or worse", blocks)


def _rates(evaluation: Evaluation, own: pd.DataFrame, title: str) -> Table:
    losses = evaluation.slices[evaluation.slices["metric"] == "log_loss"]
    loss_of = losses.set_index(["slice", "value"])["figure"].to_dict()
    whole, primary = evaluation.support, evaluation.metrics.get(str(own["metric"].iloc[0]))
    loss = evaluation.metrics.get("log_loss", {}).get("value")
    rate = whole["positives"] / whole["n"]
    first = None if primary is None else primary["value"]
    rows = [("all rows", "", whole["n"], f"{rate:.1%}", "", first, _skill(loss, rate))]
    for each in own.to_dict("records"):
        rate = each["positives"] / each["n"]
        of_slice = loss_of.get((each["slice"], each["value"]))
        stated = f"{each['predicted'] / each['n']:.1%}"
        named = (each["slice"], each["value"], int(each["n"]))
        rows.append((*named, f"{rate:.1%}", stated, each["figure"], _skill(of_slice, rate)))
    heads = ["slice", "value", "rows", "came true", "stated", title, "skill"]
    return Table(heads, rows)


def _skill(loss: float | None, rate: float) -> float | None:
    """Give by what part log loss is below that of whoever knows the rate alone."""
    if loss is None or not 0 < rate < 1:
        return None
    naive = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    return float(1 - loss / naive)


def _why(case: Case, explained: Explained) -> list[Section]:
    found, units = explained.explanation(), task_of(case.task).units
    of = (
        "the margin of the class that is decided for"
        if case.task == CLASSES
        else f"the answer, in {units},"
    )
    text = (
        f"SHAP values of {len(found.rows):,} test rows: how far each input moves {of} "
        "away from its mean. Their sum misses the model's own answer by "
        f"{found.additivity:.1e} at most."
    )
    whole = Section(
        "What drives the answers",
        [
            Block(text),
            Block("By source.", why.sources(explained.by_source, units=units)),
            Block("By input.", why.importance(found, units=units)),
            *_by_class(explained),
            Block("Every row.", why.beeswarm(found, units=units)),
        ],
    )
    shapes = Section(
        "Shape of the strongest inputs",
        [Block(svg=why.dependence(found, name, units=units)) for name in explained.shapes],
        aside=True,
    )
    return [whole, shapes, *(_row(row, found, units) for row in explained.rows)]


def _by_class(explained: Explained) -> Iterator[Block]:
    if explained.by_class is not None:
        table = explained.by_class.head(MOST_INPUTS)
        heads = {name: name for name in table.columns}
        yield Block("By class: mean absolute SHAP value.", table=Table.of(table, heads))


def _row(row: ExplainedRow, found: Explanation, units: str) -> Section:
    chosen, waterfall = row.chosen, Block(svg=why.waterfall(found, row.place, units=units))
    return Section(
        f"{chosen.why.capitalize()}: {row.name}, answered {chosen.said}, was {chosen.was}",
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


def _data(
    case: Case, accounting: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]
) -> Section:
    parts = ("rows_in", *WENT)
    counts = Table(
        ["rows in", *(COUNTED.get(part, part) for part in WENT)],
        [[accounting[part] for part in parts]],
    )
    reasons = Table(["reason for quarantine", "rows"], list(accounting["reasons"].items()))
    heads = ["column", "taken for", "missing", "not read", "alone", "note"]
    taken = [
        (
            each["name"],
            f"{each['kind']} {each['format']}".strip(),
            each["missing"],
            each["unread"],
            each.get("alone"),
            _noted(each),
        )
        for each in columns
    ]
    blocks = [Block(table=counts)]
    if accounting.get("not_read"):
        blocks.append(Block(NOT_READ.format(f"{accounting['not_read']:,}")))
    blocks += [Block(WEIGHED.format(case.table.weight))] if case.table.weight else []
    blocks += [Block(table=reasons)] if accounting["reasons"] else []
    blocks += [Block(TAKEN, table=Table(heads, taken))] if taken else []
    return Section("Data", blocks)


def _noted(column: Mapping[str, Any]) -> str:
    told, note = column.get("alone"), str(column["note"])
    stands_out = told is not None and told >= STANDS_OUT
    known = f"known: {column['known']}" if column.get("known") else ""
    return "; ".join(filter(None, [ASKED if stands_out else "", known, note])) or "-"


def _search(case: Case, leaderboard: pd.DataFrame) -> Section:
    heads = {"rank": "rank", "trial": "trial", "kind": "kind", "state": "state"}
    figures = [name for name in FIGURES if leaderboard[name].notna().any()]
    heads |= {name: METRICS[name].title for name in figures}
    heads |= {"rounds": "trees", "seconds": "CPU s", "predict_seconds": "of these, to answer them"}
    drawn = quality.leaderboard(leaderboard, metric=case.search.metric)
    blocks = [Block("On the tuning rows.", drawn), Block(table=Table.of(leaderboard, heads))]
    blocks += [
        Block(f"Trial {row['trial']} averages the margins of {', '.join(map(str, averaged))}.")
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
