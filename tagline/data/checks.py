"""What can not be, said before the search."""

import pandas as pd

from tagline.case.config import Case
from tagline.data.features import Features
from tagline.errors import TaglineError
from tagline.inputs.matrix import InputSet
from tagline.inputs.record import record
from tagline.names import near


def expect_sealable(features: Features, inputs: InputSet) -> None:
    """Refuse an input function that can not answer one row, or is another when asked again.

    Raises
    ------
    TaglineError
        It does what one row can not do, such as a mean over the column; or it depends on a clock
        or on chance.
    """
    programs = [
        record(
            features.inputs,
            fields=features.fields,
            history=[declared.name for declared in features.history],
            text=tuple(inputs.encoders),
        ).to_dict()
        for _ in range(2)
    ]
    if programs[0] != programs[1]:
        raise TaglineError(
            "The input function is another when it is asked twice: a clock or chance is in it.",
            where=f"{features.module}: inputs",
            todo="Make inputs of the row alone; the time of the decision is one of its fields.",
        )


def expect_slices(case: Case, frame: pd.DataFrame) -> None:
    """Refuse a slice that names no column."""
    for name in case.evaluation.slices:
        if name not in frame:
            raise TaglineError(
                f"A slice names {name!r}{near(name, frame.columns)}, which is no column.",
                where=f"{case.file}: evaluation.slices",
            )
