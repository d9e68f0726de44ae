"""`tagline policy`: who may do what in a case."""

from typing import Annotated, Any

import typer

from tagline.cli.options import CaseName, Config, Why
from tagline.cli.output import AsJson, console, print_json, say
from tagline.cli.standing import tell

policy = typer.Typer(help="Who may do what: kept in the ledger.", no_args_is_help=True)


@policy.command()
def show(*, case: CaseName = None, config: Config = None, json: AsJson = False) -> None:
    """Show who may do what, what the case's config proposes, and what waits for approvals."""
    from tagline.workflows.policies import shown
    from tagline.workflows.standings import open_case

    found = shown(open_case(case, config=config))
    if json:
        print_json(found)
        return
    _print(found)


@policy.command()
def propose(
    *, why: Why = "", case: CaseName = None, config: Config = None, json: AsJson = False
) -> None:
    """Propose the policy of the case's config, so that others can approve it."""
    from tagline.lifecycle import entries
    from tagline.workflows.policies import wanted
    from tagline.workflows.standings import open_case

    standings = open_case(case, config=config)
    tell(
        standings.transitions(why).apply(entries.proposal, policy=wanted(standings, "")), json=json
    )


@policy.command("set")
def set_policy(
    name: Annotated[
        str, typer.Argument(help="A proposal; that of the case's config when left out.")
    ] = "",
    *,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Set a policy, where the one that stands allows it."""
    from tagline.lifecycle import entries
    from tagline.workflows.policies import wanted
    from tagline.workflows.standings import open_case

    standings = open_case(case, config=config)
    tell(
        standings.transitions(why).apply(entries.new_policy, policy=wanted(standings, name)),
        json=json,
    )


def _print(found: dict[str, Any]) -> None:
    stands = found["stands"]
    title = "stands" if found["is_set"] else "would stand from the first entry on"
    console.print(f"{found['case']}: the policy that {title}", style="bold", markup=False)
    people = ", ".join(f"{name} {key[:16]}…" for name, key in stands["people"].items())
    say(f"people        {people or 'nobody yet'}")
    say(f"others        {'are entered with their key at their first act' * stands['open'] or '-'}")
    for role in ("promoters", "approvers"):
        say(f"{role:13} {', '.join(stands[role]) or 'everyone of them'}")
    say(f"approvals     {stands['approvals']}, by others than the run's author")
    say(f"reason        {'asked for' if stands['reason'] else 'not asked for'}")
    say(f"free share    {stands['free_share']}% of the traffic without what a promotion asks for")
    for each in found["proposes"]:
        say(f"the config proposes another: {each}")
    for each in found["waiting"]:
        approved = ", ".join(each["approved_by"]) or "nobody"
        say(f"{each['name']} is proposed by {each['by']}, approved by {approved}")
        for line in each["changes"]:
            say(f"  {line}")
