"""`tagline reproduce`: train a run again and compare every metric."""

from typing import TYPE_CHECKING, Annotated

import typer

from tagline.cli.output import AsJson, console, print_json, print_table, say_aside, verdict
from tagline.log import show_log

if TYPE_CHECKING:
    from tagline.workflows.reproduction import Reproduction


def reproduce(
    run: Annotated[str, typer.Argument(help="TrainFlow/ID or ID.")],
    *,
    tolerance: Annotated[
        float, typer.Option(min=0, help="Largest difference that counts as the same.")
    ] = 1e-9,
    json: AsJson = False,
) -> None:
    """Train again from the run's own commit, config, data and seed; exit code 1 on a difference."""
    from tagline.workflows.reproduction import reproduce as reproduced

    show_log(say_aside)
    result = reproduced(run, tolerance=tolerance)
    if json:
        print_json(result.to_dict())
    else:
        print_table(
            f"{result.original} again, at {result.commit[:12]}",
            ["metric", "then", "now", ""],
            (
                (
                    each.name,
                    f"{each.then:.10f}",
                    f"{each.now:.10f}",
                    verdict(each.same, yes="same", no="differs"),
                )
                for each in result.figures
            ),
        )
        same = "the same model" if result.same_model else "another model"
        within = f", metrics within {tolerance:g}" if result.same else ""
        console.print(f"{same}{within}: digest {result.digest[:12]}, now {result.again[:12]}")
        _print_versions(result)
    raise typer.Exit(0 if result.same else 1)


def _print_versions(result: "Reproduction") -> None:
    if not result.versions:
        console.print("Python and all libraries are of the same versions.")
        return
    rows = ((each.name, each.then, each.now) for each in result.versions)
    print_table("Of another version", ["", "then", "now"], rows)
