"""What a person sees while the search runs; its leaderboard is in the report."""

import logging
import time
from collections.abc import Callable
from itertools import chain, count
from typing import Any

import pandas as pd
from metaflow.cards import Markdown, Table

from tagline.metrics.metrics import METRICS
from tagline.models.trials import FIGURES

log = logging.getLogger(__name__)
SHOWN = ("trial", "kind", "state", *FIGURES, "rounds", "seconds", "predict_seconds")
REFRESH_EVERY = 3.0  # seconds


class SearchCard:
    """Shows the trials of a task's brackets on a card and in the log, after each fit.

    Parameters
    ----------
    card : Metaflow card or None
        Where the tables stand, if anywhere; it is refreshed after a fit, at most every few seconds.
    metric : str
        The figure that chooses.
    """

    def __init__(self, card: Any, *, metric: str) -> None:
        self._card, self._metric, self._refreshed = card, METRICS[metric], time.monotonic()
        self._shown: dict[str, list[Any]] = {}

    def of(self, name: str) -> Callable[[list[dict[str, Any]]], None]:
        """Give what shows one bracket."""
        fits = count(1)
        return lambda rows: self._show(name, rows, next(fits))

    def _show(self, name: str, rows: list[dict[str, Any]], fits: int) -> None:
        known = [row[self._metric.name] for row in rows if row[self._metric.name] is not None]
        best = f"{max(known, key=lambda each: self._metric.sign * each):.4f}" if known else "-"
        failed = [row for row in rows if row["error"]]
        said = f"{fits} fits, best tuning {self._metric.name}"
        message = f"{name}: {said} {best}"
        log.info(message + (f", {len(failed)} failed" if failed else ""))
        if self._card is None:
            return
        told = Markdown(f"{said} **{best}**")
        self._shown[name] = [Markdown(f"# {name}"), told, _table(pd.DataFrame(rows))]
        self._card.clear()
        for part in chain.from_iterable(self._shown.values()):
            self._card.append(part)
        self._refresh()

    def _refresh(self) -> None:
        # Each refresh is a process of its own; the last state is drawn when the task ends.
        if time.monotonic() - self._refreshed >= REFRESH_EVERY:
            self._refreshed = time.monotonic()
            self._card.refresh()


def _table(rows: pd.DataFrame) -> Table:
    lacking = {name for name in FIGURES if name in rows and rows[name].isna().all()}
    shown = [n for n in ("rank", *SHOWN, "error") if n in rows and n not in lacking]
    cells = [[_cell(value) for value in row] for row in rows[shown].itertuples(index=False)]
    return Table(cells, headers=shown)


def _cell(value: Any) -> str:
    if pd.isna(value):
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
