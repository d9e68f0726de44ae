"""What every section of a case's config has in common."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Section(BaseModel):
    """One table of the config: unknown keys are refused, values never change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _timedelta(text: str) -> str:
    import pandas as pd  # noqa: PLC0415 - most commands need a third of a second less without it

    try:
        pd.Timedelta(text)
    except ValueError as wrong:
        raise ValueError(f"{text!r} is not a length of time such as '2h' or '7D'") from wrong
    return text


Duration = Annotated[str, AfterValidator(_timedelta)]
