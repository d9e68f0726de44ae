"""What a server says: one struct for each answer, of the columns that a task has."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tagline.history.ageing import FUTURE, STALE
from tagline.tasks.task import AnswerColumn, Task

Outside = Annotated[
    str,
    Meta(
        description="Why history is missing: the snapshot is too old, or knows too much.",
        extra_json_schema={"enum": ["", STALE, FUTURE]},
    ),
]


class ModelName(msgspec.Struct):
    """Which model has answered, and by which entry of the ledger."""

    run: str
    digest: str
    entry: int


class HistoryAge(msgspec.Struct):
    """How old the history of an answer is: when it was taken, seconds since 1970, and its age."""

    as_of: float
    age_seconds: float


class Contribution(msgspec.Struct, omit_defaults=True):
    """What an input, or a source of inputs, adds to the margin that is explained.

    Attributes
    ----------
    name : str
        The input or the source.
    contribution : float
        Its share: in log-odds, positive speaks for 1; of classes for the one that was decided for;
        of a number in its own units.
    value : float, str or None
        What the input was; None where it is missing, and for a source.
    """

    name: str
    contribution: float
    value: Any = None


class Accepted(msgspec.Struct):
    """How many outcomes were taken."""

    accepted: int
    unknown: Annotated[
        int, Meta(description="How many of them name no answer that is known; they are kept.")
    ]


class FieldError(msgspec.Struct):
    """A field that is wrong: its name, where it is (RFC 6901), and why."""

    field: str
    pointer: str
    detail: str


class ProblemDetails(msgspec.Struct):
    """Why there is no answer (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] = []


@dataclass(frozen=True)
class Shapes:
    """The structs of one task's answers.

    Attributes
    ----------
    row : type
        ``prediction_id``, the columns of the answer, ``unknown`` (inputs whose category the model
        has never seen), ``missing`` (fields without a value), ``outside_history``,
        ``answered_by`` (the challenger that answered it among others', with its rule).
    one, many : type
        The answer to one row, and to many: with the model, the rule and the age of history.
    explained : type
        A row with what it rests on: ``base`` (the margin that rows start from), the task's own
        ``margin`` (`base` and all contributions: before it is calibrated), ``contributions``,
        ``reasons``.
    explanation, explanations : type
        As `one` and `many`, of explained rows.
    """

    row: Any
    one: Any
    many: Any
    explained: Any
    explanation: Any
    explanations: Any


@cache
def shapes(task: Task) -> Shapes:
    """Make the structs of a task's answers."""
    columns = [(each.name, _described(each)) for each in task.answer]
    rule: list[Any] = [(each.name, _described(each)) for each in task.rule]
    by = msgspec.defstruct("AnsweredBy", rule, bases=(ModelName,))
    row = msgspec.defstruct(
        "Prediction",
        [
            ("prediction_id", str),
            *columns,
            ("unknown", Sequence[str], ()),
            ("missing", Sequence[str], ()),
            ("outside", Outside, msgspec.field(default="", name="outside_history")),
            ("answered_by", _or_none(by), None),
        ],
        omit_defaults=True,
        gc=False,
    )
    common: list[Any] = [
        ("model", ModelName),
        *rule,
        ("history", HistoryAge | None, None),
    ]
    reasons: list[Any] = [
        ("base", float),
        (task.margin, float),
        ("contributions", list[Contribution]),
        ("reasons", list[str], msgspec.field(default_factory=list)),
    ]
    given: Any = {"omit_defaults": True, "kw_only": True}
    explained = msgspec.defstruct("ExplainedRow", reasons, bases=(row,), **given)
    return Shapes(
        row=row,
        one=msgspec.defstruct("Answer", common, bases=(row,), **given),
        many=msgspec.defstruct("Answers", [("predictions", _list_of(row)), *common], **given),
        explained=explained,
        explanation=msgspec.defstruct("Explanation", common, bases=(explained,), **given),
        explanations=msgspec.defstruct(
            "Explanations",
            [("predictions", _list_of(explained)), *common],
            **given,
        ),
    )


def _described(column: AnswerColumn) -> Any:
    return Annotated[column.type, Meta(extra_json_schema=dict(column.schema))]


def _or_none(shape: Any) -> Any:
    return shape | None


def _list_of(shape: Any) -> Any:
    return list[shape]
