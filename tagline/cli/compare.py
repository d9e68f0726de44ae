"""`tagline compare`: whether it helped."""

from pathlib import Path
from typing import Annotated

import typer

from tagline.cli.options import RUN_HELP, runs
from tagline.cli.output import AsJson, print_json, print_table, say, say_aside
from tagline.log import show_log

Other = Annotated[
    str | None,
    typer.Argument(help="The run to compare with; the champion if left out.", autocompletion=runs),
]


def compare(
    a: Annotated[str, typer.Argument(help=RUN_HELP, autocompletion=runs)],
    b: Other = None,
    *,
    seeds: Annotated[
        int, typer.Option(min=0, help="Train both again so many times, with other seeds.")
    ] = 0,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    page: Annotated[Path | None, typer.Option(help="Write one page, HTML.")] = None,
    json: AsJson = False,
) -> None:
    """Compare two runs on the rows that both judged: figures, slices, inputs, config, cost."""
    from tagline.runs.lookup import find
    from tagline.storage.files import write_whole
    from tagline.workflows.comparing import compare as compared
    from tagline.workflows.comparing import other_of

    show_log(say_aside)
    own = find(a)
    found = compared(own, other_of(own, b), seeds=seeds)
    if page is not None:
        write_whole(page, found.to_html())
        say_aside(f"The page is {page}")
    if json:
        print_json(found.to_dict())
    elif markdown:
        say(found.to_markdown())
    else:
        say(f"a: {found.a}, b: {found.b}")
        for line in found.said:
            say(line)
        for title, frame in found.tables.items():
            shown = frame.astype(object).where(frame.notna(), None)
            print_table(title, list(map(str, frame)), shown.itertuples(index=False))
