"""The command line: `tagline VERB`."""

import sys

import typer
from rich.console import Console

from tagline.cli import audit, reproduce, runs, schedule, serve, show, standing, status, verify
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
app.command("status")(status.status)
app.command("candidates")(status.candidates)
app.command("promote")(standing.promote)
app.command("rollback")(standing.rollback)
app.command("challenge")(standing.challenge)
app.command("retire")(standing.retire)
app.command("approve")(standing.approve)
app.command("whoami")(status.whoami)
app.command("audit")(audit.audit)
app.command("reconcile")(audit.reconcile)

app.command("serve")(serve.serve)
app.command("forget")(serve.forget)
app.command("schedule")(schedule.schedule)
app.command("hook")(schedule.hook)
app.add_typer(serve.keys, name="keys")


@app.callback()
def _verbs() -> None:
    """Keep the verbs apart, however few they are."""


def main() -> None:
    """Run the command line; a person's mistake is a sentence and an exit code.

    1: a fault; 2: a wrong word on the command line; 3: refused by the rules; 4: someone else
    was first; 5: something is not as it should be.
    """
    try:
        app(prog_name="tagline")
    except TaglineError as mistake:
        Console(stderr=True).print(f"[bold red]tagline:[/] {_plain(str(mistake))}", soft_wrap=True)
        sys.exit(mistake.exit_code)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
