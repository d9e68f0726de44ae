"""What folds leave of a trial: answers to rows that it has not learned from, and how to fit it."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from tagline.case.search import SearchSection
from tagline.models.custom import fitting, load_family
from tagline.models.families import FAMILIES, Model
from tagline.models.model import Fit, Floats, Margins
from tagline.models.training_data import TrainingData


class OutOfFold(msgspec.Struct, frozen=True):
    """A trial that was judged by folds.

    Attributes
    ----------
    kind : str
        Its family.
    parameters : dict
        Of this trial.
    learning_rate : float or None
        Of this fit.
    seed : int
        Of this trial.
    rounds : int
        Trees that the folds took on average.
    tuned : bool
        Whether a search draws parameters for its family.
    width : int
        Margins a row.
    content : bytes
        Margins of the rows that the folds judge, float64 [m, width].
    """

    kind: str
    parameters: dict[str, Any]
    learning_rate: float | None
    seed: int
    rounds: int
    tuned: bool
    width: int
    content: bytes

    @property
    def margins(self) -> Margins:
        """Its margins of the rows that the folds judge, float64 [m, w]."""
        return np.frombuffer(self.content, np.float64).reshape(-1, self.width)

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes it from again: msgpack."""
        return msgspec.msgpack.encode(self)

    def fitted(self, fit: Fit) -> Model:
        """Fit it once more, to all rows."""
        return fit(
            self.parameters,
            learning_rate=self.learning_rate,
            seed=self.seed,
            rounds=max(1, self.rounds),
        )


def from_bytes(content: bytes) -> OutOfFold:
    """Read what `OutOfFold.to_bytes` gave."""
    return msgspec.msgpack.decode(content, type=OutOfFold)


def fit_of(kind: str, data: TrainingData, search: SearchSection, *, beside: str = "") -> Fit:
    """Give what fits models of a family, one's own among them, to some rows."""
    if kind in FAMILIES:
        return FAMILIES[kind].fitting(data, search)
    return fitting(load_family(kind, beside=beside), data, search)


def over_folds(
    fits: Sequence[Fit],
    data: TrainingData,
    kind: str,
    parameters: Mapping[str, Any],
    *,
    learning_rate: float | None,
    seed: int,
) -> tuple[OutOfFold, float]:
    """Fit a trial on each fold, and keep what it answers to the rows that the fold judges.

    Returns
    -------
    trial : OutOfFold
        What is kept.
    seconds : float
        CPU seconds that its answers took.
    """
    models = [fit(parameters, learning_rate=learning_rate, seed=seed) for fit in fits]
    given = [answered(m, own.X_tune) for m, own in zip(models, data.folds, strict=True)]
    margins = np.concatenate([each for each, _ in given])
    kept = OutOfFold(
        kind=kind,
        parameters=dict(parameters),
        learning_rate=learning_rate,
        seed=seed,
        rounds=round(float(np.mean([model.rounds for model in models]))),
        tuned=models[0].tuned,
        width=margins.shape[1],
        content=margins.tobytes(),
    )
    return kept, sum(seconds for _, seconds in given)


def answered(model: Model, X: Floats) -> tuple[Margins, float]:
    """Give a model's margins of rows, float64 [n, w], and the CPU seconds that they took."""
    rows, begun = np.asarray(X), time.process_time()
    margins = model.margins(rows)
    return margins, time.process_time() - begun
