"""Pictures of how a model does in production."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tagline.report.picture import DOWN, FAINT, MODEL, OTHER, TEXT, UP, picture

TITLES = {"roc_auc": "ROC AUC", "log_loss": "log loss (nats)"}


def weeks(table: Sequence[Mapping[str, Any]], before: Mapping[str, float]) -> str:
    """Draw measured and estimated performance week by week, with intervals and support.

    Parameters
    ----------
    table : sequence of mapping
        The weeks of `tagline.monitoring.findings.Findings`.
    before : mapping of str to float
        The figures on the test rows.
    """
    # What is undefined is null in plain JSON.
    frame = pd.DataFrame(table).set_index("week").astype(np.float64).reset_index()
    place = np.arange(len(frame))
    with picture(width=8, height=7, rows=3) as drawn:
        for ax, (name, title) in zip(drawn.axes, TITLES.items(), strict=False):
            for kind, colour in (("measured", MODEL), ("estimated", OTHER)):
                own = {each: frame[f"{name}_{kind}_{each}"] for each in ("value", "low", "high")}
                ax.plot(place, own["value"], color=colour, marker="o", markersize=4, label=kind)
                ax.fill_between(place, own["low"], own["high"], color=colour, alpha=0.15)
            if name in before:
                ax.axhline(before[name], color=FAINT)
                ax.annotate("test rows", (0, before[name]), color=TEXT, fontsize=8)
            ax.set_ylabel(title)
            ax.set_xticks([])
        drawn.axes[0].legend()
        support = drawn.axes[2]
        support.bar(place - 0.2, frame["rows"], width=0.4, color=OTHER, label="answered")
        support.bar(place + 0.2, frame["outcomes"], width=0.4, color=MODEL, label="outcome known")
        support.set_ylabel("rows")
        support.legend(loc="lower left")
        support.set_xticks(place, frame["week"], rotation=60, ha="right", fontsize=8)
        support.set_xlabel("week beginning on")
    return drawn.svg


def movements(table: Sequence[Mapping[str, Any]], *, least: float, most: int = 25) -> str:
    """Draw how far each column has moved; what counts as moved is coloured.

    Parameters
    ----------
    table : sequence of mapping
        `tagline.monitoring.movement.Movement` as dicts, the farthest first.
    least : float
        The smallest population stability index that counts.
    most : int, optional
        How many are drawn.
    """
    shown = list(table)[:most][::-1]
    height = np.arange(len(shown))
    with picture(width=8, height=0.24 * len(shown) + 1) as drawn:
        colours = [UP if each["moved"] else FAINT for each in shown]
        drawn.ax.barh(height, [each["psi"] for each in shown], color=colours)
        names = [each["column"].replace(":", " ", 1) for each in shown]
        drawn.ax.set_yticks(height, names, fontsize=8)
        drawn.ax.axvline(least, color=TEXT, linewidth=0.8)
        drawn.ax.set_xlabel("population stability index (coloured: moved, by the test too)")
    return drawn.svg


def costs(table: Mapping[str, Mapping[str, float]], *, most: int = 15) -> str:
    """Draw what the movement of each column costs, with intervals.

    Parameters
    ----------
    table : mapping of str to mapping
        Column to ``value``, ``low``, ``high``.
    most : int, optional
        How many are drawn.
    """
    ordered = sorted(table.items(), key=lambda each: -each[1]["value"])[:most][::-1]
    height = np.arange(len(ordered))
    values = np.array([each["value"] for _, each in ordered], dtype=np.float64)
    bounds = np.array([[each["low"], each["high"]] for _, each in ordered], dtype=np.float64)
    spread = np.abs(np.nan_to_num(bounds.T - values))
    with picture(width=8, height=0.26 * len(ordered) + 1) as drawn:
        drawn.ax.errorbar(
            values, height, xerr=spread, fmt="o", color=MODEL, ecolor=MODEL, markersize=4, capsize=2
        )
        drawn.ax.axvline(0, color=FAINT)
        names = [name.replace(":", " ", 1) for name, _ in ordered]
        drawn.ax.set_yticks(height, names, fontsize=8)
        drawn.ax.set_xlabel("log loss above the promise, of the rows that it brought (nats a row)")
    return drawn.svg


def calibration(table: Sequence[Mapping[str, Any]]) -> str:
    """Draw stated against observed rate."""
    frame = pd.DataFrame(table).astype(np.float64)
    spread = np.abs(
        np.vstack([frame["observed"] - frame["low"], frame["high"] - frame["observed"]])
    )
    with picture(width=4.5, height=4) as drawn:
        drawn.ax.plot([0, 1], [0, 1], color=FAINT)
        drawn.ax.errorbar(
            frame["predicted"],
            frame["observed"],
            yerr=np.nan_to_num(spread),
            color=MODEL,
            marker="o",
            capsize=3,
        )
        drawn.ax.set_xlabel("mean probability in the bin")
        drawn.ax.set_ylabel("share that came true")
        drawn.ax.set_xlim(0, 1)
        drawn.ax.set_ylim(0, 1)
    return drawn.svg


def slices(table: Sequence[Mapping[str, Any]], *, most: int = 20) -> str:
    """Draw the loss above the promise of each slice, with its outcomes."""
    shown = list(table)[:most][::-1]
    height = np.arange(len(shown))
    values = np.array([each["excess"] for each in shown], dtype=np.float64)
    bounds = np.array([[each["low"], each["high"]] for each in shown], dtype=np.float64)
    spread = np.abs(bounds.T - values)
    with picture(width=8, height=0.25 * len(shown) + 1) as drawn:
        drawn.ax.errorbar(
            values,
            height,
            xerr=np.nan_to_num(spread),
            fmt="o",
            markersize=4,
            color=DOWN,
            ecolor=DOWN,
            capsize=2,
        )
        drawn.ax.axvline(0, color=FAINT)
        names = [f"{each['field']} {each['value']} ({each['outcomes']:,})" for each in shown]
        drawn.ax.set_yticks(height, names, fontsize=8)
        drawn.ax.set_xlabel("log loss above the promise (nats a row; in brackets: outcomes)")
    return drawn.svg
