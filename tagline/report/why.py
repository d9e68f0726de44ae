"""Pictures of why a model answers as it does."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from tagline.evaluation.shapley import MISSING, Explanation
from tagline.report.picture import AS_POINTS, DOWN, FAINT, MODEL, TEXT, UP, picture

Floats = npt.NDArray[np.float64]

BARS, SWARM, STEPS = 20, 15, 9
CATEGORIES, LETTERS = 15, 32
LOG_ODDS = "log-odds"
LOW_TO_HIGH = LinearSegmentedColormap.from_list("low to high", [DOWN, "#9a86a8", UP])


def importance(explanation: Explanation, *, units: str = LOG_ODDS) -> str:
    """Draw the mean absolute SHAP value of the strongest inputs."""
    table = explanation.importance().head(BARS)[::-1]
    with picture(height=0.27 * len(table) + 1) as drawn:
        drawn.ax.barh(table["input"], table["importance"], color=MODEL)
        drawn.ax.set_xlabel(f"mean |SHAP|, {units} ({len(explanation.rows):,} test rows)")
    return drawn.svg


def sources(table: pd.DataFrame, *, units: str = LOG_ODDS) -> str:
    """Draw how much each source of inputs moves the answer; see `Explanation.by_source`."""
    rows = table[::-1]
    with picture(height=0.35 * len(rows) + 1) as drawn:
        bars = drawn.ax.barh(rows["source"], rows["importance"], color=MODEL)
        labels = [
            f" {share:.0%}, {inputs} input{'' if inputs == 1 else 's'}"
            for share, inputs in zip(rows["share"], rows["inputs"], strict=True)
        ]
        drawn.ax.bar_label(bars, labels=labels, color=TEXT)
        drawn.ax.margins(x=0.25)
        drawn.ax.set_xlabel(f"mean |sum of SHAP|, {units}")
    return drawn.svg


def beeswarm(explanation: Explanation, *, units: str = LOG_ODDS) -> str:
    """Draw every row's SHAP value of the strongest inputs, coloured by the input's value."""
    names = list(explanation.importance().head(SWARM)["input"])[::-1]
    with picture(height=0.33 * len(names) + 1.2) as drawn:
        for height, name in enumerate(names):
            _swarm(drawn.ax, explanation, name, height)
        drawn.ax.axvline(0, color=FAINT)
        drawn.ax.set_yticks(range(len(names)), names)
        drawn.ax.set_xlabel(f"SHAP, {units} (value of the input: blue low, red high, grey missing)")
    return drawn.svg


def dependence(explanation: Explanation, name: str, *, units: str = LOG_ODDS) -> str:
    """Draw the SHAP values of one input against its value."""
    place = explanation.names.index(name)
    if name in explanation.texts:
        return _by_category(explanation, name, units=units)
    x, shap = explanation.X[:, place].astype(np.float64), explanation.shap[:, place]
    known = ~np.isnan(x)
    with picture(width=4.2, height=3) as drawn:
        drawn.ax.scatter(
            x[known], shap[known], s=5, color=MODEL, alpha=0.5, linewidths=0, **AS_POINTS
        )
        drawn.ax.axhline(0, color=FAINT)
        drawn.ax.set_xlabel(name)
        drawn.ax.set_ylabel(f"SHAP, {units}")
        drawn.ax.set_title(
            f"{int(known.sum()):,} rows, {int((~known).sum()):,} missing", fontsize=9
        )
    return drawn.svg


def _by_category(explanation: Explanation, name: str, *, units: str) -> str:
    """Draw the SHAP values of a text by its most frequent categories, the highest on top."""
    words = pd.Series([each or MISSING for each in explanation.texts[name]])
    shap = pd.Series(explanation.shap[:, explanation.names.index(name)])
    frequent = words.value_counts().head(CATEGORIES).index
    order = shap.groupby(words).mean()[frequent].sort_values().index
    with picture(width=4.2, height=0.28 * len(order) + 1.2) as drawn:
        for height, word in enumerate(order):
            own = shap[words == word].to_numpy()
            spread = height + _jitter(own)
            drawn.ax.scatter(own, spread, s=5, color=MODEL, alpha=0.5, linewidths=0, **AS_POINTS)
        drawn.ax.axvline(0, color=FAINT)
        counts = words.value_counts()
        labels = [f"{word[:LETTERS]} ({counts[word]:,})" for word in order]
        drawn.ax.set_yticks(range(len(order)), labels)
        drawn.ax.set_xlabel(f"SHAP, {units}")
        rest = words.nunique() - len(order)
        drawn.ax.set_title(
            f"{name}" + (f", {rest} rarer categories left out" if rest else ""), fontsize=9
        )
    return drawn.svg


def waterfall(explanation: Explanation, place: int, *, units: str = LOG_ODDS) -> str:
    """Draw how the inputs of one row move its margin from the base to the answer.

    Parameters
    ----------
    explanation : Explanation
        The rows.
    place : int
        Which of them.
    units : str, optional
        What margins are measured in.
    """
    shap = explanation.shap[place]
    order = np.argsort(-np.abs(shap), kind="stable")
    strongest, rest = order[:STEPS], order[STEPS:]
    named = [explanation.names[i] for i in strongest]
    labels = [f"{name} = {explanation.shown(name, place)[:LETTERS]}" for name in named]
    moves = [float(shap[i]) for i in strongest]
    if len(rest):
        labels.append(f"{len(rest)} other inputs")
        moves.append(float(shap[rest].sum()))
    return _steps(labels, moves, base=float(explanation.base[place]), units=units)


def _steps(labels: list[str], moves: list[float], *, base: float, units: str) -> str:
    starts = base + np.concatenate([[0.0], np.cumsum(moves)[:-1]])
    heights = np.arange(len(moves))[::-1]
    with picture(height=0.3 * len(moves) + 1.3) as drawn:
        colours = [UP if move > 0 else DOWN for move in moves]
        bars = drawn.ax.barh(heights, moves, left=starts, color=colours)
        drawn.ax.bar_label(
            bars, labels=[f" {_moved(move)} " for move in moves], color=TEXT, fontsize=9
        )
        drawn.ax.axvline(base, color=FAINT)
        drawn.ax.axvline(base + sum(moves), color=TEXT, linestyle=":")
        drawn.ax.set_yticks(heights, labels)
        # A bar holds the axis at its own end, where the label of a fall would have no room.
        drawn.ax.use_sticky_edges = False
        drawn.ax.margins(x=0.15)
        drawn.ax.set_xlabel(f"{units}, from {base:.4g} on average to {base + sum(moves):.4g}")
    return drawn.svg


def _swarm(ax: Axes, explanation: Explanation, name: str, height: int) -> None:
    place = explanation.names.index(name)
    shap, x = explanation.shap[:, place], explanation.X[:, place].astype(np.float64)
    known = ~np.isnan(x)
    level = height + _jitter(shap)
    ax.scatter(shap[~known], level[~known], s=4, color=TEXT, alpha=0.5, linewidths=0, **AS_POINTS)
    # By rank: one outlier would leave all others in one colour.
    ranks = pd.Series(x[known]).rank(pct=True)
    ax.scatter(
        shap[known],
        level[known],
        s=4,
        c=ranks,
        cmap=LOW_TO_HIGH,
        alpha=0.7,
        linewidths=0,
        **AS_POINTS,
    )


def _jitter(shap: Floats) -> Floats:
    """Spread rows of like SHAP values evenly about the line, as wide as there are many."""
    bins = np.digitize(shap, np.linspace(shap.min(), shap.max() + 1e-9, 80))
    order = np.argsort(bins, kind="stable")
    counts = np.bincount(bins)
    within = np.empty(len(shap))
    firsts = np.cumsum(counts) - counts
    within[order] = np.arange(len(shap)) - firsts[bins[order]]
    middle = within - (counts[bins] - 1) / 2
    return middle / max(int(counts.max()), 1) * 0.8


def _moved(value: float) -> str:
    return f"{value:+.2f}" if abs(value) < 100 else f"{value:+,.0f}"
