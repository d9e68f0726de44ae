"""`tagline schedule` and `tagline hook`: run flows by the clock, or when an alert rings."""

from pathlib import Path
from typing import Annotated

import typer

from tagline.cli.options import SHOWN, CaseName, Config
from tagline.cli.output import AsJson, print_json, print_table


def schedule(
    *,
    case: CaseName = None,
    config: Config = None,
    show: Annotated[bool, typer.Option("--show", help="Say what ran and what is next.")] = False,
    json: AsJson = False,
) -> None:
    """Keep to the case's schedule: start what is due, until it is interrupted."""
    from datetime import UTC, datetime

    from tagline.case.load import load_case
    from tagline.deploying.keeper import Keeper
    from tagline.deploying.plan import plan
    from tagline.deploying.records import Records
    from tagline.log import show_log
    from tagline.workflows.standings import open_case

    found = load_case(config) if config else open_case(case).case
    lines = plan(found)
    records = Records.of(found.name)
    if not show:
        show_log()
        Keeper(lines, records, missed=found.schedule.missed).run()
        return
    now = datetime.now(UTC)
    due = {line.flow: (line.cron, line.next_after(now)) for line in lines}
    runs = [
        {
            "flow": run.flow,
            "state": records.state(run),
            "began": run.began,
            "ended": run.ended,
            "said": run.said,
        }
        for run in records.all()
    ]
    following = [
        {"flow": flow, "cron": cron, "next": at and at.isoformat()}
        for flow, (cron, at) in due.items()
    ]
    if json:
        print_json({"next": following, "runs": runs})
        return
    print_table("next", ["flow", "cron", "next"], [tuple(each.values()) for each in following])
    rows = [
        (each["flow"], each["state"], each["began"], each["said"].rpartition("\n")[2])
        for each in runs[:SHOWN]
    ]
    print_table("runs, the newest first", ["flow", "state", "began", "it said at the end"], rows)


def hook(
    *,
    case: CaseName = None,
    config: Config = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="For Alertmanager.")] = 8099,
    key_file: Annotated[
        Path | None, typer.Option("--keys", help="API keys; without any, this machine only.")
    ] = None,
) -> None:
    """Take Alertmanager's alerts: what rings lets the monitor look, and train where it may."""
    from tagline.deploying.records import Records
    from tagline.log import show_log
    from tagline.serving.hook import listen
    from tagline.workflows.standings import open_case

    show_log()
    found = open_case(case, config=config).case
    listen(found, host=host, port=port, keys=key_file, records=Records.of(found.name))
