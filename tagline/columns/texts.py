"""What is counted of a text: its length, and its words; on a column and on one value.

Length is counted in steps, which a graph can tell apart: the greatest step that a text reaches.
Words are parted by spaces.
"""

from bisect import bisect_right
from typing import Any

import numpy as np
import numpy.typing as npt

# About a sixth apart where texts are short, and up to what expressions of a graph may repeat.
STEPS: tuple[int, ...] = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300),
    *(400, 500, 600, 800, 1000),
)
WORD = r"[^ ]+"


def text_length(text: str) -> float:
    """Give the greatest of `STEPS` that a text's letters reach; NaN of no text."""
    return float(STEPS[bisect_right(STEPS, len(text)) - 1]) if text else np.nan


def text_words(text: str) -> float:
    """Count what spaces part; NaN of no text."""
    return float(sum(map(bool, text.split(" ")))) if text else np.nan


class Texts:
    """NumPy's namespace, with what is counted of texts."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def text_length(self, texts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """As `text_length`, of each of a column."""
        # NumPy's own count leaves out what a text ends in where that is NUL.
        letters = [len(each) for each in texts.tolist()]
        steps = np.asarray((np.nan, *STEPS))
        return steps[np.searchsorted(STEPS, letters, side="right")]

    def text_words(self, texts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """As `text_words`, of each of a column."""
        return np.array([text_words(each) for each in texts.tolist()], dtype=np.float64)
