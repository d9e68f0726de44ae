"""`tagline verify`, `tagline export`: whether a bundle is what was sealed; one as a folder."""

from pathlib import Path
from typing import Annotated

import typer

from tagline.cli.options import RUN_HELP, runs
from tagline.cli.output import AsJson, console, print_json


def verify(
    bundle: Annotated[Path, typer.Argument(help="The bundle's folder.")],
    *,
    answer: Annotated[bool, typer.Option(help="Let it answer its own example too.")] = False,
    json: AsJson = False,
) -> None:
    """Verify that a bundle is what its name or its record says; exit code 1 when it is not."""
    from tagline.bundle.verify import verify as verified

    report = verified(bundle)
    if answer:
        from tagline.bundle.load import Bundle
        from tagline.bundle.smoke import answer_example

        report |= answer_example(Bundle(bundle))
    if json:
        print_json(report)
        return
    console.print(f"[green]sound[/] {bundle}", soft_wrap=True)
    for name, value in report.items():
        console.print(f"  {name}: {value}", soft_wrap=True)


def export(
    run: Annotated[str, typer.Argument(help=RUN_HELP, autocompletion=runs)],
    folder: Annotated[Path, typer.Argument(help="Is made.")],
) -> None:
    """Write a run's bundle as a folder, with its card, its record and MLflow's file beside it."""
    from tagline.runs.lookup import find
    from tagline.workflows.exporting import export as exported

    console.print(str(exported(find(run), folder)), soft_wrap=True)
