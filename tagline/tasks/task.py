"""What every kind of question is: how labels are read, what an answer holds, what it is worth."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.metrics.binary import Metric
from tagline.metrics.calibrators import Calibrator
from tagline.tasks.label import Label

if TYPE_CHECKING:
    import spox

    from tagline.case.config import TableSection

Floats = npt.NDArray[np.float64]
MLFLOW = {float: "double", bool: "boolean", str: "string"}


@dataclass(frozen=True)
class AnswerColumn:
    """A column of answers: the same in the log, batch, the API, its description, CSV and MLflow.

    Attributes
    ----------
    name : str
        What it is called everywhere.
    type : type
        Of one value.
    schema : mapping
        What the API says of it besides, as JSON schema.
    """

    name: str
    type: type
    schema: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mlflow(self) -> str:
        """The type that MLflow's signature gives it."""
        return MLFLOW[self.type]


class Task(ABC):
    """A kind of question. Shapes: n rows, w margins a row.

    Attributes
    ----------
    name : str
        What a config calls it.
    answer : tuple of AnswerColumn
        What is answered; the first is what the graph of a bundle gives.
    rule : tuple of AnswerColumn
        What a decision is made by, which each answer names too.
    metrics : mapping of str to Metric
        What answers can be judged by.
    outcome_schema : mapping
        How the API describes what `outcome` takes.
    """

    name: ClassVar[str]
    answer: ClassVar[tuple[AnswerColumn, ...]]
    rule: ClassVar[tuple[AnswerColumn, ...]]
    metrics: ClassVar[Mapping[str, Metric]]
    outcome_schema: ClassVar[Mapping[str, Any]]

    @abstractmethod
    def read(self, target: pd.Series, table: "TableSection") -> Label:
        """Read labels of a table; raises TaglineError where the column has none."""

    @abstractmethod
    def expect_learnable(self, y: Floats, *, what: str, where: str = "") -> None:
        """Refuse labels that nothing can be learned from, or judged by; raises TaglineError."""

    @abstractmethod
    def outcome(self, given: Any, table: "TableSection") -> float:
        """Read what came true, as a request or a file reports it; raises ValueError."""

    @abstractmethod
    def link(self, margins: Floats) -> Floats:
        """Turn margins [n, w] into what the graph gives, without a calibrator: [n]."""

    @abstractmethod
    def calibrated(self, margins: Floats, calibrator: Calibrator) -> Floats:
        """Turn margins [n, w] into what the graph gives: [n]."""

    @abstractmethod
    def head(self, margins: "spox.Var", calibrator: Calibrator) -> "spox.Var":
        """As `calibrated`, as the end of a graph."""

    @abstractmethod
    def decide(self, given: Any, rule: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give each column of `answer`: of one row, a number; of many, an array [n]."""

    @abstractmethod
    def expect_answer(self, given: float, *, where: str) -> None:
        """Refuse what can not be an answer; raises TaglineError."""

    @abstractmethod
    def telling(self, score: Floats, y: Floats) -> float:
        """Say how much of the label a column knows alone: from 0.5, nothing, to 1, all of it."""


def columns_of(task: Task, given: Floats, rule: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """Give the columns of answers by name, of what a bundle's graph gave."""
    named: Sequence[str] = [each.name for each in task.answer]
    return dict(zip(named, task.decide(given, rule), strict=True))
