"""A question with several answers: a probability of each class, and a decision by its cost."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.classes import class_of, class_texts
from tagline.errors import TaglineError
from tagline.metrics.calibrators import Calibrator
from tagline.metrics.classes import entropy, log_loss_of_rows
from tagline.metrics.intervals import LEAST_GROUPS, GroupBootstrap
from tagline.metrics.metrics import METRICS
from tagline.metrics.scored import Classified, Weighted
from tagline.metrics.temperature import softmax, temperature
from tagline.names import near
from tagline.tasks.label import Label, read_classes
from tagline.tasks.task import SCORE, SETTLED, AnswerColumn, Floats, Rule, Task

if TYPE_CHECKING:
    import spox

    from tagline.case.config import TableSection
    from tagline.case.evaluation import EvaluationSection

PROBABILITIES = AnswerColumn(
    "probabilities",
    dict[str, float],
    {"description": "Of each class; they add up to 1."},
)
DECISION = AnswerColumn(
    "decision",
    str | bool | int | float,
    {"description": "The class of least expected cost: as a rule the likeliest."},
)
SUM = 1e-6


def _entropies(rows: Weighted) -> Floats:
    return rows.total("entropy", lambda own: entropy(own.p)) / rows.size


def _sureness(rows: Weighted) -> Floats:
    return rows.total("sure", lambda own: own.p.max(axis=1)) / rows.size


class Classes(Task):
    """Several classes. A margin a class, of whose differences alone answers are made."""

    name = "classes"
    answer: ClassVar = (PROBABILITIES, DECISION)
    watched: ClassVar = ("accuracy", "log_loss", "brier", "ece")
    weekly: ClassVar = ("accuracy", "log_loss")
    calibrators: ClassVar = {"temperature": temperature}
    settled: ClassVar = SETTLED
    expected: ClassVar = {"accuracy": _sureness, "log_loss": _entropies}

    def read(self, target: pd.Series, table: "TableSection") -> Label:
        """Read labels: the place of the row's class among ``table.classes``, or missing."""
        return read_classes(target, table)

    def expect_learnable(
        self,
        y: Floats,
        table: "TableSection",
        *,
        what: str,
        where: str = "",
        whole: bool = False,
    ) -> None:
        """Refuse labels of one class only, or training rows that lack one."""
        found = set(np.unique(y[~np.isnan(y)]).astype(int).tolist())
        names = class_texts(table.classes)
        if len(found) < 2:
            only = f" ({', '.join(names[at] for at in found)})" if found else ""
            raise TaglineError(
                f"{what} have one class only{only}.",
                where=where,
                todo="Bring more rows, or give the parts larger shares: tune_share and test_share "
                "under [split].",
            )
        lacking = [name for at, name in enumerate(names) if at not in found]
        if whole and lacking:
            raise TaglineError(
                f"{what} have no {lacking[0]!r}: nothing can be learned of a class without a row.",
                where=where,
                todo="Leave it out of table.classes, and its rows are counted and not used; or "
                "bring more rows of it.",
            )

    def outcome(self, said: Any, table: "TableSection") -> str:
        """Read what came true: one of the classes, as the table has it or as text."""
        place = class_of(said, table.classes)
        if place is None:
            raise ValueError(f"is none of the classes{near(str(said), class_texts(table.classes))}")
        return class_texts(table.classes)[place]

    def outcome_schema(self, table: "TableSection") -> Mapping[str, Any]:
        """Give how the API describes what came true."""
        return {"enum": list(table.classes), "description": "What came true."}

    def label_of(self, kept: Any, rule: Mapping[str, Any]) -> float:
        """Give the place of a class that came true; NaN where the bundle knows none of it."""
        place = class_of(kept, rule["classes"])
        return np.nan if place is None else float(place)

    def kept_of(self, label: float, table: "TableSection") -> float | str:
        """Give the name of a class; NaN where there is no label."""
        return label if np.isnan(label) else class_texts(table.classes)[int(label)]

    def unlike(self, rule: Mapping[str, Any], table: "TableSection") -> str:
        """Say which classes one has and the other has not."""
        theirs, ours = class_texts(rule["classes"]), class_texts(table.classes)
        apart = sorted({*theirs} ^ {*ours})
        if not apart:
            return ""
        where = "it knows and the table does not" if apart[0] in theirs else "it does not know"
        return f"there is a class {apart[0]!r} that {where}"

    def in_order_of(self, table: "TableSection", given: Floats, rule: Mapping[str, Any]) -> Floats:
        """Give probabilities in the order of a table's classes."""
        theirs = class_texts(rule["classes"])
        return given[:, [theirs.index(each) for each in class_texts(table.classes)]]

    def link(self, margins: Floats) -> Floats:
        """Give the probabilities of the classes."""
        return softmax(margins)

    def calibrated(self, margins: Floats, calibrator: Calibrator) -> Floats:
        """Give the calibrated probabilities of the classes."""
        return softmax(margins / calibrator.get("temperature", 1.0))

    def head(self, margins: "spox.Var", calibrator: Calibrator) -> "spox.Var":
        """Give the calibrated probabilities of the classes, in a graph."""
        from tagline.tasks import heads  # noqa: PLC0415 - ONNX, a second, and only who seals

        return heads.classes(margins, calibrator)

    def choose_rule(
        self,
        y: Floats,  # noqa: ARG002 - costs are given, and probabilities mean what they say
        given: Floats,  # noqa: ARG002
        table: "TableSection",
        section: "EvaluationSection",
        *,
        most: float = 1.0,  # noqa: ARG002 - of a threshold
        worth: Floats | None = None,  # noqa: ARG002 - of a threshold
    ) -> Rule:
        """Take the costs of the config: a decision is the class of least expected cost."""
        names = class_texts(table.classes)
        costs = [
            [section.costs.get(truth, {}).get(said, float(truth != said)) for said in names]
            for truth in names
        ]
        return Rule({"classes": list(table.classes), "costs": costs if section.costs else []})

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
        """Say what decisions cost, and which classes are taken for which.

        Returns
        -------
        dict
            ``cost`` (mean of a row) with ``low`` and ``high`` by whole groups, and ``confusion``
            (rows by class and decision, [k][k]).
        """
        code, said = y.astype(np.int64), _cheapest(given, rule)
        k = given.shape[1]
        costs = np.asarray(rule["costs"] or 1 - np.eye(k))
        found = resampling.mean(costs[code, said]).interval(section.level, least=LEAST_GROUPS)
        confusion = np.bincount(code * k + said, minlength=k * k).reshape(k, k)
        return {
            "classes": class_texts(rule["classes"]),
            "cost": found.value,
            "low": found.low,
            "high": found.high,
            "note": found.note,
            "confusion": confusion.tolist(),
        }

    def decide(self, given: Any, rule: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give the probability of each class, and the class of least expected cost."""
        names, p = class_texts(rule["classes"]), np.asarray(given, dtype=np.float64)
        said = _cheapest(np.atleast_2d(p), rule)
        if p.ndim == 1:
            return dict(zip(names, p.tolist(), strict=True)), rule["classes"][said[0]]
        told = np.empty(len(p), dtype=object)
        told[:] = [dict(zip(names, each, strict=True)) for each in p.tolist()]
        labels = pd.Series(rule["classes"]).to_numpy()
        return told, labels[said]

    def given_of(self, column: Iterable[Any], rule: Mapping[str, Any]) -> Floats:
        """Give the probabilities of the classes, of the column of answers."""
        names = class_texts(rule["classes"])
        rows = [[each[name] for name in names] for each in column]
        return np.asarray(rows, dtype=np.float64).reshape(-1, len(names))

    def expect_answer(self, given: Any, *, where: str) -> None:
        """Refuse what are no probabilities."""
        p = np.asarray(given)
        if not ((p >= 0) & (p <= 1)).all() or abs(p.sum() - 1) > SUM:
            raise TaglineError(
                f"It answers its own example with {p.tolist()}, which are no probabilities.",
                where=where,
            )

    def telling(self, score: Floats, y: Floats) -> float:
        """Give the area under the ROC curve of one class against the rest."""
        return METRICS["roc_auc"].of(y, score)

    def targets(self, y: Floats) -> Floats:
        """Give 1 for the row's class and 0 for the others."""
        return np.asarray(y[:, None] == np.unique(y), dtype=np.float64)

    def rated(self, texts: npt.NDArray[Any], y: Floats) -> Floats:
        """Give a number for each row's class, such that categories lie apart by their means.

        The first principal component of the classes' shares in each category, weighted by its rows
        (Coppersmith, Hong and Hosking, 1999): the one order of categories that tells the most.
        """
        truth = self.targets(y)
        _, place, counts = np.unique(texts, return_inverse=True, return_counts=True)
        shares = np.stack([np.bincount(place, each) for each in truth.T], axis=1) / counts[:, None]
        centred = shares - truth.mean(axis=0)
        _, vectors = np.linalg.eigh((centred * counts[:, None]).T @ centred)
        direction = vectors[:, -1]
        # Of two directions the one whose greatest part is positive, on every machine.
        direction = direction * np.sign(direction[np.argmax(np.abs(direction))])
        return np.asarray(truth @ direction)

    def excess(self, y: Floats, given: Floats, rule: Mapping[str, Any]) -> Floats:  # noqa: ARG002
        """Give the log loss of each row above the entropy of its probabilities."""
        return log_loss_of_rows(y, given) - entropy(given)

    def level(self, y: Floats) -> Floats:
        """Give nothing: the mean of classes is none."""
        return np.full(len(y), np.nan)

    def scores(self, given: Floats, rule: Mapping[str, Any]) -> dict[str, Floats]:
        """Give the probability of the likeliest class, and of each."""
        named = zip(class_texts(rule["classes"]), given.T, strict=True)
        return {SCORE: given.max(axis=1), **{f"{SCORE}:{name}": own for name, own in named}}

    def in_words(self, y: float, given: Any, rule: Mapping[str, Any]) -> tuple[str, str]:
        """Say the class that is decided for with its probability, and what came true."""
        p, decision = self.decide(given, rule)
        (said,) = class_texts([decision])
        return f"{said} ({p[said]:.3f})", class_texts(rule["classes"])[int(y)]

    def said(self, given: Floats, rule: Mapping[str, Any]) -> npt.NDArray[np.int64]:
        """Give the place of the class that each row is decided to be."""
        return _cheapest(given, rule)

    def remarks(self, given: Floats, rule: Mapping[str, Any]) -> list[str]:
        """Say whether all rows are decided alike."""
        said = np.unique(_cheapest(given, rule))
        if len(said) > 1:
            return []
        name = class_texts(rule["classes"])[int(said[0])]
        return [f"Every row is decided to be {name!r}: decisions say nothing."]

    def naive(self, y: Floats, rows: int) -> Floats:
        """Give the share of each class to every row."""
        return np.tile(self.targets(y).mean(axis=0), (rows, 1))

    def losses(self, y: Floats, given: Floats, metric: str) -> Floats:  # noqa: ARG002
        """Give the log loss of each row."""
        return log_loss_of_rows(y, given)

    def wrong(self, y: Floats, given: Floats) -> Floats:
        """Say how much probability each row's own class lacks."""
        own = np.take_along_axis(given, y.astype(np.int64)[:, None], axis=1)
        return np.asarray(1 - own[:, 0])

    def promised(self, given: Floats, place: npt.NDArray[np.int64], groups: int) -> Classified:
        """Take rows as their probabilities are; labels are not looked at."""
        return Classified(np.zeros(len(given)), given, place, groups)


def _cheapest(p: Floats, rule: Mapping[str, Any]) -> npt.NDArray[np.int64]:
    if not rule["costs"]:
        likeliest: npt.NDArray[np.int64] = np.argmax(p, axis=1).astype(np.int64)
        return likeliest
    # Not by BLAS, which adds in another order for many rows than for one.
    expected = np.einsum("nk,kj->nj", p, np.asarray(rule["costs"], dtype=np.float64))
    found: npt.NDArray[np.int64] = np.argmin(expected, axis=1).astype(np.int64)
    return found
