"""`tagline verify`: whether a bundle is what it was when it was sealed."""

from pathlib import Path
from typing import Annotated

import typer

from tagline.cli.output import AsJson, console, print_json


def verify(
    bundle: Annotated[Path, typer.Argument(help="The bundle's folder.")],
    *,
    answer: Annotated[bool, typer.Option(help="Let it answer its own example too.")] = False,
    json: AsJson = False,
) -> None:
    """Verify a bundle's digest and signature; exit code 1 when it is not sound."""
    from tagline.bundle.verify import verify as verified

    report = verified(bundle)
    if answer:
        from tagline.bundle.load import Bundle
        from tagline.bundle.smoke import answer_example

        report["probability"] = answer_example(Bundle(bundle))
    if json:
        print_json(report)
        return
    console.print(f"[green]sound[/] {bundle}", soft_wrap=True)
    for name, value in report.items():
        console.print(f"  {name}: {value}", soft_wrap=True)
