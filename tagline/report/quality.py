"""Pictures of how good a model is."""

import numpy as np
import pandas as pd

from tagline.report.picture import FAINT, MODEL, OTHER, TEXT, picture


def reliability(curve: pd.DataFrame) -> str:
    """Draw stated against observed rate, with the rows of each bin beneath.

    Parameters
    ----------
    curve : DataFrame
        See `tagline.evaluation.calibration.curve`.
    """
    with picture(width=5, height=5, rows=2) as drawn:
        top, bottom = drawn.axes
        top.plot([0, 1], [0, 1], color=FAINT)
        spread = np.abs(
            np.vstack([curve["observed"] - curve["low"], curve["high"] - curve["observed"]])
        )
        top.errorbar(
            curve["predicted"], curve["observed"], yerr=spread, color=MODEL, marker="o", capsize=3
        )
        top.set_ylabel("share that came true")
        bottom.bar(curve["predicted"], curve["n"], width=0.06, color=MODEL)
        bottom.set_ylabel("test rows")
        bottom.set_xlabel("mean probability in the bin")
        for ax in drawn.axes:
            ax.set_xlim(0, 1)
    return drawn.svg


def slices(table: pd.DataFrame, *, title: str) -> str:
    """Draw a figure with its interval for each slice, with its rows.

    Parameters
    ----------
    table : DataFrame
        ``slice``, ``value``, ``n``, ``figure``, ``low``, ``high``.
    title : str
        The figure's name.
    """
    rows = table.dropna(subset=["figure"])[::-1]
    heights = np.arange(len(rows))
    spread = np.abs(np.vstack([rows["figure"] - rows["low"], rows["high"] - rows["figure"]]))
    with picture(height=0.25 * len(rows) + 1) as drawn:
        drawn.ax.errorbar(
            rows["figure"],
            heights,
            xerr=np.nan_to_num(spread),
            fmt="o",
            markersize=4,
            color=MODEL,
            ecolor=MODEL,
            capsize=2,
        )
        labels = [
            f"{name} {value} ({count:,})"
            for name, value, count in zip(rows["slice"], rows["value"], rows["n"], strict=True)
        ]
        drawn.ax.set_yticks(heights, labels, fontsize=8)
        drawn.ax.set_xlabel(f"{title} (in brackets: test rows)")
    return drawn.svg


def cost(curve: pd.DataFrame, *, threshold: float) -> str:
    """Draw the mean cost a row against the threshold.

    Parameters
    ----------
    curve : DataFrame
        ``threshold`` and ``cost``.
    threshold : float
        The one that was chosen.
    """
    with picture(height=3) as drawn:
        drawn.ax.plot(curve["threshold"], curve["cost"], color=MODEL)
        if np.isfinite(threshold):
            drawn.ax.axvline(threshold, color=OTHER, linestyle=":")
            drawn.ax.annotate(
                f" chosen on the tuning rows: {threshold:.2f}",
                (threshold, drawn.ax.get_ylim()[1]),
                color=TEXT,
                va="top",
            )
        drawn.ax.set_xlabel("act where the probability is at least")
        drawn.ax.set_ylabel("mean cost a row")
    return drawn.svg


def leaderboard(table: pd.DataFrame, *, metric: str) -> str:
    """Draw every trial's figure on the tuning rows against the CPU time that it took."""
    shown = table.dropna(subset=[metric])
    with picture(height=3.2) as drawn:
        for kind, rows in shown.groupby("kind", sort=True):
            colour = MODEL if kind == "boosted" else OTHER
            drawn.ax.scatter(rows["seconds"], rows[metric], color=colour, s=18, label=str(kind))
            if kind != "boosted":
                for x, y in rows[["seconds", metric]].to_numpy(dtype=np.float64):
                    drawn.ax.annotate(f" {kind}", (x, y), color=TEXT, va="center", fontsize=9)
        drawn.ax.set_xlabel("CPU seconds")
        drawn.ax.set_ylabel(f"{metric}, tuning rows")
    return drawn.svg
