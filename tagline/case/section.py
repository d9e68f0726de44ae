"""What every section of a case's config has in common."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Section(BaseModel):
    """One table of the config: unknown keys are refused, values never change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _timedelta(text: str) -> str:
    import pandas as pd  # noqa: PLC0415 - most commands need a third of a second less without it

    wrong = f"{text!r} is not a length of time such as '2h' or '7D'"
    try:
        length = pd.Timedelta(text)
    except ValueError as unread:
        raise ValueError(wrong) from unread
    # A number alone would be nanoseconds.
    if pd.isna(length) or length <= pd.Timedelta(0) or not any(map(str.isalpha, text)):
        raise ValueError(wrong)
    return text


Duration = Annotated[str, AfterValidator(_timedelta)]
