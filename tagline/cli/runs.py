"""`tagline runs`: what has been trained, the newest first."""

from itertools import islice
from typing import Annotated

import typer

from tagline.cli.output import AsJson, print_json, print_table

SHOWN = ("roc_auc", "log_loss")


def runs(
    *,
    tag: Annotated[str | None, typer.Option(help="Only runs with this tag.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many at the most.")] = 20,
    json: AsJson = False,
) -> None:
    """List training runs with their standing and metrics, the newest first."""
    from tagline.registry.runs import line, newest_first

    lines = [line(run) for run in islice(newest_first(tag), most)]
    if json:
        print_json([each.to_dict() for each in lines])
        return
    print_table(
        "Training runs",
        ["run", "case", "standing", "started", "test figures"],
        (
            (
                each.run,
                each.case or "-",
                each.standing or each.state,
                each.created[:16].replace("T", " "),
                ", ".join(
                    f"{name} {each.metrics[name]:.4f}" for name in SHOWN if name in each.metrics
                )
                or "-",
            )
            for each in lines
        ),
    )
