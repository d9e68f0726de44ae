"""Watch a case: what is found of each model, what the policy says, and where both are kept."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from tagline.bundle.load import Bundle
from tagline.case.load import check_case
from tagline.errors import TaglineError
from tagline.lifecycle.entry import Deployment, plain
from tagline.monitoring.decide import Decision, Signals, decide
from tagline.monitoring.find import find
from tagline.monitoring.findings import Findings, Reference
from tagline.runs.events import ask_for_training, is_deployed
from tagline.runs.records import Records
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace, page_at_hand
from tagline.training.held_out import LEARNED_FROM
from tagline.workflows.observed import LogReader
from tagline.workflows.standings import ModelRegistry, open_case

log = logging.getLogger(__name__)
FORMAT = 1


@dataclass(frozen=True)
class MonitorReport:
    """What the monitor found.

    Attributes
    ----------
    case : str
        The case.
    config : dict
        Its whole config.
    champion : str
        The champion's run; empty where there is none.
    at : str
        When, UTC.
    findings : list of Findings
        One a model that answered, the champion first.
    notes : list of str
        What could not be used, with how many rows.
    decision : Decision
        What the policy says.
    signals : Signals
        What it looked at.
    """

    case: str
    config: dict[str, Any]
    champion: str
    at: str
    findings: list[Findings]
    notes: list[str]
    decision: Decision
    signals: Signals

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain JSON: what is undefined is null."""
        found: dict[str, Any] = plain(json.loads(json.dumps(asdict(self), default=float)))
        return found


def watch(case: str, *, config: str = "") -> MonitorReport:
    """Look at what the models of a case answered, and hold it against its policy.

    Parameters
    ----------
    case : str
        The case; the only one that has runs where empty.
    config : str, optional
        Its config, where it has moved.

    Raises
    ------
    TaglineError
        There is no such case, or its tables can not be read.
    """
    standings = open_case(case, config=config)
    reader = LogReader(standings.case)
    seen = reader.read()
    champion = standings.champion()
    own = champion.bundle if champion else ""
    order = sorted(seen.models, key=lambda digest: digest != own)
    findings = [
        find(
            seen.models[digest],
            Reference.of(seen.bundles[digest].facts),
            standings.case.monitoring,
            digest=digest,
            run=seen.runs[digest],
            open_days=reader.open_days,
            seed=standings.case.seed,
        )
        for digest in order
    ]
    signals = _signals(standings, champion, findings, reader)
    decision = (
        decide(standings.case.retraining, signals)
        if champion
        else Decision(False, (), "There is no champion to train again.")
    )
    notes = [f"{why} ({count:,})" for why, count in seen.notes.most_common()]
    return MonitorReport(
        case=standings.case.name,
        config=standings.case.to_dict(),
        champion=champion.run if champion else "",
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        findings=findings,
        notes=notes,
        decision=decision,
        signals=signals,
    )


def keep(watched: MonitorReport, *, by: str) -> str:
    """Write what was found where servers and `tagline status` look for it.

    Parameters
    ----------
    watched : MonitorReport
        What was found.
    by : str
        Which run found it.

    Returns
    -------
    str
        Where it is.
    """
    store, workspace = own_store(), Workspace(watched.case)
    said = {"format": FORMAT, **watched.to_dict(), "by": by}
    line = {name: said[name] for name in ("format", "at", "by", "champion", "decision", "signals")}
    before = f"{workspace.watched_before}/{by.replace('/', '-')}.json"
    store.write(before, json.dumps(line).encode())
    store.write(workspace.watched, json.dumps(said).encode())
    return page_at_hand(store, workspace.watched)


def _signals(
    standings: ModelRegistry,
    champion: Deployment | None,
    findings: list[Findings],
    reader: LogReader,
) -> Signals:
    today = pd.Timestamp.now(tz="UTC")
    begun = Records.here().newest_start(standings.case.name)
    since = None if begun is None else (today - begun).days
    own = next((each for each in findings if champion and each.digest == champion.bundle), None)
    bundle = reader.seen.bundles.get(champion.bundle) if champion else None
    if own is None or bundle is None:
        return Signals(age_days=0, since_training=since)
    created = pd.Timestamp(bundle.facts["created"])
    before, estimate = own.before.get("log_loss"), own.estimated.get("log_loss")
    rise = estimate.value / before - 1 if before and estimate else float("nan")
    return Signals(
        age_days=(today - created).days,
        growth=_growth(standings, bundle, reader),
        moved=len(own.moved),
        excess=own.excess,
        estimated_rise=float(rise),
        since_training=since,
    )


def _growth(standings: ModelRegistry, bundle: Bundle, reader: LogReader) -> float:
    if "growth" not in standings.case.retraining.on:
        return 0.0
    parts = bundle.facts["periods"]
    learned = sum(each["rows"] for each in parts if each["part"] in LEARNED_FROM)
    try:
        return float(reader.labelled_since(bundle) / max(learned, 1))
    except TaglineError as unread:
        log.warning(f"Whether labelled rows came can not be told: {unread}")
        return float(np.nan)


def page_of(watched: MonitorReport, *, by: str) -> str:
    """Write the page, and keep it among the reports."""
    # Only a flow draws; `tagline status` and servers read what was kept.
    from tagline.report.monitor_page import compose  # noqa: PLC0415

    page = compose(check_case(watched.config), watched.to_dict(), by=by)
    store, name = own_store(), Workspace(watched.case).report("monitor")
    store.write(name, page.encode())
    log.info(f"The page is {page_at_hand(store, name)}")
    return page


def act(watched: Mapping[str, Any], *, retrain: bool, by: str) -> str:
    """Do what the policy says.

    Parameters
    ----------
    watched : mapping
        What `MonitorReport.to_dict` gave.
    retrain : bool
        Whether training may start here; where the flows are deployed, an event asks for it.
    by : str
        Which run asks for it.

    Returns
    -------
    str
        What was done, in a sentence.
    """
    from tagline.workflows.retraining import retrain as train_again  # noqa: PLC0415

    decision, case = watched["decision"], check_case(watched["config"])
    if not decision["train"]:
        return str(decision["why"])
    if is_deployed():
        # Nobody is there to say --retrain: who deploys the flows wants what the policy says.
        ask_for_training(case.name, f"{decision['why']} Found by {by}.")
        return f"{decision['why']} The event that starts a training was sent."
    if not retrain:
        return f"{decision['why']} Start it: python flows/monitor.py run --retrain True"
    said = train_again(case, why=decision["why"], by=by, promote=case.retraining.promote)
    return f"{decision['why']} {said}"
