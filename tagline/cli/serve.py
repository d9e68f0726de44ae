"""`tagline serve`, `tagline keys`, `tagline forget`: the server, who may ask it, what it kept."""

from pathlib import Path
from typing import Annotated

import typer

from tagline.cli.options import CaseName, Config
from tagline.cli.output import AsJson, aside, console, print_json, print_table

keys = typer.Typer(help="API keys: who may ask a server.", no_args_is_help=True)
KeyFile = Annotated[
    Path | None,
    typer.Option("--file", help="The file of keys; keys.json of this machine by default."),
]


def serve(
    *,
    case: CaseName = None,
    config: Config = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 is any that is free.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="How many processes answer.")] = 1,
    key_file: Annotated[
        Path | None, typer.Option("--keys", help="API keys; without any, this machine only.")
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="For TLS.")] = None,
    private_key: Annotated[Path | None, typer.Option(help="For TLS.")] = None,
    access_log: Annotated[bool, typer.Option(help="Log every request.")] = False,
) -> None:
    """Serve a case's champion over HTTP; a promotion or rollback reaches it by itself."""
    from tagline.errors import TaglineError
    from tagline.prediction_log.pseudonyms import pseudonyms_of
    from tagline.workflows.standings import open_case

    for file in (key_file, certificate, private_key):
        if file is not None and not file.is_file():
            raise TaglineError("There is no such file.", where=str(file))
    if (certificate is None) != (private_key is None):
        raise TaglineError("TLS takes --certificate and --private-key, both of them.")
    standings = open_case(case, config=config)
    # Before it says that it listens: a server with another key would give a person another name.
    pseudonyms_of(standings.case.name, standings.case.serving.personal)

    from tagline.serving.server import Address
    from tagline.serving.server import serve as run

    run(
        standings.case,
        address=Address(host, port, certificate, private_key),
        keys=key_file,
        workers=workers,
        access_log=access_log,
        idle_seconds=standings.case.serving.idle_seconds,
    )


@keys.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    *,
    scope: Annotated[
        list[str] | None, typer.Option(help="predict, explain, outcomes, metrics or admin.")
    ] = None,
    per_second: Annotated[
        float | None, typer.Option(min=0.001, help="Most requests a second; no limit by default.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="When it ends, as 2027-01-31.")] = None,
    file: KeyFile = None,
) -> None:
    """Make a key and print it, for the only time: its digest alone is kept."""
    from tagline.serving.access import add_key

    scopes = tuple(scope or ["predict", "explain", "outcomes"])
    print(add_key(_file(file), name, scopes, per_second=per_second, until=until))  # noqa: T201
    # The key alone is the command's output, for who puts it into a variable.
    aside.print(f"kept in {_file(file)}; running servers know it within a second", style="dim")


@keys.command("list")
def list_(*, file: KeyFile = None, json: AsJson = False) -> None:
    """List the keys."""
    from tagline.serving.access import described, read_keys

    found = [described(key) for key in read_keys(_file(file))]
    if json:
        print_json(found)
        return
    rows = [
        (each["name"], ", ".join(each["scopes"]), each["per_second"], each["until"])
        for each in found
    ]
    print_table("keys", ["name", "scopes", "a second", "until"], rows)


@keys.command("end")
def end(
    name: Annotated[str, typer.Argument(help="Whose keys.")],
    *,
    but_newest: Annotated[
        bool, typer.Option("--but-newest", help="Leave the one that was made last.")
    ] = False,
    file: KeyFile = None,
) -> None:
    """Take someone's keys away: `add` a new one, then `end --but-newest` exchanges it."""
    from tagline.errors import TaglineError
    from tagline.serving.access import end_keys

    ended = end_keys(_file(file), name, but_newest=but_newest)
    if not ended:
        raise TaglineError(f"{name} has no key to end.", where=str(_file(file)))
    console.print(f"{ended} of {name} ended; running servers know within a second")


def forget(
    *,
    subject: Annotated[str | None, typer.Option(help="Whose rows.")] = None,
    old: Annotated[
        bool, typer.Option("--old", help="What is older than serving.retention_days instead.")
    ] = False,
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Erase a person's rows from predictions and outcomes; an audit entry without a name stays."""
    from dataclasses import asdict

    from tagline.errors import TaglineError
    from tagline.prediction_log.erasing import forget as erase
    from tagline.prediction_log.log import PredictionLog
    from tagline.prediction_log.maintenance import LogMaintenance
    from tagline.prediction_log.pseudonyms import pseudonyms_of
    from tagline.workflows.servers import still_writing
    from tagline.workflows.standings import open_case

    if (subject is None) != old:
        raise TaglineError("Say whose rows, with --subject, or --old.")
    standings = open_case(case, config=config)
    section, table, who = standings.case.serving, standings.case.table, standings.who()
    column = section.subject or table.id_column
    hidden = pseudonyms_of(standings.case.name, section.personal)
    prediction_log = PredictionLog.of(standings.case.name)
    maintenance = LogMaintenance(prediction_log, retention_days=section.retention_days)
    if subject is None:
        console.print(f"{maintenance.delete_old(at_most=None)} tables were deleted")
        return
    # A subject may be logged as it was put right, or as it was before the config said so.
    written = dict.fromkeys((subject, *standings.put_right(column, subject)))
    kept = dict.fromkeys(str(hidden.kept(column, each)) for each in written)
    erased = [
        erase(
            maintenance,
            column="row_id" if column == table.id_column else column,
            subject=each,
            who=who.name,
            key=who.key,
            waiting=still_writing(prediction_log),
        )
        for each in kept
    ]
    found = {
        name: sum(asdict(each)[name] for each in erased)
        for name in ("predictions", "outcomes", "segments")
    }
    if json:
        print_json({**asdict(erased[-1]), **found})
        return
    console.print(
        f"{found['predictions']} predictions and {found['outcomes']} outcomes were erased, "
        f"from {found['segments']} files"
    )


def _file(given: Path | None) -> Path:
    from tagline import paths

    return given or paths.api_keys()
