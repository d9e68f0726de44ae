"""The verbs that look at the ledger and make the tags agree with it."""

from itertools import islice
from typing import Annotated

import typer

from tagline.cli.options import CaseName, Config
from tagline.cli.output import AsJson, console, print_json, print_table
from tagline.cli.status import AT_FAULT

UNKNOWN = " (unknown key)"


def audit(
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Verify every entry.")] = False,
    most: Annotated[int, typer.Option(min=1, help="How many entries at the most.")] = 20,
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Show who changed what and why, the newest first; with --verify, exit code 5 on a fault."""
    from tagline.ledger.audit import audit as faults_of
    from tagline.operations.standings import open_case

    standings = open_case(case, config=config)
    if verify:
        faults = faults_of(standings.ledger, last_seen=standings.last_seen)
        if json:
            print_json([{"entry": f.number, "kind": f.kind, "what": f.what} for f in faults])
        else:
            for fault in faults:
                message = f"entry {fault.number}: {fault.kind}: {fault.what}"
                console.print(message, style="bold red", markup=False)
            console.print("The ledger is sound." if not faults else f"{len(faults)} faults.")
        raise typer.Exit(AT_FAULT if faults else 0)
    entries = list(islice(standings.ledger.entries(newest_first=True), most))
    if json:
        print_json([entry.model_dump(mode="json") for entry in entries])
        return
    print_table(
        f"{standings.case.name}: the last {len(entries)} entries",
        ["entry", "at", "who", "act", "run", "why"],
        (
            (
                entry.number,
                entry.at[:19].replace("T", " "),
                entry.who + ("" if entry.signed_by in standings.ledger.trusted else UNKNOWN),
                entry.act,
                entry.run,
                entry.refused or entry.why or "-",
            )
            for entry in entries
        ),
    )


def reconcile(*, case: CaseName = None, config: Config = None, json: AsJson = False) -> None:
    """Make the tags agree with the ledger, and say what was repaired."""
    from tagline.operations.standings import open_case
    from tagline.operations.state import reconcile as repair

    repaired = repair(open_case(case, config=config))
    if json:
        print_json(repaired)
        return
    for line in repaired:
        console.print(f"repaired: {line}", markup=False)
    if not repaired:
        console.print("The tags agree with the ledger.")
