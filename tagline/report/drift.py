"""Pictures of how a model does in production."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tagline.metrics.metrics import METRICS
from tagline.monitoring.findings import readable
from tagline.report.picture import FAINT, MODEL, OTHER, TEXT, UP, picture
from tagline.report.quality import Floats, beside_each_other


def weeks(
    table: Sequence[Mapping[str, Any]], before: Mapping[str, float], names: Sequence[str]
) -> str:
    """Draw measured and estimated performance week by week, with intervals and support.

    Parameters
    ----------
    table : sequence of mapping
        The weeks of `tagline.monitoring.findings.Findings`.
    before : mapping of str to float
        The figures on the test rows.
    names : sequence of str
        The two metrics that are drawn.
    """
    # What is undefined is null in plain JSON.
    frame = pd.DataFrame(table).set_index("week").astype(np.float64).reset_index()
    place = np.arange(len(frame))
    with picture(width=8, height=7, rows=3) as drawn:
        for ax, name in zip(drawn.axes, names, strict=False):
            for kind, colour in (("measured", MODEL), ("estimated", OTHER)):
                own = {each: frame[f"{name}_{kind}_{each}"] for each in ("value", "low", "high")}
                ax.plot(place, own["value"], color=colour, marker="o", markersize=4, label=kind)
                ax.fill_between(place, own["low"], own["high"], color=colour, alpha=0.15)
            if name in before:
                ax.axhline(before[name], color=FAINT)
                ax.annotate("test rows", (0, before[name]), color=TEXT, fontsize=8)
            ax.set_ylabel(METRICS[name].title)
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
        `tagline.monitoring.drift.Movement` as dicts, the farthest first.
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
        names = [readable(each["column"]) for each in shown]
        drawn.ax.set_yticks(height, names, fontsize=8)
        drawn.ax.axvline(least, color=TEXT, linewidth=0.8)
        drawn.ax.set_xlabel("population stability index (coloured: moved, by the test too)")
    return drawn.svg


def costs(table: Mapping[str, Mapping[str, float]], *, loss: str, most: int = 15) -> str:
    """Draw what the movement of each column costs, with intervals, the costliest first.

    Parameters
    ----------
    table : mapping of str to mapping
        Column to ``value``, ``low``, ``high``.
    loss : str
        What is above the promise.
    most : int, optional
        How many are drawn.
    """
    ordered = sorted(table.items(), key=lambda each: -each[1]["value"])[:most]
    return beside_each_other(
        [readable(name) for name, _ in ordered],
        _bounds([each for _, each in ordered], "value"),
        title=f"{loss} above the promise, of the rows that it brought",
        zero=True,
    )


def slices(table: Sequence[Mapping[str, Any]], *, loss: str, most: int = 20) -> str:
    """Draw the loss above the promise of each slice, with its outcomes, the worst first."""
    shown = table[:most]
    return beside_each_other(
        [f"{each['field']} {each['value']} ({each['outcomes']:,})" for each in shown],
        _bounds(shown, "excess"),
        title=f"{loss} above the promise (in brackets: outcomes)",
        zero=True,
    )


def _bounds(table: Sequence[Mapping[str, Any]], figure: str) -> Floats:
    rows = [[each[name] for name in (figure, "low", "high")] for each in table]
    return np.array(rows, dtype=np.float64)
