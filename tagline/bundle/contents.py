"""Every file of a bundle, from what the run knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from tagline.bundle.load import FORMAT
from tagline.bundle.mlmodel import python_env, requirements
from tagline.bundle.profile import PERSONAL, profile
from tagline.bundle.schema import request_schema
from tagline.bundle.single import PROGRAM, SCORER
from tagline.canonical import as_json
from tagline.columns.field import Field
from tagline.columns.kinds import NOTHING
from tagline.history.declare import Declaration
from tagline.history.written import to_dict
from tagline.models.families import FAMILIES
from tagline.transform.compute import Column
from tagline.transform.program import Program

if TYPE_CHECKING:
    import onnx

HIDDEN = "text"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a bundle is made of.

    Attributes
    ----------
    graph : ModelProto
        From raw fields and history to the answer.
    scorer : ModelProto
        From the model's inputs to the answer; see `tagline.bundle.graph.scorer`.
    program : Program
        The input function for one row.
    model : bytes
        The model for explanations: UBJ of a booster, JSON of a simple model.
    model_kind : str
        Which of them.
    fields, history
        What the graph takes: raw fields, and columns as they are declared.
    streams : mapping
        What the streams of the declarations hold; see `tagline.history.written.schemas`.
    inputs : dict
        See `tagline.transform.feature_encoder.FeatureEncoder.to_dict`.
    sources : mapping
        Input to the source that explanations add it to.
    calibrator : mapping
        See `tagline.metrics.calibrators.apply`.
    task : str
        The name of the case's task.
    rule : mapping
        What a decision is made by; see `tagline.tasks.task.Task`.
    reference : mapping
        Columns of the training rows for the profile.
    example : dict
        One valid request.
    title, id, time : str
        What the case asks, and what it calls a row's id and the time of its decision.
    made_of : mapping
        ``libraries`` and ``python``, with their versions.
    """

    graph: "onnx.ModelProto"
    scorer: "onnx.ModelProto"
    program: Program
    model: bytes
    model_kind: str
    fields: Sequence[Field]
    history: Sequence[Declaration]
    streams: Mapping[str, Mapping[str, str]]
    inputs: Mapping[str, Any]
    sources: Mapping[str, str]
    calibrator: Mapping[str, Any]
    task: str
    rule: Mapping[str, Any]
    reference: Mapping[str, Column]
    example: dict[str, Any]
    title: str
    id: str
    time: str
    made_of: Mapping[str, Any]

    def files(self) -> dict[str, bytes]:
        """Write every file that answers depend on, by name."""
        libraries, python = self.made_of["libraries"], self.made_of["python"]
        return {
            "model.onnx": self.graph.SerializeToString(deterministic=True),
            SCORER: self.scorer.SerializeToString(deterministic=True),
            PROGRAM: as_json(self.program.to_dict()),
            FAMILIES[self.model_kind].file: self.model,
            "inputs.json": as_json(self._inputs()),
            "schema.json": as_json(
                request_schema(self.fields, title=self.title, example=self.example)
            ),
            "profile.json": as_json(profile(self.reference)),
            "requirements.txt": requirements(libraries),
            "python_env.yaml": python_env(python=python),
        }

    @property
    def _history_names(self) -> list[str]:
        return [declared.name for declared in self.history]

    def _inputs(self) -> dict[str, Any]:
        from tagline.transform.to_onnx import reads  # noqa: PLC0415 - ONNX, a second

        return {
            **self.inputs,
            "fields": [field.to_dict() for field in self.fields],
            "history": self._history_names,
            "declarations": [to_dict(declared) for declared in self.history],
            "streams": {name: dict(described) for name, described in self.streams.items()},
            "reads": reads(self.graph),
            "sources": dict(self.sources),
            "calibrator": dict(self.calibrator),
            "format": FORMAT,
            "task": self.task,
            "rule": dict(self.rule),
            "model_kind": self.model_kind,
            "id": self.id,
            "time": self.time,
        }


def example_of(rows: pd.DataFrame, fields: Sequence[Field]) -> dict[str, Any]:
    """Make an example request of the values in the middle of each required field.

    No row is shown as it is: numbers and times are medians, each of its own column, and texts
    are the most frequent ones. Text with very many values may name persons and is not shown.
    """
    return {
        field.name: field.type.plain(_middle(rows[field.name].dropna(), field))
        for field in fields
        if field.required
    }


def _middle(known: "pd.Series[Any]", field: Field) -> Any:
    if field.type.nothing == NOTHING and field.allowed is None and known.nunique() > PERSONAL:
        return HIDDEN
    return field.type.middle(known)
