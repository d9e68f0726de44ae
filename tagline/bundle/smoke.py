"""Let a bundle answer its own example, as a server would be asked."""

import pandas as pd

from tagline.bundle.load import Bundle
from tagline.errors import TaglineError


def answer_example(bundle: Bundle) -> float:
    """Give a bundle's answer to the example in its own schema, without any history.

    Raises
    ------
    TaglineError
        The answer is no probability.
    """
    example = bundle.read_json("schema.json")["examples"][0]
    row = {field.name: example.get(field.name) for field in bundle.fields}
    row |= dict.fromkeys(bundle.history)
    (answer,) = bundle.predict_frame(pd.DataFrame([row], dtype=object))
    if not 0 <= answer <= 1:
        raise TaglineError(
            f"It answers its own example with {answer}, which is no probability.",
            where=f"bundle {bundle.digest[:12]}",
        )
    return float(answer)
