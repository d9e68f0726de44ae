"""Let a bundle answer its own example, as a server would be asked."""

from typing import Any

import pandas as pd

from tagline.bundle.load import Bundle


def answer_example(bundle: Bundle) -> dict[str, Any]:
    """Give a bundle's answer to the example in its own schema, by column, without any history.

    Raises
    ------
    TaglineError
        It is no answer.
    """
    example = bundle.read_json("schema.json")["examples"][0]
    row = {field.name: example.get(field.name) for field in bundle.fields}
    row |= dict.fromkeys(bundle.history)
    given = bundle.predict_frame(pd.DataFrame([row], dtype=object))
    bundle.task.expect_answer(given[0], where=bundle.where)
    return {name: values.tolist()[0] for name, values in bundle.columns(given).items()}
