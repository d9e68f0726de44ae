"""What pages and last lines say in the same words."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from tagline.evaluation.evaluate import Evaluation


def between(figure: Mapping[str, Any]) -> str:
    """Write a figure's interval, or why there is none."""
    if isnan(figure["low"]):
        return f"none: {figure['note']}"
    return f"{figure['low']:.4f} to {figure['high']:.4f}"


def verdict(evaluation: Evaluation) -> str:
    """Say what the gates came to."""
    gates = evaluation.gates
    if not gates:
        return "NO GATE is asked of this case, so nothing was held against it"
    return f"{sum(gate['passed'] for gate in gates)} of {len(gates)} gates passed"
