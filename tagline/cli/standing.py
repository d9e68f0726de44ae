"""The verbs that change what a run is for."""

from typing import TYPE_CHECKING, Annotated

import typer

from tagline.cli.options import RUN_HELP, CaseName, Config, Run, Why, champions, runs
from tagline.cli.output import AsJson, console, print_json, say, say_aside
from tagline.log import show_log

if TYPE_CHECKING:
    from pathlib import Path

    from tagline.lifecycle.transitions import Done

CANDIDATE_HELP = f"{RUN_HELP} The case's newest candidate when left out."


def promote(
    run: Annotated[str, typer.Argument(help=CANDIDATE_HELP, autocompletion=runs)] = "",
    *,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Make a run the champion, if its gates still pass beside the present one."""
    from tagline.lifecycle import entries
    from tagline.workflows import promotion

    show_log(say_aside)
    plan = promotion.plan(run, case=case or "", config=str(config or ""), why=why)
    if plan.alike:
        say_aside(f"note: {promotion.NOTHING_NEW}")
    standings = plan.standings()
    done = standings.transitions(why).apply(
        entries.promotion,
        candidate=plan.candidate(),
        against=plan.champion(),
        verify=standings.verify,
        gates=lambda: promotion.looked_at(plan),
    )
    for line in promotion.confirm(plan, entry=done.entry.number):
        say_aside(line)
    tell(done, json=json)


def rollback(
    *,
    to: Annotated[
        str | None,
        typer.Option(
            help="An earlier champion; the one before when left out.", autocompletion=champions
        ),
    ] = None,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Make the champion before the champion again."""
    from tagline.lifecycle import entries
    from tagline.runs.lookup import pathspec
    from tagline.workflows import promotion
    from tagline.workflows.standings import open_case

    standings = open_case(case, config=config)
    done = standings.transitions(why).apply(
        entries.rollback,
        to=pathspec(to) if to else None,
        against=standings.champion(),
        verify=standings.verify,
    )
    for line in promotion.followed(standings, done.entry.number):
        say_aside(line)
    tell(done, json=json)


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
    _beside(run, share=share, why=why, case=case, config=config, json=json)


def shadow(
    run: Run,
    *,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Let a run answer beside the champion what nobody sees; it is logged."""
    _beside(run, share=0, why=why, case=case, config=config, json=json)


def _beside(
    run: str, *, share: int, why: str, case: str | None, config: "Path | None", json: bool
) -> None:
    from tagline.lifecycle import entries
    from tagline.workflows import promotion
    from tagline.workflows.standings import open_run

    show_log(say_aside)
    standings, found = open_run(run, case=case, config=config)
    own, against = standings.candidate(found), standings.champion()
    done = standings.transitions(why).apply(
        entries.challenge,
        candidate=own,
        share=share,
        verify=standings.verify,
        gates=lambda: promotion.looked_at(
            promotion.planned(own, against=against, why=why, config=str(config or ""))
        ),
    )
    tell(done, json=json)


def retire(
    run: Run,
    *,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Say that a candidate or challenger is no longer wanted."""
    from tagline.lifecycle import entries
    from tagline.workflows.standings import open_run

    standings, found = open_run(run, case=case, config=config)
    tell(
        standings.transitions(why).apply(entries.retirement, candidate=standings.candidate(found)),
        json=json,
    )


def restore(
    run: Run,
    *,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Make a retired run a candidate again."""
    from tagline.lifecycle import entries
    from tagline.workflows.standings import open_run

    standings, found = open_run(run, case=case, config=config)
    tell(
        standings.transitions(why).apply(entries.restoration, candidate=standings.candidate(found)),
        json=json,
    )


def approve(
    run: Run,
    *,
    why: Why = "",
    case: CaseName = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Approve a run, or a proposed policy, so that it may be promoted, or set."""
    from tagline.lifecycle import entries
    from tagline.workflows.policies import proposal
    from tagline.workflows.standings import open_case, open_run

    if run.startswith("policy:"):
        standings = open_case(case, config=config)
        own = proposal(standings, run)
    else:
        standings, found = open_run(run, case=case, config=config)
        own = standings.candidate(found)
    tell(standings.transitions(why).apply(entries.approval, candidate=own), json=json)


def tell(done: "Done", *, json: bool) -> None:
    """Say what was done."""
    from tagline.lifecycle.rules import NOTHING_ASKED

    entry = done.entry
    if json:
        repaired = [str(each) for each in done.repaired]
        print_json({"entry": entry.plain(), "repaired": repaired, "unshown": done.unshown})
        return
    for line in done.repaired:
        say(f"repaired: {line}")
    if done.unshown:
        say(
            f"note: entry {entry.number} stands, but what shows it could not follow: {done.unshown}"
        )
    shadows = {each.run for each in entry.standing.challengers if not each.share}
    for change in entry.changes:
        after = "shadow" if change.run in shadows else change.after
        console.print(f"{change.run}: {change.before} -> {after}", markup=False)
    if entry.act == "promote" and not entry.gates:
        console.print(f"{NOTHING_ASKED}.")
    if not entry.changes:
        console.print(f"{entry.run}: {entry.act}", markup=False)
    console.print(f"entry {entry.number}, by {entry.who}, {entry.at}", style="dim", markup=False)
