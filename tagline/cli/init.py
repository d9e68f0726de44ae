"""`tagline init`: a project of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from tagline.cli.output import say


def init(
    name: Annotated[str, typer.Argument(help="The project's name: small letters, digits and _.")],
    *,
    to: Annotated[Path | None, typer.Option(help="The folder; NAME here if left out.")] = None,
    table: Annotated[str | None, typer.Option(help="Its table, as of `tagline new`.")] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    id: Annotated[str | None, typer.Option("--id", help="The column that names a row.")] = None,  # noqa: A002
    time: Annotated[str | None, typer.Option(help="The column of the decision's time.")] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Bring what changed since, and keep what you changed.")
    ] = False,
) -> None:
    """Make a project: config, features, a test, a notebook, a check for CI, README, AGENTS.md."""
    from tagline.workflows.new_case import NewCase
    from tagline.workflows.new_project import begin_project, update_project

    folder = to or Path(name)
    wished = None if table is None else NewCase(name, table, target=target, id=id, time=time)
    done = update_project(name, folder) if update else begin_project(name, folder, wished)
    for line in done.told:
        say(line)
    for file in done.new:
        say(f"wrote {folder / file}")
    for file in done.kept:
        say(f"kept {folder / file}, which you have changed")
    for file in done.beside:
        say(f"wrote {folder / file} beside it: look what is new")
    if update and not (done.new or done.kept):
        say("Nothing has changed.")
    if not update and wished is None:
        config = folder / f"{name}.toml"
        say("Bring a table, and let this look at it:")
        say(f"  tagline new {name} --table FILE --target COLUMN --to {config} --again")
    elif not update:
        say(f"  cd {folder} && tagline check {name}.toml")
