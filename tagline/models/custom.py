"""A family of models of a person's own: named by its import path, kept as the graph that it writes.

Whatever library fits a model, only its graph goes on from there: nothing of that library is needed
to judge, serve or explain it, and nothing is unpickled.
"""

import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from tagline.case.search import SearchSection
from tagline.case.tasks import BINARY, CLASSES, NUMBER
from tagline.errors import TaglineError
from tagline.metrics.calibrators import sigmoid
from tagline.models.model import Fit, Floats
from tagline.models.onnx_model import OnnxModel
from tagline.models.training_data import TrainingData
from tagline.paths import look_beside

if TYPE_CHECKING:
    from onnx import ModelProto

PAGE = "docs/families.md shows a family whole."
ALIKE = 1e-6  # a probability, by the library and by its graph
LOOKED_AT, ALONE = 2_000, 5  # rows
GREAT = (0.0, -1.0, 1e-30, 1e6, -1e6, 1e30, -1e30)


@runtime_checkable
class Fitted(Protocol):
    """A fitted model."""

    def margins(self, X: Floats) -> npt.NDArray[np.float64]:
        """Give the log-odds of 1 for each row of ``X`` (float32 [n, p], NaN is missing)."""

    def onnx(self) -> "ModelProto":
        """Give the graph with one input, float32 [N, p], and one output: the log-odds of 1."""


@runtime_checkable
class Family(Protocol):
    """What a search can try besides boosted trees.

    One whose ``fit`` obeys ``TrainingData.relative_weight`` says ``weighted = True``.

    Attributes
    ----------
    monotone : bool
        Whether its models keep the directions of ``TrainingData.monotone``.
    """

    monotone: bool

    def draw(self, count: int, *, seed: int) -> Sequence[Mapping[str, Any]]:
        """Give the parameters of so many trials, plain data; the same for the same seed."""

    def fit(
        self, data: TrainingData, parameters: Mapping[str, Any], *, seed: int, threads: int
    ) -> Fitted:
        """Fit a model to the training rows; the same for the same seed."""


def load_family(path: str, *, beside: str = "") -> Family:
    """Import a family.

    Parameters
    ----------
    path : str
        ``module:name``; a class is called without arguments.
    beside : str, optional
        A folder where Python looks for the module too: the config's.

    Raises
    ------
    TaglineError
        There is none of that name, or it lacks what a family has.
    """
    module, _, name = path.partition(":")
    where = f"search.families: {path}"
    look_beside(beside)
    try:
        found = getattr(importlib.import_module(module), name)
        family = found() if isinstance(found, type) else found
    # Whatever a person's own module raises.
    except Exception as wrong:
        looked = f"looked for in {beside or 'no folder of a config'}, and where Python looks"
        raise TaglineError(
            f"It can not be imported: {type(wrong).__name__}: {wrong} ({looked}).",
            where=where,
            todo=PAGE,
        ) from wrong
    if not isinstance(family, Family):
        lacking = [part for part in ("monotone", "draw", "fit") if not hasattr(family, part)]
        raise TaglineError(f"It lacks {', '.join(lacking)}.", where=where, todo=PAGE)
    return family


def draw_of(path: str, count: int, *, seed: int, beside: str = "") -> list[dict[str, Any]]:
    """Let a family draw the parameters of some trials.

    Raises
    ------
    TaglineError
        It can not be imported, does not draw so many, or draws what is no plain data.
    """
    family, where = load_family(path, beside=beside), f"search.families: {path}"
    try:
        drawn = [dict(each) for each in family.draw(count, seed=seed)]
        json.dumps(drawn, allow_nan=False)
    except Exception as wrong:
        raise TaglineError(
            f"It draws no trials as plain data: {type(wrong).__name__}: {wrong}.",
            where=where,
            todo="Let draw give numbers and texts of Python's own: int(...), float(...).",
        ) from wrong
    if len(drawn) != count:
        raise TaglineError(
            f"It draws {len(drawn)} trials where {count} are asked for.", where=where
        )
    return drawn


