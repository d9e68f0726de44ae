"""The last lines of a run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tagline import paths
from tagline.evaluation.evaluate import Evaluation
from tagline.metrics.metrics import METRICS
from tagline.report.words import between, verdict
from tagline.report.worn import worn
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace, page_at_hand


def ending(
    run: str,
    evaluation: Evaluation,
    *,
    case: str,
    bundle: Mapping[str, Any],
    more_rows: Sequence[str] = (),
    looks: int = 1,
    level: float = 0.95,
) -> Iterator[str]:
    """Say how a run went: metrics beside the baselines, gates, and where to look.

    ``more_rows`` says what more rows would bring to a run that is rejected, where that is known;
    ``looks`` how many runs the test rows have judged; ``level`` is that of the intervals.

    Yields
    ------
    str
        A line.
    """
    others = evaluation.baseline_metrics
    heads = ["test metric", "model", "interval", *others]
    table = [heads, *(_line(name, evaluation) for name in evaluation.metrics)]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    for gate in evaluation.gates:
        mark = "passed" if gate["passed"] else "FAILED"
        yield f"{mark}  {gate['name']}: {gate['detail']}"
    yield from worn(evaluation, looks, level=level)
    for remark in evaluation.remarks:
        yield f"LOOK    {remark}"
    for idle in evaluation.behaviour:
        if not idle["counts"]:
            yield f"idle    {idle['name']}: {idle['detail']}"
    yield f"{verdict(evaluation)}: {run} is {evaluation.standing}"
    if evaluation.standing == "rejected":
        yield from (f"rows    {line}" for line in more_rows)
        shown = "its learning curve" if more_rows else "what more rows would bring"
        yield f"{shown}: tagline curve {run}"
    yield f"bundle {paths.bundles() / bundle['digest']}"
    yield f"report {page_at_hand(own_store(), Workspace(case).report(run))}"


def _line(name: str, evaluation: Evaluation) -> list[str]:
    figure, others = evaluation.metrics[name], evaluation.baseline_metrics
    return [
        METRICS[name].title,
        f"{figure['value']:.4f}",
        between(figure),
        *(f"{others[other][name]:.4f}" for other in others),
    ]
