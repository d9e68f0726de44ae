"""`tagline runs`: what has been trained, the newest first."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from tagline.cli.output import GAP, AsJson, aside, console, print_json, print_table, say

if TYPE_CHECKING:
    from tagline.runs.lookup import RunLine

SHOWN = ("roc_auc", "log_loss")
HEADS, FIGURES = ("run", "case", "standing", "started"), "figures"
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
    rows = [
        (
            each.run.rpartition("/")[2],
            each.case or "-",
            each.standing or each.state,
            each.created[5:16].replace("T", " "),
        )
        for each in lines
    ]
    # A line for each run: what does not fit is in `tagline show`.
    taken = sum(max(map(len, column)) + GAP for column in zip(*rows, HEADS, strict=True))
    room = max(console.width - taken, len(FIGURES))
    shown = ((*row, _figures(each, room)) for row, each in zip(rows, lines, strict=True))
    print_table("Training runs", [*HEADS, FIGURES], shown)
    for told_of in _worn(lines):
        say(told_of)


def _figures(line: "RunLine", room: int) -> str:
    known = [name for name, value in line.metrics.items() if value is not None]
    # Of two answers those that most people know; of other questions what the case asks for first.
    shown = [name for name in SHOWN if name in known] if SHOWN[0] in known else known[:2]
    figures = [f"{name} {line.metrics[name]:.4f}" for name in shown]
    mark = " (tuning)" if line.state == "explored" else ""
    fitting = (" ".join(figures[:count]) + mark for count in range(len(figures), 0, -1))
    if figures:
        return next((each for each in fitting if len(each) <= room), figures[0])
    why = " ".join((line.why or GOING_ON).split())
    return why if len(why) <= room else f"{why[: room - 1]}…"


def _worn(lines: "list[RunLine]") -> Iterator[str]:
    judged = Counter((each.case, each.tested) for each in lines if each.tested)
    for (case, tested), count in judged.items():
        if count > 1:
            yield f"{case}: the test rows ({tested}) have judged {count} of these runs"
