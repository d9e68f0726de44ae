"""How a model is judged, and what it must reach to become a candidate."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tagline.case.section import Section

MetricName = Literal["roc_auc", "average_precision", "log_loss", "brier", "ece"]
Calibration = Literal["auto", "none", "platt", "beta"]
DAY, ROW = "day", "row"


class CostSection(Section):
    """What a wrong decision costs, in any one unit."""

    false_positive: Annotated[float, Field(ge=0)] = Field(
        default=1.0, description="Cost of acting where it was not needed."
    )
    false_negative: Annotated[float, Field(ge=0)] = Field(
        default=1.0, description="Cost of not acting where it was needed."
    )

    @model_validator(mode="after")
    def _not_both_nothing(self) -> "CostSection":
        if self.false_positive == self.false_negative == 0:
            raise ValueError("one of the two costs must be above 0")
        return self


class EvaluationSection(Section):
    """How a model is judged on the test rows."""

    metrics: Annotated[tuple[MetricName, ...], Field(min_length=1)] = Field(
        default=("roc_auc", "log_loss", "brier", "ece", "average_precision"),
        description="Figures that are computed, with intervals.",
    )
    primary: MetricName = Field(
        default="roc_auc", description="The figure that comparisons are decided by."
    )
    group: str = Field(
        default=DAY,
        description="What hangs together: 'day' of the decision, 'row', or a column's name.",
    )
    resamples: Annotated[int, Field(ge=100)] = Field(
        default=1000, description="Resamples of whole groups that intervals are made of."
    )
    level: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.95, description="Share of resamples inside an interval."
    )
    calibration: Calibration = Field(
        default="auto", description="Calibrator; 'auto' takes one that earns its place."
    )
    cost: CostSection = CostSection()
    slices: tuple[str, ...] = Field(
        default=(), description="Columns whose values or bands are judged apart."
    )
    slice_support: Annotated[int, Field(ge=1)] = Field(
        default=100, description="Fewest rows of a slice; smaller ones are put together."
    )

    @model_validator(mode="after")
    def _primary_is_computed(self) -> "EvaluationSection":
        if self.primary not in self.metrics:
            raise ValueError(f"primary is {self.primary!r}, which is not among metrics")
        return self


class GatesSection(Section):
    """What a model must reach on the test rows to become a candidate."""

    minimum: dict[MetricName, float] = Field(
        default_factory=dict, description="Metric to the least figure that passes."
    )
    maximum: dict[MetricName, float] = Field(
        default_factory=dict, description="Metric to the greatest figure that passes."
    )
    beat_baselines: bool = Field(
        default=True, description="Whether the primary metric must beat every baseline's, paired."
    )
    behaviour: bool = Field(default=True, description="Whether every behaviour test must pass.")
    champion_margin: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="How much worse than the champion the primary metric may be."
    )
    slice_minimum: dict[MetricName, float] = Field(
        default_factory=dict, description="Metric to the least figure that passes in every slice."
    )
