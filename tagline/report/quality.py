"""Pictures of how good a model is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.report.picture import FAINT, MODEL, OTHER, TEXT, picture

Floats = npt.NDArray[np.float64]
DARK = 0.5  # shares above are drawn so dark that writing on them is white


def reliability(curve: pd.DataFrame, *, support: str = "test rows", shares: bool = True) -> str:
    """Draw what was stated against what was observed, with the rows of each bin beneath.

    Parameters
    ----------
    curve : DataFrame
        See `tagline.evaluation.calibration.curve`.
    support : str, optional
        What the rows of a bin are called.
    shares : bool, optional
        Whether both are shares, from 0 to 1, and not numbers.
    """
    whole = curve[["predicted", "observed"]].to_numpy(dtype=np.float64)
    low, high = (0.0, 1.0) if shares else (np.nanmin(whole), np.nanmax(whole))
    with picture(width=5, height=5, rows=2) as drawn:
        top, bottom = drawn.axes
        top.plot([low, high], [low, high], color=FAINT)
        spread = np.abs(
            np.vstack([curve["observed"] - curve["low"], curve["high"] - curve["observed"]])
        )
        top.errorbar(
            curve["predicted"], curve["observed"], yerr=spread, color=MODEL, marker="o", capsize=3
        )
        top.set_ylabel("share that came true" if shares else "mean of what came true")
        bottom.bar(curve["predicted"], curve["n"], width=0.06 * (high - low), color=MODEL)
        bottom.set_ylabel(support)
        bottom.set_xlabel("mean probability in the bin" if shares else "mean answer in the bin")
        edge = 0.0 if shares else 0.05 * (high - low)
        for ax in drawn.axes:
            ax.set_xlim(low - edge, high + edge)
    return drawn.svg


def confusion(counts: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """Draw which class is taken for which: shares of a class's rows, with their number.

    Parameters
    ----------
    counts : sequence of sequence of int, [k][k]
        Rows by class and decision.
    names : sequence of str
        The classes.
    """
    table = np.asarray(counts, dtype=np.float64)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1.0)
    with picture(width=2.5 + 0.7 * len(names), height=1.5 + 0.5 * len(names)) as drawn:
        drawn.ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for row, column in np.ndindex(*table.shape):
            dark = shares[row, column] > DARK
            drawn.ax.annotate(
                f"{int(table[row, column]):,}",
                (column, row),
                ha="center",
                va="center",
                fontsize=8,
                color="#f4f6f8" if dark else "#1b2430",
            )
        drawn.ax.set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize=8)
        drawn.ax.set_yticks(range(len(names)), names, fontsize=8)
        drawn.ax.set_xlabel("decided")
        drawn.ax.set_ylabel("came true")
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
    rows = table.dropna(subset=["figure"])
    labels = [
        f"{name} {value} ({count:,})"
        for name, value, count in zip(rows["slice"], rows["value"], rows["n"], strict=True)
    ]
    bounds = rows[["figure", "low", "high"]].to_numpy(dtype=np.float64)
    return beside_each_other(labels, bounds, title=f"{title} (in brackets: test rows)")


def beside_each_other(
    labels: Sequence[str], bounds: Floats, *, title: str, zero: bool = False
) -> str:
    """Draw figures with their intervals, one above the other, the first at the top.

    Parameters
    ----------
    labels : sequence of str
        What each is of.
    bounds : ndarray of shape (n, 3), float64
        Each figure, and where its interval begins and ends; NaN where it has none.
    title : str
        What the figures are, with their unit.
    zero : bool, optional
        Whether a line is drawn where there is nothing.
    """
    values, low, high = bounds[::-1].T
    heights = np.arange(len(values))
    with picture(height=0.25 * len(values) + 1) as drawn:
        drawn.ax.errorbar(
            values,
            heights,
            xerr=np.nan_to_num(np.abs(np.vstack([values - low, high - values]))),
            fmt="o",
            markersize=4,
            color=MODEL,
            ecolor=MODEL,
            capsize=2,
        )
        if zero:
            drawn.ax.axvline(0, color=FAINT)
        drawn.ax.set_yticks(heights, labels[::-1], fontsize=8)
        drawn.ax.set_xlabel(title)
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
