"""A question whose answer is a number: its value, and an interval that it lies in as a rule."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from tagline.errors import TaglineError
from tagline.metrics.calibrators import Calibrator
from tagline.metrics.intervals import LEAST_GROUPS, GroupBootstrap
from tagline.tasks.label import Label, read_number
from tagline.tasks.task import SETTLED, AnswerColumn, Floats, Rule, Task

if TYPE_CHECKING:
    import spox

    from tagline.case.config import TableSection
    from tagline.case.evaluation import EvaluationSection

VALUE = AnswerColumn("value", float, {"description": "The number that is expected."})
LOW = AnswerColumn("low", float, {"description": "Where the interval begins."})
HIGH = AnswerColumn("high", float, {"description": "Where the interval ends."})
COVERAGE = AnswerColumn(
    "coverage",
    float,
    {"description": "Share of rows whose interval holds what comes true, as promised."},
)
BANDS, ROWS_A_BAND = 5, 100
ALIKE = 0.1  # of the spread of labels


class Number(Task):
    """A number. A margin is the number itself; see `tagline.tasks.task.Task`."""

    name = "number"
    answer: ClassVar = (VALUE, LOW, HIGH)
    rule: ClassVar = (COVERAGE,)
    watched: ClassVar = ("rmse", "mae", "r2")
    weekly: ClassVar = ("mae", "rmse")
    units: ClassVar = "units of the target"
    loss: ClassVar = "share of missed intervals"
    # Correlations of ranks are near 1 long before a column is the answer itself.
    decides: ClassVar = 0.9975
    settled: ClassVar = SETTLED

    def read(self, target: pd.Series, table: "TableSection") -> Label:
        """Read labels: numbers, or missing."""
        return read_number(target, table)

    def expect_learnable(
        self,
        y: Floats,
        table: "TableSection",
        *,
        what: str,
        where: str = "",
        whole: bool = False,  # noqa: ARG002 - there are no classes
    ) -> None:
        """Refuse labels that are all the same."""
        known = np.unique(y[~np.isnan(y)])
        if len(known) < 2:
            only = f" ({known[0]:g})" if len(known) else ""
            raise TaglineError(
                f"{what} have one value only{only}.",
                where=where,
                todo=f"Bring rows where {table.target} differs, or give the parts larger shares: "
                "tune_share and test_share under [split].",
            )

    def outcome(self, said: Any, table: "TableSection") -> float:  # noqa: ARG002 - any number
        """Read what came true: a number."""
        with suppress(OverflowError):
            if type(said) in (int, float) and isfinite(said):
                return float(said)
        raise ValueError("is no number")

    def label_of(self, kept: Any, rule: Mapping[str, Any]) -> float:  # noqa: ARG002 - any number
        """Give an outcome as a label; NaN where it is no number."""
        return float(kept) if isinstance(kept, int | float) else np.nan

    def outcome_schema(self, table: "TableSection") -> Mapping[str, Any]:  # noqa: ARG002
        """Give how the API describes what came true."""
        return {"type": "number", "description": "What came true."}

    def link(self, margins: Floats) -> Floats:
        """Give the number."""
        return margins[:, 0]

    def calibrated(self, margins: Floats, calibrator: Calibrator) -> Floats:  # noqa: ARG002
        """Give the number: it is not moved."""
        return margins[:, 0]

    def head(self, margins: "spox.Var", calibrator: Calibrator) -> "spox.Var":  # noqa: ARG002
        """Give the number, in a graph."""
        from tagline.tasks import heads  # noqa: PLC0415 - ONNX, a second, and only who seals

        return heads.number(margins)

    def choose_rule(
        self,
        y: Floats,
        given: Floats,
        table: "TableSection",  # noqa: ARG002 - numbers are no classes
        section: "EvaluationSection",
        *,
        most: float = 1.0,  # noqa: ARG002 - of a threshold
        worth: Floats | None = None,  # noqa: ARG002 - of a threshold
    ) -> Rule:
        r"""Choose how far an interval reaches, of errors on the tuning rows.

        Split conformal prediction (Lei et al., 2018) with both ends by themselves: of n errors,
        the :math:`\lceil (n + 1)(1 - \alpha / 2) \rceil`-th smallest in each direction. Where there
        are rows enough, apart for up to five bands of answers, since great answers err by more
        (Mondrian: Vovk et al., 2005, ch. 4).
        """
        share = (1 + section.coverage) / 2
        # Each band needs errors enough for the quantile, and twice as many to tell it from chance.
        needed = max(ROWS_A_BAND, 2 * _fewest(share))
        bands = int(np.clip(len(y) // needed, 1, BANDS))
        edges = np.unique(np.quantile(given, np.linspace(0, 1, bands + 1)[1:-1]))
        place = np.searchsorted(edges, given, side="right")
        apart = [(y - given)[place == band] for band in range(len(edges) + 1)]
        # An edge that all answers lie on leaves a band without rows: it takes the errors of all.
        errors = [each if len(each) >= needed // 2 else y - given for each in apart]
        return Rule(
            {
                "coverage": section.coverage,
                "spread": float(y.std()) or 1.0,
                "rows": len(y),
                "edges": edges.tolist(),
                "below": [_reach(-each, share) for each in errors],
                "above": [_reach(each, share) for each in errors],
            }
        )

    def decided(
        self,
        y: Floats,
        given: Floats,
        rule: Mapping[str, Any],
        section: "EvaluationSection",
        resampling: GroupBootstrap,
        *,
        worth: Floats | None = None,  # noqa: ARG002 - of a threshold
    ) -> dict[str, Any]:
        """Say how many intervals hold what came true, and how wide they are.

        Returns
        -------
        dict
            ``coverage`` (as promised), ``covered`` (share of rows) with ``low`` and ``high`` by
            whole groups, ``width`` (mean, in units of the target), and ``pinball``: the mean
            pinball loss of both ends (Koenker and Bassett, 1978), in units of the target.
        """
        _, low, high = self.decide(given, rule)
        share = (1 + rule["coverage"]) / 2
        held = resampling.mean(((y >= low) & (y <= high)).astype(np.float64))
        found = held.interval(section.level, least=LEAST_GROUPS)
        return {
            "coverage": rule["coverage"],
            "covered": found.value,
            "low": found.low,
            "high": found.high,
            "note": found.note,
            "width": float((high - low).mean()),
            "pinball": (_pinball(y, low, 1 - share) + _pinball(y, high, share)) / 2,
        }

    def decide(self, given: Any, rule: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give the number, and where its interval begins and ends."""
        edges, below, above = rule["edges"], rule["below"], rule["above"]
        if isinstance(given, float):
            band = bisect_right(edges, given)
            return given, given - below[band], given + above[band]
        bands = np.searchsorted(edges, given, side="right")
        return given, given - np.asarray(below)[bands], given + np.asarray(above)[bands]

    def given_of(self, column: Iterable[Any], rule: Mapping[str, Any]) -> Floats:  # noqa: ARG002
        """Give the number, of the column of values."""
        return np.asarray(column, dtype=np.float64)

    def expect_answer(self, given: Any, *, where: str) -> None:
        """Refuse what is no number."""
        if not np.isfinite(given):
            raise TaglineError(
                f"It answers its own example with {given}, which is no number.", where=where
            )

    def telling(self, score: Floats, y: Floats) -> float:
        """Give Spearman's rank correlation, from 0.5 (none) to 1 (the same order), as an AUC is."""
        one, other = (pd.Series(each).rank() for each in (score, y))
        if one.nunique() < 2 or other.nunique() < 2:
            return 0.5
        return float((1 + np.corrcoef(one, other)[0, 1]) / 2)

    def told(self, telling: float) -> str:
        """Say what `telling` gave."""
        return f"a rank correlation of {2 * telling - 1:.4f}"

    def excess(self, y: Floats, given: Floats, rule: Mapping[str, Any]) -> Floats:
        """Give 1 where the interval misses what came true, less the share that was promised."""
        _, low, high = self.decide(given, rule)
        missed = np.asarray((y < low) | (y > high), dtype=np.float64)
        promised = 1.0 - float(rule["coverage"])
        return np.asarray(missed - promised)

    def in_words(self, y: float, given: Any, rule: Mapping[str, Any]) -> tuple[str, str]:
        """Say the number with its interval, and what came true."""
        value, low, high = self.decide(float(given), rule)
        return f"{value:.5g} ({low:.5g} to {high:.5g})", f"{y:.5g}"

    def remarks(self, given: Floats, rule: Mapping[str, Any]) -> list[str]:
        """Say whether all rows are answered alike."""
        low, high = np.quantile(given, [0.05, 0.95])
        fewest, found = _fewest((1 + rule["coverage"]) / 2), []
        if rule["rows"] < fewest:
            found.append(
                f"Intervals of {rule['coverage']:g} take errors on {fewest} rows, and there are "
                f"{rule['rows']}: they reach as far as the greatest error, which holds fewer."
            )
        if high - low >= ALIKE * rule["spread"]:
            return found
        return [
            *found,
            f"Nine of ten rows are answered alike, with {low:.5g} to {high:.5g}, where labels have "
            f"a standard deviation of {rule['spread']:.5g}: the model tells hardly any apart.",
        ]

    def scale(self, rule: Mapping[str, Any]) -> float:
        """Give ten times the spread of labels: trees add scaled leaves in single precision."""
        return 10 * float(rule["spread"])

    def losses(self, y: Floats, given: Floats, metric: str) -> Floats:
        """Give the squared error of each row, or the absolute one for ``mae``."""
        return np.asarray(np.abs(y - given) if metric == "mae" else (y - given) ** 2)

    def wrong(self, y: Floats, given: Floats) -> Floats:
        """Say how far each answer is from what came true."""
        return np.abs(y - given)


def _pinball(y: Floats, quantile: Floats, share: float) -> float:
    """Give the mean loss of a quantile: share * above + (1 - share) * below."""
    apart = y - quantile
    return float(np.maximum(share * apart, (share - 1) * apart).mean())


def _fewest(share: float) -> int:
    """Give how many errors a quantile takes that new ones lie below with a probability."""
    return ceil(share / (1 - share) - 1e-9)


def _reach(errors: Floats, share: float) -> float:
    ordered = np.sort(errors)
    place = min(ceil((len(ordered) + 1) * share), len(ordered)) - 1
    return float(ordered[place])
