"""The graph that a bundle will answer with, before it is sealed: figures are of what answers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnx
import pandas as pd

from tagline.bundle.graph import assemble
from tagline.bundle.load import BATCH, fed, session
from tagline.columns.field import Field
from tagline.data.features import Features
from tagline.data.gather import history_names
from tagline.data.prepare import Prepared
from tagline.tasks.tasks import task_of
from tagline.training.choosing import BestTrial
from tagline.transform.compute import columns
from tagline.transform.feature_encoder import FeatureEncoder
from tagline.transform.to_onnx import trace


class Assembled:
    """Input function, model and calibrator of a chosen trial, in one graph.

    Parameters
    ----------
    prepared : Prepared
        The run's rows.
    best_trial : BestTrial
        The chosen trial.
    features : Features
        The case's, with its fields as they were read.

    Attributes
    ----------
    graph : ModelProto
        What the bundle is sealed with.
    """

    def __init__(self, prepared: Prepared, best_trial: BestTrial, features: Features) -> None:
        self.fields: Sequence[Field] = features.fields
        self.history = history_names(features)
        front = trace(
            features.inputs,
            fields=features.fields,
            history=self.history,
            inputs=FeatureEncoder.from_dict(prepared.inputs),
        )
        model = best_trial.loaded().onnx()
        task = task_of(best_trial.task)
        self.graph: onnx.ModelProto = assemble(front, model, task, best_trial.calibrator)

    def predict(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Answer rows with their history, as a bundle does."""
        given = columns(frame, fields=self.fields, history=self.history)
        opened = session(self.graph.SerializeToString(deterministic=True))
        feed = {each.name: fed(given[each.name]) for each in opened.get_inputs()}
        parts = [
            opened.run(None, {name: values[at : at + BATCH] for name, values in feed.items()})[0]
            for at in range(0, len(frame), BATCH)
        ]
        return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)
