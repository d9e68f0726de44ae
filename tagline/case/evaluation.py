"""How a model is judged, and what it must reach to become a candidate."""

import difflib
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tagline.case.section import Section

Probabilities = Literal["roc_auc", "average_precision", "log_loss", "brier", "ece"]
Likeliest = Literal["accuracy", "precision", "recall", "f1", "mcc", "top_2"]
Numbers = Literal["rmse", "mae", "mape", "r2"]
KnownMetric = Probabilities | Likeliest | Numbers
METRIC_NAMES: tuple[str, ...] = tuple(
    name for each in (Probabilities, Likeliest, Numbers) for name in get_args(each)
)


def _known(name: Any) -> Any:
    if name in METRIC_NAMES:
        return name
    near = difflib.get_close_matches(str(name).lower(), METRIC_NAMES, n=1)
    meant = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(METRIC_NAMES)}"
    raise PydanticCustomError("unknown_metric", "{text}", {"text": f"no such metric, {meant}"})


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("a name is given twice")
    return names


Figure = Annotated[float, Field(allow_inf_nan=False)]
MetricName = Annotated[KnownMetric, BeforeValidator(_known)]
Distinct = AfterValidator(_distinct)
Calibration = Literal["auto", "none", "platt", "beta", "temperature"]
DAY, ROW = "day", "row"


class CostSection(Section):
    """What a wrong decision costs, in any one unit."""

    false_positive: Annotated[float, Field(ge=0)] = Field(
        default=1.0, description="Cost of acting where it was not needed."
    )
    false_negative: Annotated[float, Field(ge=0)] = Field(
        default=1.0, description="Cost of not acting where it was needed."
    )
    column: str | None = Field(
        default=None,
        description="Column by whose value the costs of each row are multiplied, such as an "
        "amount; a row without one costs nothing.",
    )

    @model_validator(mode="after")
    def _not_both_nothing(self) -> "CostSection":
        if self.false_positive == self.false_negative == 0:
            raise ValueError("one of the two costs must be above 0")
        return self


class EvaluationSection(Section):
    """How a model is judged on the test rows."""

    metrics: Annotated[tuple[MetricName, ...], Field(min_length=1), Distinct] = Field(
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
    calibrate_level: bool = Field(
        default=False,
        description="Whether a calibrator may move the overall rate as well as the shape; "
        "leave it off where the rate moves with the season.",
    )
    cost: CostSection = CostSection()
    capacity: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description='For task = "binary": how many decisions a day can be acted on, on average; '
        "the threshold is then the cheapest one that acts on no more on the tuning days.",
    )
    costs: dict[str, dict[str, Annotated[float, Field(ge=0)]]] = Field(
        default_factory=dict,
        description='For task = "classes": class that came true to class that was said to cost; 1 '
        "where nothing is said, 0 for the right one.",
    )
    coverage: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.9,
        description='For task = "number": share of rows whose interval is to hold what comes true.',
    )
    slices: Annotated[tuple[str, ...], Distinct] = Field(
        default=(), description="Columns whose values or bands are judged apart."
    )
    slice_support: Annotated[int, Field(ge=1)] = Field(
        default=100, description="Fewest rows of a slice; smaller ones are put together."
    )
    slice_resamples: Annotated[int, Field(ge=100)] = Field(
        default=250, description="As resamples, for the slices."
    )
    slice_bands: Annotated[int, Field(ge=2)] = Field(
        default=4, description="Bands of about equal size that a numeric slice is cut into."
    )

    @model_validator(mode="after")
    def _primary_is_computed(self) -> "EvaluationSection":
        if self.primary not in self.metrics:
            raise ValueError(f"primary is {self.primary!r}, which is not among metrics")
        return self


class GatesSection(Section):
    """What a model must reach on the test rows to become a candidate."""

    minimum: dict[MetricName, Figure] = Field(
        default_factory=dict, description="Metric to the least figure that passes."
    )
    maximum: dict[MetricName, Figure] = Field(
        default_factory=dict, description="Metric to the greatest figure that passes."
    )
    beat_baselines: bool | None = Field(
        default=None,
        description="Whether the paired interval must show the primary metric better than every "
        "baseline's. Where left out, it must be better than the base rate's, and no simpler "
        "model's may be better than it.",
    )
    behaviour: bool = Field(default=True, description="Whether every behaviour test must pass.")
    coverage: bool = Field(
        default=True,
        description='For task = "number": whether intervals must hold as many test rows as '
        "promised, or not clearly fewer.",
    )
    champion_margin: Annotated[float, Field(ge=0)] = Field(
        default=0.005,
        description="How much worse than the champion's the primary metric may be, "
        "at the worse end of the paired interval.",
    )
    uncompared: Literal["fail", "pass"] = Field(
        default="fail",
        description="What becomes of a model that can not be compared with the champion, because "
        "today's tables can not give what the champion reads; its gate says why.",
    )
    slice_minimum: dict[MetricName, Figure] = Field(
        default_factory=dict,
        description="Metric to the least figure that passes in every slice where it is defined.",
    )
