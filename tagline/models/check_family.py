"""What has to hold of every family of models: for who writes one, and for our own."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from tagline.case.search import SearchSection
from tagline.errors import TaglineError
from tagline.metrics.calibrators import sigmoid
from tagline.models.custom import ALIKE, Family, changed, fitting
from tagline.models.families import load
from tagline.models.model import Fit, Model
from tagline.models.space import draw
from tagline.models.training_data import TrainingData

ROWS, INPUTS = 400, 4
TINY = 1e-9
ADDS_UP = 1e-4


def check_family(family: Family | type[Model]) -> None:
    """Hold a family against all that the rest of Tagline believes of it.

    Draws are plain data and follow the seed; so does a model, to the last byte; it answers the same
    from its bytes, and within 1e-6 from its graph, with values missing and great ones too; its
    SHAP values add up to its log-odds within 1e-4; directions are kept, or refused.

    Parameters
    ----------
    family : Family, or a class of models
        One of a person's own, see `tagline.models.custom.Family`, or one of ours.

    Raises
    ------
    TaglineError
        Something of that does not hold; says what.
    """
    drawn = _draws(family)
    data = _data(0)
    model = _fit(family, data)(drawn, learning_rate=None, seed=3)
    again = _fit(family, data)(drawn, learning_rate=None, seed=3)
    _expect(model.to_bytes() == again.to_bytes(), "the same seed gives another model")
    rows = np.concatenate([each for _, each in changed(data.X)])
    answers = model.margins(rows)
    _expect(bool(np.isfinite(answers).all()), "log-odds are not finite")
    loaded = load(model.kind, model.to_bytes())
    _expect(bool((loaded.margins(rows) == answers).all()), "bytes answer otherwise than the model")
    _expect(_gap(model, rows, answers) <= ALIKE, "the graph answers otherwise than the model")
    values, base = model.shap_values(data.X)
    own = model.margins(data.X)
    gap = np.abs(values.sum(axis=1) + base - own) / np.maximum(1.0, np.abs(own))
    _expect(bool(gap.max() <= ADDS_UP), "SHAP values do not add up to the log-odds")
    _check_directions(family, drawn)


def _draws(family: Family | type[Model]) -> Mapping[str, Any]:
    of = partial(draw, SearchSection().space) if isinstance(family, type) else family.draw
    first, again = of(3, seed=7), of(3, seed=7)
    _expect(list(first) == list(again), "the same seed draws other trials")
    _expect(len(first) == 3, "as many trials as asked for are not drawn")
    try:
        json.dumps(list(first), allow_nan=False)
    except (TypeError, ValueError) as wrong:
        raise TaglineError(
            f"Of this family trials are no plain data: {wrong}.", where="check_family"
        ) from None
    return first[0]


def _fit(family: Family | type[Model], data: TrainingData) -> Fit:
    search = SearchSection(max_rounds=30)
    if isinstance(family, type):
        return family.fitting(data, search)
    return fitting(family, data, search)


def _check_directions(family: Family | type[Model], drawn: Mapping[str, Any]) -> None:
    data = _data(1)
    try:
        model = _fit(family, data)(drawn, learning_rate=None, seed=3)
    except TaglineError:
        return
    before = model.margins(data.X)[:, 0]
    raised = np.array(data.X)
    raised[:, 0] += np.float32(0.5)
    known = ~np.isnan(data.X[:, 0])
    _expect(
        bool((model.margins(raised)[:, 0] >= before - TINY)[known].all()),
        "directions are not kept, and not refused",
    )


def _gap(model: Model, rows: npt.NDArray[np.float32], answers: npt.NDArray[np.float64]) -> float:
    session = onnxruntime.InferenceSession(model.onnx().SerializeToString())
    (found,) = session.run(None, {"X": rows})
    return float(np.abs(sigmoid(found) - sigmoid(answers)).max())


def _data(direction: int) -> TrainingData:
    random = np.random.default_rng(5)
    X = random.normal(size=(ROWS, INPUTS)).astype(np.float32)
    # Falls where the direction says that it rises, so that keeping it costs something.
    chance = 1 / (1 + np.exp(X[:, 0] - X[:, 1]))
    y = (random.random(ROWS) < chance).astype(np.float32)
    X[random.random(X.shape) < 0.1] = np.nan
    cuts = np.nanquantile(X, np.linspace(0, 1, 32), axis=0).astype(np.float32)
    directions = np.array([direction, *[0] * (INPUTS - 1)], np.int8)
    half = ROWS // 2
    return TrainingData(X[:half], y[:half], X[half:], y[half:], cuts, directions)


def _expect(holds: bool, wrong: str) -> None:
    if not holds:
        raise TaglineError(f"Of this family {wrong}.", where="check_family")
