"""What every kind of question is: how labels are read, what an answer holds, what it is worth."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.metrics.calibrators import Calibrator
from tagline.metrics.intervals import GroupBootstrap
from tagline.metrics.metric import Figure
from tagline.metrics.scored import Rows
from tagline.tasks.label import Label

if TYPE_CHECKING:
    import spox

    from tagline.case.config import TableSection
    from tagline.case.evaluation import EvaluationSection

Floats = npt.NDArray[np.float64]
MLFLOW: Mapping[Any, Any] = {float: "double", bool: "boolean", str: "string"}
SCORE = "score"
SETTLED = 200  # rows


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
    type: Any
    schema: Mapping[str, Any] = field(default_factory=dict)

    @property
    def of_classes(self) -> bool:
        """Whether a value holds a number for each class."""
        return bool(self.type == dict[str, float])

    @property
    def mlflow(self) -> Mapping[str, Any]:
        """How MLflow's signature describes it."""
        if self.of_classes:
            return {"type": "map", "values": {"type": "double"}}
        return {"type": MLFLOW.get(self.type, "any")}


@dataclass(frozen=True)
class Rule:
    """What decisions are made by.

    Attributes
    ----------
    plain : dict
        What a bundle is sealed with.
    curve : DataFrame
        What others would have cost on the tuning rows; without rows where nothing was compared.
    """

    plain: dict[str, Any]
    curve: pd.DataFrame = field(default_factory=pd.DataFrame)


