"""The command line: `tagline VERB`."""

import sys
from typing import NoReturn

import typer
from rich.console import Console

from tagline.cli import (
    audit,
    check,
    compare,
    curve,
    features,
    gc,
    init,
    new,
    permute,
    policy,
    reproduce,
    runs,
    schedule,
    score,
    serve,
    show,
    standing,
    status,
    verify,
)
from tagline.cli.output import plain, print_json
from tagline.errors import TaglineError
from tagline.models.lean import begin_own_process

app = typer.Typer(
    help="A model in production from a table, promoted by tagging.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("new")(new.new)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("features")(features.features)
app.command("runs")(runs.runs)
app.command("show")(show.show)
app.command("compare")(compare.compare)
app.command("curve")(curve.curve)
app.command("permute")(permute.permute)
app.command("verify")(verify.verify)
app.command("export")(verify.export)
app.command("reproduce")(reproduce.reproduce)
app.command("status")(status.status)
app.command("candidates")(status.candidates)
app.command("promote")(standing.promote)
app.command("rollback")(standing.rollback)
app.command("challenge")(standing.challenge)
app.command("shadow")(standing.shadow)
app.command("retire")(standing.retire)
app.command("restore")(standing.restore)
app.command("approve")(standing.approve)
app.command("whoami")(status.whoami)
app.command("audit")(audit.audit)
app.command("reconcile")(audit.reconcile)

app.command("gc")(gc.gc)
app.command("migrate")(gc.migrate)
app.command("score")(score.score)
app.command("serve")(serve.serve)
app.command("forget")(serve.forget)
app.command("schedule")(schedule.schedule)
app.command("hook")(schedule.hook)
app.add_typer(serve.keys, name="keys")
app.add_typer(policy.policy, name="policy")


@app.callback()
def _verbs() -> None:
    """Keep the verbs apart, however few they are."""


def main() -> None:
    """Run the command line; a person's mistake is a sentence and an exit code.

    1: a fault; 2: a wrong word on the command line; 3: refused, by the rules or since there is
    nothing of that name; 4: someone else was first; 5: something is not as it should be.
    """
    begin_own_process()
    try:
        app(prog_name="tagline")
    except TaglineError as mistake:
        _end(mistake)
    except OSError as wrong:
        _end(TaglineError(f"{wrong.strerror or wrong}.", where=str(wrong.filename or "")))
    except Exception as wrong:
        # Metaflow is not imported here only to name what it raises.
        if "MetaflowException" not in {each.__name__ for each in type(wrong).__mro__}:
            raise
        _end(TaglineError(f"Metaflow can not do this: {' '.join(str(wrong).split())}"))


def _end(mistake: TaglineError) -> NoReturn:
    if "--json" in sys.argv:
        print_json({"error": mistake.to_dict()})
    told = plain(str(mistake)).replace("[", r"\[")
    Console(stderr=True).print(f"[bold red]tagline:[/] {told}", soft_wrap=True)
    sys.exit(mistake.exit_code)
