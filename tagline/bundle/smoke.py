"""Let a bundle answer its own example, as a server would be asked."""

from typing import Any

import pandas as pd

from tagline.bundle.load import Bundle
from tagline.errors import TaglineError
from tagline.inputs.field import Field


def answer_example(bundle: Bundle) -> float:
    """Give a bundle's answer to the example in its own schema, without any history.

    Raises
    ------
    TaglineError
        The answer is no probability.
    """
    example = bundle.read_json("schema.json")["examples"][0]
    raw = {field.name: _column(example.get(field.name), field) for field in bundle.fields}
    past = {name: [float("nan")] for name in bundle.history}
    (answer,) = bundle.predict_frame(pd.DataFrame(raw | past))
    if not 0 <= answer <= 1:
        raise TaglineError(
            f"It answers its own example with {answer}, which is no probability.",
            where=f"bundle {bundle.digest[:12]}",
        )
    return float(answer)


def _column(value: Any, field: Field) -> "pd.Series[Any]":
    if field.kind == "timestamp":
        return pd.Series(pd.to_datetime([value], utc=True))
    return pd.Series([value], dtype="float64" if field.kind == "number" else None)
