"""The verbs that look at the ledger and make the tags agree with it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tagline.cli.options import CaseName, Config, Most, limit
from tagline.cli.output import AsJson, console, plain, print_json, print_table, say
from tagline.cli.status import AT_FAULT


def audit(
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Verify every entry.")] = False,
    most: Most = None,
    export: Annotated[
        Path | None,
        typer.Option(help="Write all into a file, for a verifier: .csv, else JSON lines."),
    ] = None,
    case: CaseName = None,
    json: AsJson = False,
) -> None:
    """Show who changed what and why, the newest first; with --verify, exit code 5 on a fault."""
    from tagline.workflows.auditing import export as write
    from tagline.workflows.auditing import newest, open_ledger

    last_seen = open_ledger(case)
    if export is not None:
        count = write(last_seen.ledger, export)
        say(f"{count} entries are in {export}")
    if verify:
        _verify(last_seen, json=json)
    if export is not None:
        return
    found = list(newest(last_seen.ledger, limit(most, json=json)))
    if json:
        print_json(found)
        return
    print_table(
        f"{last_seen.ledger.case}: the last {len(found)} entries",
        ["entry", "at", "who", "act", "run", "why"],
        (_row(each) for each in found),
    )


def reconcile(*, case: CaseName = None, config: Config = None, json: AsJson = False) -> None:
    """Make the tags agree with the ledger, and say what was repaired."""
    from tagline.workflows.standings import open_case
    from tagline.workflows.state import reconcile as repair

    repaired = repair(open_case(case, config=config))
    if json:
        print_json(repaired)
        return
    for line in repaired:
        say(f"repaired: {line}")
    if not repaired:
        console.print("The tags agree with the ledger.")


def _verify(last_seen: Any, *, json: bool) -> None:
    from tagline.lifecycle.audit import audit as faults_of

    faults = faults_of(last_seen.ledger, last_seen=last_seen)
    if json:
        print_json([{"entry": f.number, "kind": f.kind, "what": f.what} for f in faults])
    else:
        for fault in faults:
            place = f"entry {fault.number}" if fault.number else "beside the entries"
            message = plain(f"{place}: {fault.kind}: {fault.what}")
            console.print(message, style="bold red", markup=False, soft_wrap=True)
        told = "is void" if len(faults) == 1 else "are void"
        console.print(f"{len(faults)} {told}." if faults else "The ledger is sound.")
    raise typer.Exit(AT_FAULT if faults else 0)


def _row(said: dict[str, Any]) -> tuple[object, ...]:
    void = said["void"]
    why = said.get("refused") or said.get("why") or "-"
    return (
        said["number"],
        str(said.get("at", "-"))[:19].replace("T", " "),
        str(said.get("who", "-")),
        f"{said.get('act', '-')}{' (void)' * bool(void)}",
        str(said.get("run", "-")),
        f"{void['what']} {why}" if void else why,
    )
