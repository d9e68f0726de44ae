"""The page of the monitor: what moved, since when, does it hurt, what to do."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.config import Case
from tagline.case.tasks import BINARY, NUMBER
from tagline.data.split import day_name
from tagline.monitoring.findings import readable
from tagline.report import drift
from tagline.report.page import Block, Section, Table, render
from tagline.report.quality import reliability
from tagline.tasks.task import Task
from tagline.tasks.tasks import task_of

VERDICTS = {
    "hurts": "The answers are worse than they promise.",
    "moved": "Inputs have moved; it costs nothing so far.",
    "quiet": "Nothing has moved, and the answers keep their promise.",
    "unknown": "There is too little to say how the model does.",
    "": "No model has answered anything yet.",
}


def compose(case: Case, watched: Mapping[str, Any], *, by: str) -> str:
    """Write the page.

    Parameters
    ----------
    case : Case
        The case.
    watched : mapping
        What `tagline.workflows.monitor.MonitorReport.to_dict` gave.
    by : str
        Which run found it.
    """
    findings = watched["findings"]
    first = findings[0] if findings else None
    verdict = VERDICTS[first["verdict"] if first else ""]
    decision = watched["decision"]
    todo = "Training starts." if decision["train"] else "No training starts."
    return render(
        title=f"{case.title}",
        subtitle=f"{case.name}, champion {watched['champion'] or 'none'}, {by}, {watched['at']}",
        passed=bool(first and first["verdict"] in ("moved", "quiet")),
        verdict=f"{verdict} {todo} {decision['why']}",
        sections=list(_sections(case, watched)),
    )


def _sections(case: Case, watched: Mapping[str, Any]) -> Iterator[Section]:
    for found in watched["findings"]:
        name = f"{found['run']}, bundle {found['digest'][:12]}"
        yield Section(name, [Block(text=each) for each in found["said"]])
        yield from _model(case, found)
    if watched["notes"]:
        table = Table(
            ["what was not used, or was used in part (rows)"], [[each] for each in watched["notes"]]
        )
        yield Section("Not used", [Block(table=table)])


def _model(case: Case, found: Mapping[str, Any]) -> Iterator[Section]:
    if found["weeks"]:
        text = (
            "Measured: by what came true. Estimated: by the answers alone, as if they were "
            "calibrated (CBPE). Bands: 95% by whole days."
        )
        picture = drift.weeks(found["weeks"], found["before"], _task(found).weekly)
        yield Section("Week by week", [Block(text=text, svg=picture)])
    if found["measured"]:
        yield Section("Does it hurt?", list(_harm(found)))
    if found["slices"]:
        yield Section("Where", [Block(svg=drift.slices(found["slices"], loss=_task(found).loss))])
    if found["movements"]:
        yield Section("What moved", list(_movements(case, found)))


def _harm(found: Mapping[str, Any]) -> Iterator[Block]:
    rows = [
        [
            name,
            each["value"],
            each["low"],
            each["high"],
            found["estimated"].get(name, {}).get("value"),
            found["before"].get(name),
        ]
        for name, each in found["measured"].items()
    ]
    over = found["excess"]
    rows.append(
        [f"{_task(found).loss} above promise", over["value"], over["low"], over["high"], 0.0, None]
    )
    target, named = found["target"], "share of 1" if _task(found).name == BINARY else "mean label"
    if target["value"] is not None:
        before = found["target_before"]
        rows.append([named, target["value"], target["low"], target["high"], None, before])
    heads = ["", "measured", "low", "high", "estimated", "test rows"]
    yield Block(table=Table(heads, rows))
    if found["calibration"]:
        share, curve = _task(found).name != NUMBER, _plotted(found["calibration"])
        drawn = reliability(curve, support="outcomes", shares=share)
        yield Block(text="Calibration.", svg=drawn)


def _task(found: Mapping[str, Any]) -> Task:
    # What was found by a version before says nothing of it.
    return task_of(found.get("task", BINARY))


def _plotted(curve: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    # What is undefined is null in plain JSON.
    return pd.DataFrame(curve).astype(np.float64)


def _movements(case: Case, found: Mapping[str, Any]) -> Iterator[Block]:
    yield Block(svg=drift.movements(found["movements"], least=case.monitoring.min_psi))
    moved = [each for each in found["movements"] if each["moved"]]
    if moved and found["harm"]:
        yield Block(
            text="What the movement of each column costs: the loss above the promise of the rows "
            "that it brought.",
            svg=drift.costs(found["harm"], loss=_task(found).loss),
        )
    rows = [
        [
            readable(each["column"]),
            day_name(each["since"]) if each["since"] is not None else "",
            each["psi"],
            each["adjusted"],
            f"{each['missing']:.1%} (was {each['missing_before']:.1%})",
            f"{each['most']}: {each['share']:.1%} (was {each['share_before']:.1%})",
        ]
        for each in moved
    ]
    if rows:
        heads = ["moved", "since", "PSI", "p, all columns in mind", "missing", "most of all"]
        yield Block(table=Table(heads, rows))