def fitting(family: Family, data: TrainingData, search: SearchSection) -> Fit:
    """Give what fits models of a family, each held against its own graph.

    Raises
    ------
    TaglineError
        The case gives directions, and the family keeps none; or groups of interactions, which
        only boosted trees keep.
    """
    if data.task not in getattr(family, "tasks", (BINARY,)) or data.task == CLASSES:
        raise TaglineError(
            f"It is of no question of task = {data.task!r}.",
            where="search.families",
            todo='Leave it out; one that fits numbers says tasks = ("number",): docs/families.md.',
        )
    if len(data.interactions):
        raise TaglineError(
            "It keeps no groups of search.interactions.",
            where="search.families",
            todo="Leave it, or the groups, out.",
        )
    if data.weight is not None and not getattr(family, "weighted", False):
        raise TaglineError(
            "It weighs no rows, and table.weight asks for it.",
            where="search.families",
            todo="Leave it out of search.families, or let it fit by data.relative_weight and "
            "say weighted = True.",
        )
    if data.monotone.any() and not family.monotone:
        raise TaglineError(
            "It keeps no directions, and MONOTONE asks for some.",
            where="search.families",
            todo="Leave it out of search.families, or let it keep them and say monotone = True.",
        )

    def fit(
        parameters: Mapping[str, Any],
        *,
        learning_rate: float | None,  # noqa: ARG001 - it has none
        seed: int,
        rounds: int | None = None,  # noqa: ARG001 - as learning_rate
    ) -> OnnxModel:
        fitted = family.fit(data, parameters, seed=seed, threads=search.threads)
        model = OnnxModel.of(_graph_of(fitted), data.X)
        expect_alike(fitted, model, data.X, spread=_spread_of(data))
        return model

    return fit


def _graph_of(fitted: Fitted) -> "ModelProto":
    from onnx import ModelProto  # noqa: PLC0415 - only who fits a family

    graph = fitted.onnx() if isinstance(fitted, Fitted) else None
    if not isinstance(graph, ModelProto) or len(graph.graph.input) != 1:
        raise TaglineError(
            "fit gives no model with margins(X) and onnx(), a graph with one input.",
            where="a family's model",
            todo=PAGE,
        )
    return graph


def expect_alike(
    fitted: Fitted, model: OnnxModel, X: Floats, *, spread: float | None = None
) -> None:
    """Refuse a graph that answers otherwise than the model that wrote it.

    Rows are looked at as they are, with values missing, and with great and small ones.

    Raises
    ------
    TaglineError
        Its probabilities differ by more than 1e-6, or its numbers by more than that share of their
        spread; says by how much, and on which rows.
    """
    for what, rows in changed(X[:: -(-len(X) // LOOKED_AT)]):
        for wrong in _wrong(fitted, model, rows, spread):
            raise TaglineError(
                f"{wrong}, on rows {what}.",
                where="a family's model",
                todo="Mend it, or leave it out of search.families: docs/families.md.",
            )


def _wrong(fitted: Fitted, model: OnnxModel, rows: Floats, spread: float | None) -> Iterator[str]:
    """Say what is wrong with answers, the first that is: what follows rests on it."""
    margins = np.asarray(fitted.margins(rows), np.float64).reshape(-1)
    if len(margins) != len(rows) or not np.isfinite(margins).all():
        yield f"margins gives {np.isfinite(margins).sum():,} numbers for {len(rows):,} rows"
    answers = model.margins(rows)[:, 0]
    singly = [model.margins(rows[n : n + 1])[:, 0] for n in range(min(ALONE, len(rows)))]
    if answers.shape != (len(rows),) or any(each.shape != (1,) for each in singly):
        yield f"Its graph gives {answers.size:,} values for {len(rows):,} rows"
    if not np.isfinite(answers).all():
        yield "Its graph gives no number where the model gives one"
    gap = _gap(margins, answers, spread)
    if gap > ALIKE:
        yield f"Its graph answers otherwise than the model by {gap:.2g} ({ALIKE:g} is allowed)"
    if _gap(np.concatenate(singly), answers[: len(singly)], spread) > ALIKE:
        yield "Its graph answers a row otherwise alone than among others"


def _gap(
    these: npt.NDArray[np.float64], those: npt.NDArray[np.float64], spread: float | None
) -> float:
    if spread is not None:
        return float((np.abs(these - those) / spread).max(initial=0.0))
    return float(np.abs(sigmoid(these) - sigmoid(those)).max(initial=0.0))


def _spread_of(data: TrainingData) -> float | None:
    """Give what gaps of numbers are shares of; None where answers are probabilities."""
    return float(np.std(data.y)) or 1.0 if data.task == NUMBER else None


def changed(X: Floats) -> list[tuple[str, Floats]]:
    """Give rows as they are, with values missing, and with great and small ones, and say which."""
    random = np.random.default_rng(0)
    given = np.array(X, np.float32)
    some = random.random(given.shape) < 1 / 3
    great = random.choice(np.array(GREAT, np.float32), given.shape)
    return [
        ("as they are", given),
        ("with missing values", np.where(some, np.float32(np.nan), given)),
        ("with great values", np.where(some, great, given)),
    ]
