"""How a model that answers is watched, when it is trained again, and what runs when."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from tagline.case.section import Section
from tagline.case.zones import Zone

Trigger = Literal["age", "growth", "drift", "loss", "estimated_loss"]
Days = Annotated[int, Field(ge=1)]
FLOWS = ("train", "promote", "snapshot", "score", "monitor")


class MonitoringSection(Section):
    """What counts as moved, and what counts as harm."""

    window_days: Days = Field(default=28, description="The newest days that are looked at.")
    min_days: Days = Field(
        default=8, description="Days with answers below which nothing is tested."
    )
    block_days: Days = Field(
        default=2, description="Days that hang together; tests and intervals draw whole blocks."
    )
    min_psi: Annotated[float, Field(ge=0)] = Field(
        default=0.1, description="Smallest population stability index that counts as moved."
    )
    recent_days: Days = Field(
        default=7,
        description="The newest days with answers, held against those before them.",
    )
    min_change: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5,
        description="Smallest share of rows in other bins than before that counts as a sudden "
        "change.",
    )
    min_new: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.05,
        description="Smallest rise of the share of missing values, or of categories that training "
        "did not count, that does.",
    )
    false_alarms: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.05, description="Share of false ones among what is said to have moved."
    )
    min_excess: Annotated[float, Field(ge=0)] = Field(
        default=0.002,
        description="Log loss above what the answers promised that counts as harm.",
    )
    table_outcomes: bool = Field(
        default=True,
        description="Whether what came true is also looked up in the case's tables, by the row's "
        "id; what was reported to the server counts first.",
    )
    resamples: Annotated[int, Field(ge=99)] = Field(
        default=999, description="Draws of each test and interval."
    )
    level: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.95, description="Share of the draws inside an interval."
    )
    slices: tuple[str, ...] = Field(
        default=(), description="Fields whose values are judged by themselves."
    )
    slice_support: Annotated[int, Field(ge=1)] = Field(
        default=200, description="Rows with an outcome below which a slice is not judged."
    )

    @model_validator(mode="after")
    def _can_test(self) -> "MonitoringSection":
        for name in ("min_days", "recent_days"):
            days = getattr(self, name)
            if days > self.window_days:
                raise ValueError(
                    f"{name} = {days} is more than window_days = {self.window_days}: nothing would "
                    "ever be tested"
                )
        return self


class RetrainingSection(Section):
    """When a model is trained again, and what then happens to it."""

    on: tuple[Trigger, ...] = Field(
        default=("growth", "loss"),
        description="What starts training: age, growth (of the labelled rows), drift, loss, "
        "estimated_loss; never where empty.",
    )
    age_days: Days = Field(default=30, description="Age of the champion, for `age`.")
    growth: Annotated[float, Field(gt=0)] = Field(
        default=0.22,
        description="Labelled rows that came since, as a share of what was learned from, for "
        "`growth`.",
    )
    drifted: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Fields that moved, the score among them, for `drift`."
    )
    excess: Annotated[float, Field(ge=0)] = Field(
        default=0.003,
        description="Log loss above what the answers promised, for `loss`; its interval must lie "
        "above 0 too.",
    )
    estimated_rise: Annotated[float, Field(ge=0)] = Field(
        default=0.05,
        description="Rise of the estimated log loss over that of the training rows, as a share, "
        "for `estimated_loss`.",
    )
    cool_down_days: Days = Field(
        default=12, description="Days after a training in which nothing starts another."
    )
    promote: bool = Field(
        default=False, description="Whether a candidate that passes is promoted without a person."
    )


class ScheduleSection(Section):
    """What one machine runs when; `tagline schedule` keeps to it."""

    cron: dict[str, str] = Field(
        default_factory=dict,
        description="Flow (train, promote, snapshot, score, monitor) to a cron line such as "
        "'0 6 * * *'.",
    )
    timezone: Zone = Field(default="UTC", description="The clocks that the lines are on.")
    missed: Literal["once", "skip"] = Field(
        default="once",
        description="What is done about times that passed while nothing ran: run once, or skip.",
    )

    @model_validator(mode="after")
    def _can_run(self) -> "ScheduleSection":
        for flow in self.cron:
            if flow not in FLOWS:
                raise ValueError(f"cron names {flow!r}, which is none of {', '.join(FLOWS)}")
        if self.cron:
            self._expect_lines()
        return self

    def _expect_lines(self) -> None:
        from tagline.case import cron  # noqa: PLC0415 - most cases schedule nothing

        for flow, line in self.cron.items():
            try:
                cron.trigger(line, ZoneInfo(self.timezone))
            except ValueError as wrong:
                raise ValueError(f"cron.{flow}: {wrong}") from wrong
