"""Options that several verbs have."""

from pathlib import Path
from typing import Annotated

import typer


def runs(incomplete: str) -> list[str]:
    """Complete a run."""
    from tagline.runs.lookup import lines

    return [each.run for each in lines() if each.run.startswith(incomplete)]


def champions(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a run that once was champion."""
    from tagline.workflows.auditing import open_ledger

    once = open_ledger(context.params.get("case")).read().champions
    return [run for run in once if run.startswith(incomplete)]


def _cases() -> list[str]:
    from tagline.runs.records import Records

    return Records.here().cases()


RUN_HELP = "TrainFlow/ID or ID."
Run = Annotated[str, typer.Argument(help=RUN_HELP, autocompletion=runs)]
CaseName = Annotated[
    str | None,
    typer.Option("--case", help="The case; the only one where left out.", autocompletion=_cases),
]
Config = Annotated[
    Path | None, typer.Option("--config", help="A config to go by instead of the newest run's.")
]
SHOWN = 20
Most = Annotated[
    int | None,
    typer.Option("--most", min=1, help=f"How many at the most; {SHOWN} in a table, else all."),
]
Why = Annotated[str, typer.Option("--why", help="The reason, for the ledger.")]


def limit(most: int | None, *, json: bool) -> int | None:
    """Say how many are shown: a table is for people, JSON has all."""
    return most or (None if json else SHOWN)
