"""`tagline check`: a case looked at in seconds, without a run."""

from pathlib import Path
from typing import Annotated

import typer

from tagline.cli.output import AsJson, print_json, print_table, say

ConfigFile = Annotated[Path, typer.Argument(help="The config of a case.", exists=True)]


def check(config: ConfigFile, *, json: AsJson = False) -> None:
    """Do all that a training does before its search, and say what is there and what is wrong."""
    from tagline.workflows.checking import expect_sound, look_at
    from tagline.workflows.new_case import how_to_train

    checked, found = look_at(config)
    if json:
        holds = expect_sound(found)
        print_json(checked.to_dict() | {"holds": holds})
        return
    print_table(
        f"{checked.case}: what each column was taken for",
        ["column", "taken for", "missing", "note"],
        [
            (c.column, c.kind, f"{c.missing:,}" if c.missing else "", c.note)
            for c in checked.columns
        ],
    )
    if checked.streams:
        print_table(
            "Streams of events",
            ["stream", "events", "first known", "last known", "by"],
            [(s.stream, f"{s.events:,}", s.first, s.last, s.keys) for s in checked.streams],
        )
        print_table(
            "History",
            ["input", "rows that find something", "full from"],
            [(h.name, f"{h.found:.0%}", h.full_from) for h in checked.history],
        )
    for line in checked.lines:
        say(line)
    for line in expect_sound(found):
        say(line)
    say("Nothing stops a training:")
    say(f"  {how_to_train(config)}")
