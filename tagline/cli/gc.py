"""`tagline gc`, `tagline migrate`: delete what nobody needs; move what earlier versions left."""

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from tagline.cli.output import AsJson, print_json, print_table, say


def gc(
    *,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete it; else it is only told.")
    ] = False,
    hours: Annotated[
        float, typer.Option(min=0, help="What was written in so many last hours is left alone.")
    ] = 24.0,
    json: AsJson = False,
) -> None:
    """Say what no run and no entry of a ledger needs, and how big it is; delete it if asked."""
    from tagline.workflows.garbage import collect, unneeded

    found = unneeded(hours=hours)
    by_kind: dict[str, list[int]] = defaultdict(list)
    for each in found:
        by_kind[each.kind].append(each.size)
    total = sum(each.size for each in found)
    if not json and not found:
        say("Nothing: a run or a ledger needs all that is here, or it is younger than that.")
    elif not json:
        rows = [(kind, str(len(sizes)), decimal(sum(sizes))) for kind, sizes in by_kind.items()]
        print_table("What nobody needs", ["kind", "how many", "size"], rows)
        say(f"{len(found)} things, {decimal(total)}")
    freed = collect(found, hours=hours) if delete else 0
    if json:
        listed = [{"kind": e.kind, "name": e.name, "bytes": e.size} for e in found]
        print_json({"unneeded": listed, "bytes": total, "freed": freed})
    elif delete:
        say(f"deleted, {decimal(freed)} are free again")
    elif found:
        say("Nothing was deleted; --delete does it.")


def migrate(
    *,
    old: Annotated[
        Path | None, typer.Option("--from", help="The old .tagline, where it is elsewhere.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what there is.")] = False,
    json: AsJson = False,
) -> None:
    """Move what an earlier version left in .tagline into the store; runs get records."""
    from dataclasses import asdict

    from tagline.log import show_log
    from tagline.workflows.migration import migrate as moved

    if not json:
        show_log(say)
    found = moved(old, dry=dry_run)
    if json:
        print_json([asdict(each) for each in found])
        return
    print_table(
        "Would be moved" if dry_run else "Moved",
        ["what", "how many"],
        [(each.what, str(each.count)) for each in found],
    )
    if not dry_run:
        say("The records of these runs are signed with this machine's key.")
