"""The command line: `tagline VERB`."""

import sys

import typer
from rich.console import Console

from tagline.cli import reproduce, runs, show, verify
from tagline.errors import TaglineError

app = typer.Typer(
    help="A model in production from a table, promoted by tagging.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("runs")(runs.runs)
app.command("show")(show.show)
app.command("verify")(verify.verify)
app.command("reproduce")(reproduce.reproduce)


@app.callback()
def _verbs() -> None:
    """Keep the verbs apart, however few they are."""


def main() -> None:
    """Run the command line; a person's mistake is a sentence and exit code 1."""
    try:
        app()
    except TaglineError as mistake:
        Console(stderr=True).print(f"[bold red]tagline:[/] {_plain(str(mistake))}", soft_wrap=True)
        sys.exit(1)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
