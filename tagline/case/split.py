"""Which decisions train, tune and test, as a config says it."""

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from tagline.case.section import Duration, Section
from tagline.case.zones import Zone

Period = tuple[date, date]


class SplitSection(Section):
    """Which decisions train, tune and test: by date where given, else by shares in time order."""

    train: Period | None = Field(default=None, description="First day, and the day after the last.")
    tune: Period | None = Field(default=None, description="As train; early stopping and choices.")
    test: Period | None = Field(default=None, description="As train; looked at once.")
    tune_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.15, description="Share of the days before the test that tune, without dates."
    )
    test_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.2,
        description="Share of the latest rows that test, without dates; of all, without a time.",
    )
    group: str | None = Field(
        default=None,
        description="Column whose rows must all be in one part, such as a person's; for a table "
        "without a time, where rows are split at random.",
    )
    timezone: Zone = Field(default="UTC", description="Whose midnight parts the days.")
    as_known: bool | None = Field(
        default=None,
        description="Whether rows are left out whose labels production would not have known when "
        "the next part began: those that lie less before it than labels take (table.horizon, "
        "table.observed). Where left out, so it is where the days are found by shares, unless it "
        "would take half of a part; dates of your own are kept as you give them.",
    )
    gap: Duration | None = Field(
        default=None,
        description="How long before the first decision of the next part no row trains or tunes; "
        "as_known says it where left out.",
    )
    full_windows: bool = Field(
        default=False,
        description="Whether decisions are left out that were made before every window of the "
        "history was full.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> "SplitSection":
        given = [period for period in (self.train, self.tune, self.test) if period]
        if len(given) not in {0, 3}:
            raise ValueError("train, tune and test are given all three, or none of them")
        days = [day for period in given for day in period]
        if days != sorted(days) or any(first >= last for first, last in given):
            raise ValueError("train, tune and test must follow one another, none of them empty")
        if not given and self.tune_share + self.test_share >= 1:
            raise ValueError("tune_share and test_share leave nothing to train on")
        return self
