"""`tagline new`: a case from a table."""

from pathlib import Path
from typing import Annotated

import typer

from tagline.cli.output import print_table, say


def new(
    name: Annotated[str, typer.Argument(help="The case's name: small letters, digits and _.")],
    *,
    table: Annotated[
        str,
        typer.Option(
            help="CSV or Parquet: a file, a folder, a pattern, s3://...; a query in a file that "
            "ends in .sql; or module:function."
        ),
    ],
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="binary, classes or number; found by the target's values where left out."
        ),
    ] = None,
    positive: Annotated[str | None, typer.Option(help="Its value that counts as 1.")] = None,
    negative: Annotated[str | None, typer.Option(help="Its value that counts as 0.")] = None,
    id: Annotated[str | None, typer.Option("--id", help="The column that names a row.")] = None,  # noqa: A002
    time: Annotated[str | None, typer.Option(help="The column of the decision's time.")] = None,
    weight: Annotated[
        str | None, typer.Option(help="The column of what a row weighs in training.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="Of a query: a file of DuckDB's, postgresql://..., or $NAME."),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            help="The config; config/NAME.toml where there is such a folder, else NAME.toml here."
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of a CSV, such as latin-1.")] = "utf-8",
    again: Annotated[bool, typer.Option("--again", help="Write over a config.")] = False,
) -> None:
    """Look at a table, say what was found, and write the config of a case."""
    from tagline.errors import TaglineError
    from tagline.storage.files import write_whole
    from tagline.workflows.new_case import NewCase, begin, how_to_train

    folder = Path("config") if Path("config").is_dir() else Path()
    file = to or folder / f"{name}.toml"
    if file.exists() and not again:
        raise TaglineError("It is there already.", where=str(file), todo="--again writes over it.")
    said = (target, positive, negative, id, time, encoding, task, weight, database)
    wished = NewCase(name, table, *said)
    begun = begin(wished, file=file)
    print_table(
        f"{table}: what was found",
        ["column", "taken for", "missing", "different", "note"],
        [
            (
                each.name,
                each.kind or "?",
                f"{each.missing:,}" if each.missing else "",
                f"{each.distinct:,}",
                "; ".join(each.notes),
            )
            for each in begun.survey.columns
        ],
    )
    for line in begun.told:
        say(line)
    for column, why in begun.excluded.items():
        say(f"left out: {column}: {why}")
    write_whole(file, begun.config)
    say(f"The config is {file}: look at it, then train.")
    say(f"  {how_to_train(file)}")
