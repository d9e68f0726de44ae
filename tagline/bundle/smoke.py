"""Let a bundle answer its own example, as a server would be asked."""

import pandas as pd

from tagline.bundle.load import Bundle


def answer_example(bundle: Bundle) -> float:
    """Give a bundle's answer to the example in its own schema, without any history.

    Raises
    ------
    TaglineError
        It is no answer.
    """
    example = bundle.read_json("schema.json")["examples"][0]
    row = {field.name: example.get(field.name) for field in bundle.fields}
    row |= dict.fromkeys(bundle.history)
    (answer,) = bundle.predict_frame(pd.DataFrame([row], dtype=object))
    bundle.task.expect_answer(float(answer), where=bundle.where)
    return float(answer)
