"""The page of a replay: policies side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.config import Case
from tagline.metrics.metrics import METRICS
from tagline.report.page import Block, Section, Table, render
from tagline.report.picture import TEXT, picture
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace, page_at_hand
from tagline.tasks.task import judged_by

FIGURES = 3  # that are drawn
COLOURS = ("#808890", "#3b82c4", "#c98a2b", "#d1495b", "#3f9d6a", "#8a63c0", "#20a0a8")
HEADS = {
    "trainings": "trainings",
    "promoted": "promoted",
    "cpu_seconds": "CPU s",
    "alarms": "alarms",
    "false_alarms": "false",
    "missed": "months missed",
    "noticed_after": "days until noticed",
}


def compose(
    case: Case,
    summaries: Sequence[Mapping[str, Any]],
    months: Sequence[Mapping[str, Any]],
    *,
    run: str,
) -> str:
    """Write the page.

    Parameters
    ----------
    case : Case
        The case.
    summaries : sequence of mapping
        `tagline.backtest.compare.Summary` as dicts.
    months : sequence of mapping
        The months of all policies.
    run : str
        The replay's run.
    """
    ordered, metric = _ordered(summaries)
    best = ordered[0]
    frame = pd.DataFrame(months)
    return render(
        title=f"{case.title}",
        subtitle=f"{case.name}, {run}: a replay of {months[0]['month']} to {months[-1]['month']}",
        passed=True,
        verdict=f"{best['title']}: least {METRICS[metric].title}, "
        f"{best['figures'][metric]:.4f}, with "
        f"{best['trainings']} trainings.",
        sections=[
            Section("In all", [Block(table=_overall(ordered)), Block(text=EXPLAINED)]),
            Section("Month by month", [Block(svg=drawn(frame, ordered))]),
            *[_policy(each) for each in ordered],
        ],
    )


EXPLAINED = (
    "Figures are means over the months, by outcomes. An alarm is false where the model that rang "
    "cost no more than it promised in the 28 days from then on; a month is missed where the "
    "answers cost more than they promised and no alarm was up."
)


def drawn(frame: pd.DataFrame, ordered: Sequence[Mapping[str, Any]]) -> str:
    """Draw each policy's figures by month, and when it trained and rang.

    Parameters
    ----------
    frame : DataFrame
        ``policy``, ``month``, ``outcomes`` and the figures.
    ordered : sequence of mapping
        The summaries, in the order of the legend.
    """
    names = [each["name"] for each in ordered]
    months = sorted(frame["month"].unique())
    first = frame[frame["policy"] == names[-1]].set_index("month").reindex(months)
    least = judged_by(ordered[0]["figures"])
    figures = [least, *(each for each in ordered[0]["figures"] if each != least)][:FIGURES]
    with picture(width=8.5, height=9.5, rows=FIGURES + 1) as shown:
        for ax, figure in zip(shown.axes, figures, strict=False):
            for name, colour in zip(names, COLOURS, strict=False):
                own = frame[frame["policy"] == name].set_index("month").reindex(months)
                values = own[figure]
                if figure == least:
                    values = values - first[figure]
                ax.plot(months, values, color=colour, marker="o", markersize=3, label=name)
            beside = f", minus that of {names[-1]}" if figure == least else ""
            ax.set_ylabel(METRICS[figure].title + beside, fontsize=8)
        shown.axes[0].legend(fontsize=8, ncols=3)
        _events(shown.axes[FIGURES], ordered, months)
    return shown.svg


def _events(ax: Any, ordered: Sequence[Mapping[str, Any]], months: Sequence[str]) -> None:
    begin = pd.Timestamp(f"{months[0]}-01")
    for height, (each, colour) in enumerate(
        zip(ordered[::-1], COLOURS[: len(ordered)][::-1], strict=False)
    ):
        days = [(pd.Timestamp(at["day"]) - begin).days for at in each["days"]]
        rang = [(pd.Timestamp(at["day"]) - begin).days for at in each["rang"]]
        ax.plot(days, [height] * len(days), "o", color=colour)
        ax.plot(rang, [height + 0.25] * len(rang), "|", color=TEXT, markersize=8)
    ax.set_yticks(range(len(ordered)), [each["name"] for each in ordered[::-1]], fontsize=8)
    starts = [(pd.Timestamp(f"{month}-01") - begin).days for month in months]
    ax.set_xticks(starts, months, fontsize=8)
    ax.set_xlabel("dots: trainings; strokes: alarms")


def _overall(ordered: Sequence[Mapping[str, Any]]) -> Table:
    figures = [*ordered[0]["figures"]]
    names = ["title", *figures, *HEADS]
    rows = [[{**each, **each["figures"]}.get(name) for name in names] for each in ordered]
    return Table(["policy", *(METRICS[name].title for name in figures), *HEADS.values()], rows)


def _ordered(summaries: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], str]:
    metric = judged_by(summaries[0]["figures"])
    return sorted(summaries, key=lambda each: each["figures"][metric]), metric


def _policy(each: Mapping[str, Any]) -> Section:
    rows = [
        _line(at, "training", at["promoted"], ("champion", "not promoted")) for at in each["days"]
    ]
    rows += [_line(at, "alarm", at["founded"], ("founded", "false")) for at in each["rang"]]
    if not rows:
        return Section(each["title"], [Block(text="Nothing happened.")])
    return Section(each["title"], [Block(table=Table(["day", "", "why", ""], sorted(rows)))])


def _line(at: Mapping[str, Any], what: str, well: bool, said: tuple[str, str]) -> list[str]:
    return [at["day"], what, at["why"], said[0] if well else said[1]]


def write(page: str, months: Sequence[Mapping[str, Any]], *, case: str) -> str:
    """Put the page of a case among its reports; give where it is."""
    store = own_store()
    name = Workspace(case).report(f"replay-{months[0]['month']}-{months[-1]['month']}")
    store.write(name, page.encode())
    return page_at_hand(store, name)


def lines(summaries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say how the policies did, a line each, the best first."""
    ordered, _ = _ordered(summaries)
    width = max(len(each["name"]) for each in ordered)
    told = []
    for each in ordered:
        late = each["noticed_after"]
        noticed = "" if np.isnan(late) else f", noticed after {late:.0f} days"
        figures = [
            f"{METRICS[n].title} {each['figures'][n]:.4f}" for n in list(each["figures"])[:2]
        ]
        told.append(
            f"{each['name']:{width}}  {', '.join(figures)}, {each['trainings']} trainings "
            f"({each['cpu_seconds']:.0f} CPU s), {each['alarms']} alarms, "
            f"{each['false_alarms']} false, {each['missed']} months missed{noticed}"
        )
    return told