class Task(ABC):
    """A kind of question. Shapes: n rows, w margins a row, k classes.

    What the graph of a bundle gives is called ``given``: one number a row, float64 [n], or one for
    each class, [n, k].

    Attributes
    ----------
    name : str
        What a config calls it.
    answer : tuple of AnswerColumn
        What is answered; the first is made of what the graph of a bundle gives.
    rule : tuple of AnswerColumn
        What of the rule each answer names too.
    watched : tuple of str
        The metrics that are measured of answers whose outcome is known.
    weekly : tuple of str
        Those that are shown week by week.
    units : str
        What margins are measured in.
    loss : str
        What `excess` is of.
    margin : str
        What the API calls the sum of an explanation.
    calibrators : mapping of str to callable
        What may be fitted to margins [n, w] and labels [n].
    decides : float
        From how much `telling` on a column seems to know the answer.
    settled : float
        See `tagline.transform.feature_encoder.fit_inputs`.
    expected : mapping of str to callable
        What the answers themselves promise of some metrics, of rows whose label is their answer;
        see `tagline.monitoring.estimate`.
    """

    name: ClassVar[str]
    answer: ClassVar[tuple[AnswerColumn, ...]]
    rule: ClassVar[tuple[AnswerColumn, ...]] = ()
    watched: ClassVar[tuple[str, ...]]
    weekly: ClassVar[tuple[str, str]]
    units: ClassVar[str] = "log-odds"
    loss: ClassVar[str] = "log loss"
    margin: ClassVar[str] = "margin"
    calibrators: ClassVar[Mapping[str, Callable[..., Calibrator]]] = {}
    decides: ClassVar[float] = 0.98
    settled: ClassVar[float] = inf
    expected: ClassVar[Mapping[str, Figure]] = {}

    @abstractmethod
    def read(self, target: pd.Series, table: "TableSection") -> Label:
        """Read labels of a table; raises TaglineError where the column has none."""

    @abstractmethod
    def expect_learnable(
        self, y: Floats, table: "TableSection", *, what: str, where: str = "", whole: bool = False
    ) -> None:
        """Refuse labels that nothing can be learned from, or judged by; raises TaglineError.

        `whole` asks for every class that there is: of training rows.
        """

    @abstractmethod
    def outcome(self, said: Any, table: "TableSection") -> float | str:
        """Read what came true, as a request or a file reports it; raises ValueError."""

    @abstractmethod
    def outcome_schema(self, table: "TableSection") -> Mapping[str, Any]:
        """Give how the API describes what `outcome` takes."""

    @abstractmethod
    def label_of(self, kept: Any, rule: Mapping[str, Any]) -> float:
        """Give an outcome, as `outcome` gave it, as a label of a bundle; NaN where it is none."""

    def kept_of(self, label: float, table: "TableSection") -> float | str:  # noqa: ARG002
        """Give a label of a table as an outcome is kept."""
        return label

    def unlike(self, rule: Mapping[str, Any], table: "TableSection") -> str:  # noqa: ARG002
        """Say why a bundle with this rule answers other labels than a table has; else nothing."""
        return ""

    def in_order_of(self, table: "TableSection", given: Floats, rule: Mapping[str, Any]) -> Floats:  # noqa: ARG002
        """Give answers of a bundle in the order of a table's labels."""
        return given

    @abstractmethod
    def link(self, margins: Floats) -> Floats:
        """Turn margins [n, w] into what the graph gives, without a calibrator."""

    @abstractmethod
    def calibrated(self, margins: Floats, calibrator: Calibrator) -> Floats:
        """Turn margins [n, w] into what the graph gives."""

    @abstractmethod
    def head(self, margins: "spox.Var", calibrator: Calibrator) -> "spox.Var":
        """As `calibrated`, as the end of a graph."""

    @abstractmethod
    def choose_rule(
        self,
        y: Floats,
        given: Floats,
        table: "TableSection",
        section: "EvaluationSection",
        *,
        most: float = 1.0,
        worth: Floats | None = None,
    ) -> Rule:
        """Choose what decisions are made by, of the tuning rows.

        `most` is the share that may be acted on, `worth` what the costs of each row are times.
        """

    @abstractmethod
    def decided(
        self,
        y: Floats,
        given: Floats,
        rule: Mapping[str, Any],
        section: "EvaluationSection",
        resampling: GroupBootstrap,
        *,
        worth: Floats | None = None,
    ) -> dict[str, Any]:
        """Say what decisions by a rule come to on the rows of `resampling`, as plain data."""

    @abstractmethod
    def decide(self, given: Any, rule: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give each column of `answer`: of one row, a value; of many, an array [n]."""

    @abstractmethod
    def given_of(self, column: Iterable[Any], rule: Mapping[str, Any]) -> Floats:
        """Give what the graph gave, of the first column of answers."""

    @abstractmethod
    def expect_answer(self, given: Any, *, where: str) -> None:
        """Refuse what can not be an answer to one row; raises TaglineError."""

    @abstractmethod
    def telling(self, score: Floats, y: Floats) -> float:
        """Say how much of a label, one of `targets`, a column knows: from 0.5, nothing, to 1."""

    def told(self, telling: float) -> str:
        """Say what `telling` gave."""
        return f"an AUC of {telling:.4f}"

    def targets(self, y: Floats) -> Floats:
        """Give the labels as numbers that a mean says something of: float64 [n, q]."""
        return y[:, None]

    def rated(self, texts: npt.NDArray[Any], y: Floats) -> Floats:  # noqa: ARG002 - not all need it
        """Give what an encoder of text takes the mean of in each category: float64 [n]."""
        return y

    @abstractmethod
    def excess(self, y: Floats, given: Floats, rule: Mapping[str, Any]) -> Floats:
        """Give the loss of each row above what its answer promised, [n]: 0 on the whole."""

    @abstractmethod
    def losses(self, y: Floats, given: Floats, metric: str) -> Floats:
        """Give the loss of each row by which models are chosen, [n]."""

    def level(self, y: Floats) -> Floats:
        """Give what of the labels is watched on the whole: its mean is shown."""
        return y

    def scores(self, given: Floats, rule: Mapping[str, Any]) -> dict[str, Floats]:  # noqa: ARG002
        """Give numbers whose movement is watched, [n] each; the first is the answer in short."""
        return {SCORE: given}

    @abstractmethod
    def wrong(self, y: Floats, given: Floats) -> Floats:
        """Say how far each answer is from what came true, [n]."""

    def promised(self, given: Floats, place: npt.NDArray[np.int64], groups: int) -> Rows:
        """Take answers as rows whose labels are as they promise, for `expected`."""
        raise NotImplementedError

    def in_words(self, y: float, given: Any, rule: Mapping[str, Any]) -> tuple[str, str]:  # noqa: ARG002
        """Say an answer, and what came true, as a person reads them."""
        return f"{given:.3f}", f"{y:g}"

    def said(self, given: Floats, rule: Mapping[str, Any]) -> npt.NDArray[np.int64] | None:  # noqa: ARG002
        """Give the place of the class that each row is decided to be; None where there is none."""
        return None

    @abstractmethod
    def remarks(self, given: Floats, rule: Mapping[str, Any]) -> list[str]:
        """Say what is odd about answers on the whole, a sentence each: none as a rule."""

    def scale(self, rule: Mapping[str, Any]) -> float:  # noqa: ARG002 - probabilities have the scale 1
        """Give the size of answers that differences are measured against."""
        return 1.0

    def naive(self, y: Floats, rows: int) -> Floats:
        """Give what is answered to so many rows by whoever knows the training labels alone."""
        return np.full(rows, y.mean())

    def shown(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        """Give what of a rule each answer names too."""
        return {each.name: rule[each.name] for each in self.rule}


def judged_by(figures: Mapping[str, Any]) -> str:
    """Name the figure by which models of one question are compared in a replay."""
    return "log_loss" if "log_loss" in figures else "rmse"


def columns_of(task: Task, given: Floats, rule: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """Give the columns of answers by name, of what a bundle's graph gave."""
    named: Sequence[str] = [each.name for each in task.answer]
    return dict(zip(named, task.decide(given, rule), strict=True))
