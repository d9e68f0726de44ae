"""A question with two answers: a probability of 1, and a decision by a threshold."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.errors import TaglineError
from tagline.metrics import threshold
from tagline.metrics.binary import log_loss_of_rows
from tagline.metrics.calibrators import FITS, Calibrator, apply, sigmoid
from tagline.metrics.intervals import GroupBootstrap
from tagline.metrics.metrics import METRICS
from tagline.metrics.scored import Scored, Weighted
from tagline.tasks.label import Label, read_label
from tagline.tasks.task import AnswerColumn, Floats, Rule, Task

if TYPE_CHECKING:
    import spox

    from tagline.case.config import TableSection
    from tagline.case.evaluation import EvaluationSection

ALIKE = 0.02  # probabilities nearer than that decide nothing
PROBABILITY = AnswerColumn(
    "probability", float, {"minimum": 0, "maximum": 1, "description": "Of 1."}
)
DECISION = AnswerColumn(
    "decision", bool, {"description": "Whether the probability reaches the threshold."}
)


def entropy(p: Floats) -> Floats:
    """Give the log loss of each row that its probability promises, in nats, shape (n,)."""
    return log_loss_of_rows(p, p)


def _entropies(rows: Weighted) -> Floats:
    return rows.total("entropy", lambda own: entropy(own.p)) / rows.size


def _variances(rows: Weighted) -> Floats:
    return rows.total("variance", lambda own: own.p * (1 - own.p)) / rows.size


class Binary(Task):
    """Two answers. A margin is the log-odds of 1; see `tagline.tasks.task.Task`."""

    name = "binary"
    answer: ClassVar = (PROBABILITY, DECISION)
    rule: ClassVar = (AnswerColumn("threshold", float),)
    watched: ClassVar = ("roc_auc", "log_loss", "brier", "ece")
    weekly: ClassVar = ("roc_auc", "log_loss")
    margin: ClassVar = "log_odds"
    calibrators: ClassVar = {
        name: lambda margins, y, *, level, fit=fit: fit(margins[:, 0], y, level=level)
        for name, fit in FITS.items()
    }
    # ROC AUC counts what is found at each probability, whole or not.
    expected: ClassVar = {
        "roc_auc": METRICS["roc_auc"].weighted,
        "log_loss": _entropies,
        "brier": _variances,
    }

    def read(self, target: pd.Series, table: "TableSection") -> Label:
        """Read labels: 1, 0 or missing."""
        return read_label(target, table)

    def expect_learnable(
        self,
        y: Floats,
        table: "TableSection",  # noqa: ARG002 - two classes, whatever they are called
        *,
        what: str,
        where: str = "",
        whole: bool = False,  # noqa: ARG002 - both are needed everywhere
    ) -> None:
        """Refuse labels of one class only."""
        found = np.unique(y[~np.isnan(y)])
        if len(found) < 2:
            only = f" ({found[0]:g})" if len(found) else ""
            raise TaglineError(
                f"{what} have one class only{only}.",
                where=where,
                todo="Bring more rows, or give the parts larger shares: tune_share and test_share "
                "under [split].",
            )

    def outcome(self, said: Any, table: "TableSection") -> float:
        """Read what came true: 1, 0, a flag, or what the table calls them."""
        if type(said) in (bool, int, float) and said in (0, 1):
            return float(said)
        names = {table.positive: 1.0, table.negative: 0.0}
        if type(said) is str and said in names:
            return names[said]
        raise ValueError("is neither 0 nor 1")

    def label_of(self, kept: Any, rule: Mapping[str, Any]) -> float:  # noqa: ARG002 - 0 and 1
        """Give an outcome as a label; NaN where it is neither 0 nor 1."""
        return float(kept) if kept in (0, 1) else np.nan

    def outcome_schema(self, table: "TableSection") -> Mapping[str, Any]:  # noqa: ARG002 - 0 and 1
        """Give how the API describes what came true."""
        return {"enum": [0, 1, False, True], "description": "What came true."}

    def link(self, margins: Floats) -> Floats:
        """Give the probability of 1."""
        return sigmoid(margins[:, 0])

    def calibrated(self, margins: Floats, calibrator: Calibrator) -> Floats:
        """Give the calibrated probability of 1."""
        return apply(calibrator, margins[:, 0])

    def head(self, margins: "spox.Var", calibrator: Calibrator) -> "spox.Var":
        """Give the calibrated probability of 1, in a graph."""
        from tagline.tasks import heads  # noqa: PLC0415 - ONNX, a second, and only who seals

        return heads.binary(margins, calibrator)

    def choose_rule(
        self,
        y: Floats,
        given: Floats,
        table: "TableSection",  # noqa: ARG002 - as expect_learnable
        section: "EvaluationSection",
        *,
        most: float = 1.0,
        worth: Floats | None = None,
    ) -> Rule:
        """Choose the threshold of least cost."""
        chosen = threshold.choose(y, given, cost=section.cost, most=most, worth=worth)
        return Rule({"threshold": float(chosen.value)}, chosen.curve)

    def decided(
        self,
        y: Floats,
        given: Floats,
        rule: Mapping[str, Any],
        section: "EvaluationSection",
        resampling: GroupBootstrap,  # noqa: ARG002 - costs are told without an interval
        *,
        worth: Floats | None = None,
    ) -> dict[str, Any]:
        """Say what acting from the threshold on costs; see `tagline.metrics.threshold.at`."""
        return threshold.at(y, given, rule["threshold"], cost=section.cost, worth=worth)

    def decide(self, given: Any, rule: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give the probability, and whether it reaches the threshold."""
        return given, given >= rule["threshold"]

    def given_of(self, column: Iterable[Any], rule: Mapping[str, Any]) -> Floats:  # noqa: ARG002
        """Give the probability of 1, of the column of probabilities."""
        return np.asarray(column, dtype=np.float64)

    def expect_answer(self, given: Any, *, where: str) -> None:
        """Refuse what is no probability."""
        if not 0 <= given <= 1:
            raise TaglineError(
                f"It answers its own example with {given}, which is no probability.", where=where
            )

    def telling(self, score: Floats, y: Floats) -> float:
        """Give the area under the ROC curve."""
        return METRICS["roc_auc"].of(y, score)

    def excess(self, y: Floats, given: Floats, rule: Mapping[str, Any]) -> Floats:  # noqa: ARG002
        """Give the log loss of each row above the entropy of its probability."""
        return log_loss_of_rows(y, given) - entropy(given)

    def losses(self, y: Floats, given: Floats, metric: str) -> Floats:  # noqa: ARG002
        """Give the log loss of each row."""
        return log_loss_of_rows(y, given)

    def wrong(self, y: Floats, given: Floats) -> Floats:
        """Say how far each probability is from the label."""
        return np.abs(y - given)

    def remarks(self, given: Floats, rule: Mapping[str, Any]) -> list[str]:
        """Say whether all rows are answered alike, and whether decisions are."""
        low, high = np.quantile(given, [0.05, 0.95])
        found = []
        if high - low < ALIKE:
            found.append(
                f"Nine of ten rows are answered alike, with {low:.3f} to {high:.3f}: the model "
                "tells hardly any apart."
            )
        share, at = float((given >= rule["threshold"]).mean()), rule["threshold"]
        if share in (0.0, 1.0):
            acts = "every row" if share else "no row"
            found.append(f"The threshold of {at:.3f} acts on {acts}: decisions say nothing.")
        return found

    def promised(self, given: Floats, place: npt.NDArray[np.int64], groups: int) -> Scored:
        """Take each row as a 1 with the weight of its probability, and as a 0 with the rest."""
        order = np.argsort(-given, kind="stable")
        return Scored(given[order], given[order], place[order], groups)
