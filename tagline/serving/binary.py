"""What belongs to a question with two answers: what a server says, and what may come true."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tagline.case.config import Case

SHAPE: Mapping[str, Any] = {
    "probability": {"type": "number", "minimum": 0, "maximum": 1, "description": "Of 1."},
    "decision": {
        "type": "boolean",
        "description": "Whether the probability reaches the threshold.",
    },
}
OUTCOME: Mapping[str, Any] = {"enum": [0, 1, False, True], "description": "What came true."}


class Prediction(msgspec.Struct, omit_defaults=True, gc=False):
    """The answer to one row.

    Attributes
    ----------
    prediction_id : str
        Names it, for outcomes.
    probability : float
        Of 1.
    decision : bool
        Whether the probability reaches the threshold.
    unknown : sequence of str
        Inputs whose category the model has never seen.
    missing : sequence of str
        Fields that have no value.
    outside : str
        Why history is missing: ``stale``, where the snapshot is too old for the decision, or
        ``future``, where the decision lies before it.
    """

    prediction_id: str
    probability: float
    decision: bool
    unknown: Sequence[str] = ()
    missing: Sequence[str] = ()
    outside: str = msgspec.field(default="", name="outside_history")


def label(given: Any, case: Case) -> float:
    """Read what came true: 1, 0, a flag, or what the table calls them.

    Raises
    ------
    ValueError
        It is neither.
    """
    if type(given) in (bool, int, float) and given in (0, 1):
        return float(given)
    names = {case.table.positive: 1.0, case.table.negative: 0.0}
    if given is not None and type(given) is str and given in names:
        return names[given]
    raise ValueError("is neither 0 nor 1")
