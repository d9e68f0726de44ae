"""The verbs that change what a run is for."""

from typing import TYPE_CHECKING, Annotated

import typer

from tagline.cli.options import RUN_HELP, CaseName, Config, Run, Why
from tagline.cli.output import AsJson, console, print_json, say_aside
from tagline.log import show_log

if TYPE_CHECKING:
    from tagline.standing.transitions import Done

CANDIDATE_HELP = f"{RUN_HELP} The case's newest candidate when left out."


def promote(
    run: Annotated[str, typer.Argument(help=CANDIDATE_HELP)] = "",
    *,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Make a run the champion, if its gates still pass beside the present one."""
    from tagline.operations import promotion
    from tagline.operations.candidates import verify_deployed

    show_log(say_aside)
    plan = promotion.plan(run, case=case or "", config=str(config or ""), why=why)
    transitions = plan.standings().transitions(why)
    done = transitions.promote(
        plan.candidate(),
        against=plan.champion(),
        verify=verify_deployed,
        gates=lambda: promotion.recheck(plan),
    )
    _tell(done, json=json)


def rollback(
    *,
    to: Annotated[
        str | None, typer.Option(help="An earlier champion; the one before when left out.")
    ] = None,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Make the champion before the champion again."""
    from tagline.operations.candidates import verify_deployed
    from tagline.operations.standings import open_case
    from tagline.registry.runs import pathspec

    standings = open_case(case, config=config)
    done = standings.transitions(why).rollback(
        to=pathspec(to) if to else None, against=standings.champion(), verify=verify_deployed
    )
    _tell(done, json=json)


def challenge(
    run: Run,
    *,
    share: Annotated[int, typer.Option(min=1, max=99, help="Share of the traffic, in percent.")],
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Give a run a share of the traffic beside the champion, or change its share."""
    from tagline.operations.candidates import candidate
    from tagline.operations.standings import open_run

    standings, found = open_run(run, case=case, config=config)
    _tell(standings.transitions(why).challenge(candidate(found), share=share), json=json)


def retire(
    run: Run,
    *,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Say that a candidate or challenger is no longer wanted."""
    from tagline.operations.candidates import candidate
    from tagline.operations.standings import open_run

    standings, found = open_run(run, case=case, config=config)
    _tell(standings.transitions(why).retire(candidate(found)), json=json)


def approve(
    run: Run,
    *,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Approve a run, so that it may be promoted."""
    from tagline.operations.candidates import candidate
    from tagline.operations.standings import open_run

    standings, found = open_run(run, case=case, config=config)
    _tell(standings.transitions(why).approve(candidate(found)), json=json)


def _tell(done: "Done", *, json: bool) -> None:
    entry = done.entry
    if json:
        print_json({"entry": entry.model_dump(mode="json"), "repaired": list(done.repaired)})
        return
    for line in done.repaired:
        console.print(f"repaired: {line}", markup=False)
    for change in entry.changes:
        console.print(f"{change.run}: {change.before} -> {change.after}", markup=False)
    if not entry.changes:
        console.print(f"{entry.run}: {entry.act}", markup=False)
    console.print(f"entry {entry.number}, by {entry.who}, {entry.at}", style="dim", markup=False)
