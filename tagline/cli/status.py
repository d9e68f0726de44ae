"""The verbs that say what stands."""

from typing import Any

import typer

from tagline.cli.options import CaseName, Config, Most, limit
from tagline.cli.output import AsJson, console, plain, print_json, print_table, say

AT_FAULT = 5


def status(*, case: CaseName = None, config: Config = None, json: AsJson = False) -> None:
    """Show who answers; exit code 5 where something is not as it should be."""
    from tagline.workflows.standings import open_case
    from tagline.workflows.state import status as state

    found = state(open_case(case, config=config))
    if json:
        print_json(found)
    else:
        _print(found)
    raise typer.Exit(AT_FAULT if found["faults"] else 0)


def candidates(
    *,
    most: Most = None,
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """List the runs that may be promoted, the newest first, with their approvals."""
    from tagline.workflows.standings import open_case
    from tagline.workflows.state import candidates as waiting

    found, there_are = waiting(open_case(case, config=config), most=limit(most, json=json))
    if json:
        print_json(found)
        return
    less = f": the newest {len(found)} of {there_are:,}" if len(found) < there_are else ""
    print_table(
        f"Candidates{less}",
        ["run", "by", "on the test rows", "approved by"],
        (
            (
                each["run"],
                each["author"],
                f"{each['metric']} {each['figure']:.4f}",
                ", ".join(each["approved_by"]) or "-",
            )
            for each in found
        ),
    )


def whoami(*, case: CaseName = None, config: Config = None, json: AsJson = False) -> None:
    """Show who one is to a case: name, public key, roles."""
    from tagline.lifecycle.policy import may
    from tagline.workflows.standings import open_case

    standings = open_case(case, config=config)
    who, policy = standings.who(), standings.policy()
    roles = [
        role for role in ("approve", "promote") if may(policy, role, name=who.name, key=who.public)
    ]
    found = {"case": standings.case.name, "name": who.name, "key": who.public, "roles": roles}
    if json:
        print_json(found)
        return
    for name, value in found.items():
        message = ", ".join(value) if isinstance(value, list) else value
        console.print(f"{name:6} {message or 'none'}", soft_wrap=True, markup=False)


def _print(found: dict[str, Any]) -> None:
    live = found["live"]
    print_table(
        f"{found['case']}: what stands",
        ["standing", "run", "share", "since", "by", "why", "bundle"],
        (
            (
                each["standing"],
                each["run"],
                f"{each['share']}%",
                each["at"][:16].replace("T", " "),
                each["who"],
                each["why"] or "-",
                each["bundle"][:12],
            )
            for each in live
        ),
    )
    if not live:
        console.print("No run has been promoted yet.")
    for each in found["policy"]:
        say(f"the config proposes another policy: {each}")
    for note in found["notes"]:
        say(f"note: {note}")
    for fault in found["faults"]:
        console.print(plain(f"not as it should be: {fault}"), style="bold red", markup=False)
    console.print(f"{found['entries']} entries in {found['ledger']}", style="dim", markup=False)
