"""What a config says of columns beside the table: fields put right, streams of events, history."""

from typing import Annotated, Any

from pydantic import Field, StrictFloat, StrictInt, StrictStr, model_validator

from tagline.case.section import Duration, Section
from tagline.columns.kinds import Kind

Finite = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Value = str | bool | int | float
KINDS = (
    "count",
    "sum",
    "mean",
    "share",
    "min",
    "max",
    "std",
    "distinct",
    "trend",
    "exponential_mean",
    "last",
    "age",
)


class FieldSection(Section):
    """What is put right in a column before it is read, in a table and in a request alike."""

    strip: bool = Field(default=False, description="Whether spaces around a text are cut off.")
    lower: bool = Field(default=False, description="Whether a text is written in small letters.")
    missing: tuple[StrictStr | StrictInt | Finite, ...] = Field(
        default=(), description="Values that mean none in this column, such as 999."
    )
    aliases: dict[str, str] = Field(
        default_factory=dict, description="Text to what it is called instead."
    )
    known: str = Field(
        default="",
        description="When a value becomes known, in words, for who approves a model.",
    )

    @property
    def cleaning(self) -> dict[str, Any]:
        """What is put right, as a field calls it."""
        return self.model_dump(exclude={"known"})


class EventsSection(Section):
    """A stream of events: what happened, when, and from when on one could know of it."""

    source: str = Field(description="Where the events are; as `table.source`.")
    time: str = Field(description="Column with the time when an event occurred.")
    known: str | None = Field(
        default=None, description="Column with the time when it became known; `time` if left out."
    )
    key: str | tuple[str, ...] | dict[str, str] = Field(
        default=(),
        description="Columns that say whose event it is, as the decisions call them; "
        '`{ customer = "customer_no" }` where the events call it otherwise.',
    )
    kinds: dict[str, Kind] = Field(
        default_factory=dict, description="As `table.kinds`, of the events' columns."
    )
    formats: dict[str, str] = Field(
        default_factory=dict, description="As `table.formats`, of the events' columns."
    )
    where: dict[str, Value | tuple[Value, ...]] = Field(
        default_factory=dict,
        description="Column to the value, or the values, that an event must have to count.",
    )

    @property
    def keys(self) -> dict[str, str]:
        """What the decisions call a key, to what the events call it."""
        if isinstance(self.key, dict):
            return self.key
        names = (self.key,) if isinstance(self.key, str) else self.key
        return dict(zip(names, names, strict=True))


class HistorySection(Section):
    """One history input: what is computed of which stream, for whom, over which window."""

    count: str | None = Field(default=None, description="Stream: how many events are in a window.")
    sum: str | None = Field(default=None, description="Stream: the sum of `value` in a window.")
    mean: str | None = Field(default=None, description="Stream: the mean of `value`.")
    share: str | None = Field(default=None, description="Stream: how often the flag `value` holds.")
    min: str | None = Field(default=None, description="Stream: the least `value`.")
    max: str | None = Field(default=None, description="Stream: the greatest `value`.")
    std: str | None = Field(default=None, description="Stream: the standard deviation of `value`.")
    distinct: str | None = Field(default=None, description="Stream: how many different `value`s.")
    trend: str | None = Field(default=None, description="Stream: the slope of `value`, a day.")
    exponential_mean: str | None = Field(
        default=None, description="Stream: the mean of `value`, younger events weighing more."
    )
    last: str | None = Field(default=None, description="Stream: `value` of the latest event.")
    age: str | None = Field(default=None, description="Stream: seconds since the latest event.")
    value: str | None = Field(default=None, description="Column of the events.")
    by: str | tuple[str, ...] | None = Field(
        default=None,
        description="Key columns; those of the stream if left out, none (`[]`) for all events.",
    )
    window: Duration | None = Field(default=None, description="Length of the window.")
    bucket: Duration | None = Field(
        default=None,
        description="Length of a bucket, of which a window is a whole number; 5 minutes if left "
        "out.",
    )
    halflife: Duration | None = Field(
        default=None, description="How much older an event weighs half as much."
    )
    most: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="How many different values are counted at the most."
    )
    within: Duration | None = Field(
        default=None, description="How old the latest event may be; any age if left out."
    )
    strictly_before: bool | None = Field(
        default=None, description="Whether what became known at the decision's second is left out."
    )
    where: str | None = Field(
        default=None, description="Flag of the events; only those where it is true count."
    )

    @property
    def kind(self) -> str:
        """What is computed."""
        return next(name for name in KINDS if getattr(self, name) is not None)

    @property
    def stream(self) -> str:
        """The stream that it is computed of."""
        return str(getattr(self, self.kind))

    @property
    def arguments(self) -> dict[str, Any]:
        """All that is given beside the stream and its keys, as a declaration calls it."""
        said = self.model_dump(exclude_none=True)
        return {name: each for name, each in said.items() if name not in (*KINDS, "by")}

    @model_validator(mode="after")
    def _of_one_kind(self) -> "HistorySection":
        given = [name for name in KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "nothing"
            raise ValueError(f"says {said}; it takes one of {', '.join(KINDS)}")
        return self
