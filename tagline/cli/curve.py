"""`tagline curve`: what more rows would bring to a run's model."""

from typing import Annotated

import typer

from tagline.cli.options import RUN_HELP, runs
from tagline.cli.output import AsJson, print_json, print_table, say, say_aside
from tagline.log import show_log


def curve(
    run: Annotated[str, typer.Argument(help=RUN_HELP, autocompletion=runs)],
    *,
    draws: Annotated[int, typer.Option(min=1, help="Draws of rows for each size.")] = 3,
    json: AsJson = False,
) -> None:
    """Fit a run's best trial to parts of its rows, and say what twice as many would bring."""
    from dataclasses import asdict

    from tagline.runs.lookup import find
    from tagline.workflows.learning_curve import learning_curve

    show_log(say_aside)
    found = learning_curve(find(run), draws=draws)
    if json:
        print_json(asdict(found))
        return
    names = list(found.steps[0].figures)
    print_table(
        f"{found.run}: {found.kind}, on its test rows",
        ["rows learned from", *names],
        ([f"{s.rows:,}", *(f"{s.figures[name]:.4f}" for name in names)] for s in found.steps),
    )
    for line in found.said:
        say(line)
