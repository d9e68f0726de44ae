"""Which stretch of the past is replayed, and how much each training may cost."""

from datetime import date
from typing import Annotated

from pydantic import Field

from tagline.case.section import Section


class ReplaySection(Section):
    """How the past is replayed."""

    first: date | None = Field(
        default=None,
        description="First day that is answered; a quarter into the table where left out.",
    )
    until: date | None = Field(
        default=None, description="The day after the last; that of the table where left out."
    )
    tune_days: Annotated[int, Field(ge=1)] = Field(
        default=14, description="Newest days before the test that tune a training."
    )
    test_days: Annotated[int, Field(ge=1)] = Field(
        default=14, description="Newest days that a training is judged by."
    )
    max_rows: Annotated[int, Field(ge=100)] = Field(
        default=50_000, description="Most rows that a training learns from, evenly chosen."
    )
    trials: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Models that a training tries; one of each family at least."
    )
    champion_margin: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.02,
        description="How much worse than the champion a training may be on its test days, at the "
        "worse end of the interval; few days have wide ones.",
    )
    learning_rate: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.1, description="Learning rate of a training."
    )
