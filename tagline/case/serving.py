"""What a server does beside answering: what it keeps, what it hides, what it says in words."""

from typing import Annotated, Literal

from pydantic import Field

from tagline.case.section import Duration, Section


class ServingSection(Section):
    """How a case is served."""

    personal: tuple[str, ...] = Field(
        default=(),
        description="Fields that name a person; the log holds a keyed pseudonym instead. The "
        "table's id may be among them.",
    )
    subject: str | None = Field(
        default=None,
        description="The field, or the table's id, that `tagline forget --subject` looks for, "
        "and that a challenger's share is dealt by; the table's id where left out.",
    )
    retention_days: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="How long predictions and outcomes are kept; for ever where none."
    )
    refused: bool = Field(
        default=True, description="The decision that refuses an applicant, and is given reasons."
    )
    reasons: dict[str, str] = Field(
        default_factory=dict,
        description="Input or source to the reason in words that an applicant is told.",
    )
    max_reasons: Annotated[int, Field(ge=1)] = Field(
        default=4, description="How many reasons an applicant is told."
    )
    fsync: bool = Field(
        default=False,
        description="Whether each record is on the disk, and not only with the system, before its "
        "answer leaves: a power failure loses none, and each answer takes longer.",
    )
    segment_bytes: Annotated[int, Field(ge=1_000)] = Field(
        default=64_000_000, description="Size at which a segment of the log is closed."
    )
    segment_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60.0, description="Age at which a segment of the log is closed."
    )
    max_bytes: Annotated[int, Field(ge=1_000)] = Field(
        default=4_000_000, description="Largest body of a request."
    )
    max_rows: Annotated[int, Field(ge=1)] = Field(
        default=10_000, description="Most rows of a request."
    )
    max_explained: Annotated[int, Field(ge=1)] = Field(
        default=100, description="Most rows of a request for explanations."
    )
    body_seconds: Annotated[float, Field(gt=0)] = Field(
        default=20.0, description="How long a client may take to send a body."
    )
    idle_seconds: Annotated[int, Field(ge=1)] = Field(
        default=75, description="How long a connection stays open without a request."
    )
    history_within: Duration | None = Field(
        default=None,
        description="How long after its moment a snapshot's history holds, such as '2h'; where "
        "left out, each window for as long as it is long.",
    )
    outside_history: Literal["missing", "refuse"] = Field(
        default="missing",
        description="What becomes of a row whose decision lies before the snapshot, or so long "
        "after it: its history is missing, which the answer says, or the request is refused.",
    )
    load_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60.0, description="How long a new champion may take to load and warm up."
    )
