"""`tagline score`: answer a file with the champion."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tagline.cli.options import CaseName, Config
from tagline.cli.output import AsJson, print_json, say

To = Annotated[
    Path | None, typer.Option("--to", help="CSV or Parquet; FILE.answers.csv if left out.")
]


def score(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet, with the fields of a request.")],
    *,
    to: To = None,
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Answer every row of a file with the champion, and write the answers into another."""
    from tagline.workflows.scoring import rejected_beside, score_file
    from tagline.workflows.standings import open_case

    target = to or file.with_name(f"{file.name.partition('.')[0]}.answers.csv")
    done = score_file(open_case(case, config=config), file, target)
    if json:
        print_json({**asdict(done), "answers": str(target)})
        return
    for title, counts in (
        ("rejected", done.reasons),
        ("a category that training never saw", done.unknown),
        ("an optional field that the file lacks", done.absent),
    ):
        for what, count in counts.items():
            say(f"{title}: {what} ({count:,} rows)")
    if done.rejected:
        say(f"{done.rejected:,} of {done.rows:,} rows are rejected: {rejected_beside(target)}")
    say(f"{done.scored:,} answers of {done.run}: {target}")
