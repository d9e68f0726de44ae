"""`tagline show`: one run, with what a person needs to judge it."""

from typing import Annotated, Any

import typer
from rich.text import Text

from tagline.cli.options import CaseName
from tagline.cli.output import AsJson, console, interval, print_json, print_table, verdict

Run = Annotated[str | None, typer.Argument(help="TrainFlow/ID or ID; the newest when left out.")]


BEFORE = ("rank", "trial", "kind", "state")
AFTER = ("rounds", "seconds", "predict_seconds")


def show(run: Run = None, *, case: CaseName = None, json: AsJson = False) -> None:
    """Show one run: metrics with intervals, gates, leaderboard, bundle, report."""
    from tagline.runs.lookup import find
    from tagline.runs.summary import summary

    found = summary(find(run, case=case))
    if json:
        print_json(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    from tagline.models.trials import FIGURES

    console.print(f"[bold]{found['run']}[/]  {found['case']}  standing: {found['standing'] or '-'}")
    console.print()
    others = found["baselines"]
    print_table(
        "Test metrics, 95% intervals by resampling whole groups",
        ["metric", "this run", *others],
        (
            (name, interval(figure), *(f"{others[other][name]:.4f}" for other in others))
            for name, figure in found["metrics"].items()
        ),
    )
    print_table(
        "Gates",
        ["gate", "", "figure"],
        ((gate["name"], verdict(gate["passed"]), gate["detail"]) for gate in found["gates"]),
    )
    rows = found["leaderboard"]
    figures = [name for name in FIGURES if any(row.get(name) is not None for row in rows)]
    shown = (*BEFORE, *figures, *AFTER)
    print_table("Leaderboard", shown, ([row.get(name) for name in shown] for row in rows))
    for row in found["leaderboard"]:
        if row["error"]:
            console.print(Text(f"trial {row['trial']} ({row['kind']}) failed: {row['error']}"))
    for name, path in found["paths"].items():
        console.print(f"{name:8} {path}", soft_wrap=True)
    console.print(f"{'digest':8} {found['bundle']['digest']}", soft_wrap=True)
