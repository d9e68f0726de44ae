"""What is found of one model: what moved, since when, does it hurt, what to do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from tagline.case.tasks import BINARY
from tagline.metrics.intervals import Interval
from tagline.monitoring.drift import ColumnDrift
from tagline.monitoring.shift import Shift

Verdict = Literal["hurts", "moved", "quiet", "unknown"]


@dataclass(frozen=True)
class Reference:
    """What was known of a model when it was sealed.

    Attributes
    ----------
    metrics : dict of str to float
        Its figures on the test rows.
    positives : float
        Mean of the training rows' labels; NaN where that is not known.
    """

    metrics: Mapping[str, float]
    positives: float

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> "Reference":
        """Read it from a bundle's provenance."""
        parts = {each["part"]: each for each in provenance.get("periods", ())}
        return cls(
            dict(provenance.get("metrics", {})),
            np.nan if (known := parts.get("train", {}).get("positives")) is None else float(known),
        )


@dataclass(frozen=True)
class Findings:
    """What is found of one model in the newest days, as plain data.

    Attributes
    ----------
    digest, run : str
        The model.
    first, last : str
        The window's first and last day; empty where there are no rows.
    rows, days, outcomes : int
        Answered rows, days that have any, and rows of which it is known what came true.
    movements : list of ColumnDrift
        Every column, the farthest first.
    changes : list of Shift
        The newest days beside the days before, the farthest first.
    harm : dict of str to Interval
        What the movement of each column that moved costs; see `tagline.monitoring.harm.harms`.
    excess : Interval
        Loss a row above what the answers promised; see `tagline.tasks.task.Task.excess`.
    measured, estimated : dict of str to Interval
        Performance by what came true, and as the answers promise it.
    before : dict of str to float
        Performance on the test rows.
    target, target_before : Interval, float
        Mean of what came true, and of the training rows' labels.
    weeks : list of dict
        ``week`` (its first day), ``rows``, ``outcomes``, and for each of the
        task's ``weekly`` metrics the measured and the estimated figure with intervals.
    calibration : list of dict
        See `tagline.evaluation.calibration.curve`.
    slices : list of dict
        ``field``, ``value``, ``outcomes``, ``excess``, ``low``, ``high``, the worst first.
    verdict : {"hurts", "moved", "quiet", "unknown"}
        In a word.
    said : list of str
        In sentences: what is so, and what to do.
    task : str
        What kind of question the model answers.
    """

    digest: str
    run: str
    first: str
    last: str
    rows: int
    days: int
    outcomes: int
    movements: list[ColumnDrift]
    changes: list[Shift]
    harm: dict[str, Interval]
    excess: Interval
    measured: dict[str, Interval]
    estimated: dict[str, Interval]
    before: dict[str, float]
    target: Interval
    target_before: float
    weeks: list[dict[str, Any]]
    calibration: list[dict[str, Any]]
    slices: list[dict[str, Any]]
    verdict: Verdict
    said: list[str]
    task: str = BINARY

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)

    @property
    def moved(self) -> list[ColumnDrift]:
        """The columns that moved."""
        return [each for each in self.movements if each.moved]

    @property
    def changed(self) -> list[Shift]:
        """The columns that changed suddenly."""
        return [each for each in self.changes if each.changed]


def readable(column: str) -> str:
    """Name a column of a profile as a person reads it: ``field:origin`` is ``field origin``."""
    return column.replace(":", " ", 1)
