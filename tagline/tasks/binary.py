"""A question with two answers: a probability of 1, and a decision by a threshold."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from tagline.errors import TaglineError
from tagline.metrics.binary import METRICS, Metric
from tagline.metrics.calibrators import Calibrator, apply, sigmoid
from tagline.tasks.label import Label, read_label
from tagline.tasks.task import AnswerColumn, Floats, Task

if TYPE_CHECKING:
    import spox

    from tagline.case.config import TableSection

PROBABILITY = AnswerColumn(
    "probability", float, {"minimum": 0, "maximum": 1, "description": "Of 1."}
)
DECISION = AnswerColumn(
    "decision", bool, {"description": "Whether the probability reaches the threshold."}
)


class Binary(Task):
    """Two answers. A margin is the log-odds of 1; see `tagline.tasks.task.Task`."""

    name = "binary"
    answer: ClassVar = (PROBABILITY, DECISION)
    rule: ClassVar = (AnswerColumn("threshold", float),)
    metrics: ClassVar[Mapping[str, Metric]] = METRICS
    outcome_schema: ClassVar[Mapping[str, Any]] = {
        "enum": [0, 1, False, True],
        "description": "What came true.",
    }

    def read(self, target: pd.Series, table: "TableSection") -> Label:
        """Read labels: 1, 0 or missing."""
        return read_label(target, table)

    def expect_learnable(self, y: Floats, *, what: str, where: str = "") -> None:
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

    def outcome(self, given: Any, table: "TableSection") -> float:
        """Read what came true: 1, 0, a flag, or what the table calls them."""
        if type(given) in (bool, int, float) and given in (0, 1):
            return float(given)
        names = {table.positive: 1.0, table.negative: 0.0}
        if type(given) is str and given in names:
            return names[given]
        raise ValueError("is neither 0 nor 1")

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

    def decide(self, given: Any, rule: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give the probability, and whether it reaches the threshold."""
        return given, given >= rule["threshold"]

    def expect_answer(self, given: float, *, where: str) -> None:
        """Refuse what is no probability."""
        if not 0 <= given <= 1:
            raise TaglineError(
                f"It answers its own example with {given}, which is no probability.", where=where
            )

    def telling(self, score: Floats, y: Floats) -> float:
        """Give the area under the ROC curve."""
        return METRICS["roc_auc"].of(y, score)
