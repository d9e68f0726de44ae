"""What laws ask of answers, whatever the question is."""

import numpy as np

from tests.pipeline import Trained


def apart(lived: Trained, one, other) -> float:
    """Give how far answers are apart at the most, in the size that they have."""
    gaps = np.abs(np.asarray(one) - np.asarray(other))
    return float(gaps.max()) / lived.bundle.task.scale(lived.bundle.rule)


def given_of(lived: Trained, answers):
    """Give what the graph gave of a table of answers, shape (n,) or (n, k)."""
    task, rule = lived.bundle.task, lived.bundle.rule
    return task.given_of(answers[task.answer[0].name], rule)


def decided(lived: Trained, given) -> dict[str, list]:
    """Give the other columns of the answers that a graph gave."""
    others = [each.name for each in lived.bundle.task.answer[1:]]
    columns = lived.bundle.columns(np.asarray(given))
    return {name: columns[name].tolist() for name in others}
