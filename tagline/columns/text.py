"""Free text: what people write in sentences, of which a model reads length and number of words."""

from typing import Any

import numpy as np
import pandas as pd

from tagline.columns.kind import Counts, Fit
from tagline.columns.string import String
from tagline.columns.texts import WORD

EXAMPLE = "A few words of text."
FREE = 0.5  # of the rows have a text of their own
FEWEST_TEXTS, FEWEST_WORDS = 20, 4.0


class Text(String):
    """Free text; a missing one is empty."""

    name = "text"

    def fits(self, distinct: pd.Series, counts: Counts, *, name: str) -> Fit | None:  # noqa: ARG002
        """Take columns of mostly different values of several words each."""
        if len(distinct) < FEWEST_TEXTS or len(distinct) <= FREE * counts.sum():
            return None
        words = float(np.median(distinct.str.count(WORD)))
        if words < FEWEST_WORDS:
            return None
        return Fit(hint=f"of some {words:.0f} words each: its length and number of words are read")

    def middle(self, known: pd.Series) -> str:  # noqa: ARG002 - what somebody wrote is theirs
        """Give an example that nobody wrote."""
        return EXAMPLE

    def inputs(self, xp: Any, value: Any, moment: Any) -> dict[str, Any]:  # noqa: ARG002
        """Give its length and its number of words."""
        return {"length": xp.text_length(value), "words": xp.text_words(value)}

    def parts(self, *, is_moment: bool) -> tuple[str, ...]:  # noqa: ARG002
        """Give the names that `inputs` gives."""
        return ("length", "words")
