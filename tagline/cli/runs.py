"""`tagline runs`: what has been trained, the newest first."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from tagline.cli.output import AsJson, aside, print_json, print_table

if TYPE_CHECKING:
    from tagline.runs.lookup import RunLine

SHOWN = ("roc_auc", "log_loss")
GOING_ON = "it goes on, or was stopped from outside"


def runs(
    *,
    tag: Annotated[str | None, typer.Option(help="Only runs with this tag.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many at the most.")] = 20,
    json: AsJson = False,
) -> None:
    """List training runs with their standing and metrics, the newest first."""
    from tagline.runs.lookup import lines as listed
    from tagline.runs.lookup import looked_at
    from tagline.runs.records import HOW_TO_TRAIN
    from tagline.runs.stores import expect_own_store
    from tagline.storage.location import own_store

    expect_own_store(own_store())
    lines = list(islice(listed(tag), most))
    if json:
        print_json([each.to_dict() for each in lines])
        return
    if not lines:
        which = f" with the tag {tag!r}" if tag else ""
        told = f"No training runs{which} in {looked_at()}. {'' if tag else HOW_TO_TRAIN}"
        aside.print(told, markup=False, soft_wrap=True)
        return
    print_table(
        "Training runs",
        ["run", "case", "standing", "started", "test figures, or why there are none"],
        (
            (
                each.run,
                each.case or "-",
                each.standing or each.state,
                each.created[:16].replace("T", " "),
                _figures(each),
            )
            for each in lines
        ),
    )


def _figures(line: "RunLine") -> str:
    known = [name for name, value in line.metrics.items() if value is not None]
    # Of two answers those that most people know; of other questions what the case asks for first.
    shown = [name for name in SHOWN if name in known] if SHOWN[0] in known else known[:2]
    figures = [f"{name} {line.metrics[name]:.4f}" for name in shown]
    return ", ".join(figures) or line.why or GOING_ON
