"""Seal the best trial, open the bundle again and score every test row through it."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import onnxruntime
import pandas as pd

from tagline.bundle.contents import Contents, example_of
from tagline.bundle.graph import scorer
from tagline.bundle.load import Bundle, fed
from tagline.bundle.seal import seal
from tagline.bundle.single import expect_alike
from tagline.case.config import Case
from tagline.data.features import Features
from tagline.data.parts import Part, read_parts
from tagline.data.prepare import Prepared
from tagline.data.split import PARTS, local_days
from tagline.data.store import get_table
from tagline.errors import TaglineError
from tagline.evaluation.evaluate import Evaluation
from tagline.tasks.tasks import task_of
from tagline.training.answering import Assembled
from tagline.training.choosing import BestTrial
from tagline.training.evaluating import as_it_came
from tagline.transform.compute import columns
from tagline.transform.feature_encoder import FeatureEncoder
from tagline.transform.to_onnx import trace

log = logging.getLogger(__name__)
AGREEMENT = 1e-6
ALONE = 300  # rows that are also answered one by one


class SealedBundle(TypedDict):
    """What was sealed, and how well it agrees with the training side.

    Attributes
    ----------
    digest : str
        Names it.
    rows_compared : int
        Test rows that it answered.
    largest_difference : float
        By how much it differs at the most.
    periods : list of dict
        Which rows were the parts: ``part``, ``first``, ``last``, ``until``, ``rows``,
        ``positives`` (mean of the labels; of no meaning for classes, and NaN).
    """

    digest: str
    rows_compared: int
    largest_difference: float
    periods: list[dict[str, Any]]


def seal_best(
    case: Case,
    prepared: Prepared,
    best_trial: BestTrial,
    evaluation: Evaluation,
    *,
    provenance: Mapping[str, Any],
    folder: Path,
) -> SealedBundle:
    """Make the bundle of a judged trial and hold it against the training side.

    Parameters
    ----------
    case : Case
        The case.
    prepared : Prepared
        Its rows.
    best_trial : BestTrial
        The winning trial.
    evaluation : Evaluation
        What is known of its quality.
    provenance : mapping
        What the run was made of: ``libraries`` and ``python``.
    folder : Path
        Where bundles are kept.

    Raises
    ------
    TaglineError
        The bundle can not be written, or answers otherwise than the training side.
    """
    features = prepared.features(case)
    train, tune, test = read_parts(prepared, *PARTS, target=case.table.target)
    parts = (train, tune, test)
    contents = _contents(case, prepared, best_trial, parts, features, evaluation.rule, provenance)
    sealed = seal(contents.files(), folder=folder)
    # From the disk, as a server will: what was in memory proves nothing.
    bundle = Bundle(sealed.path)
    # Rows as they came in, so that reading, history, inputs and model are all tried.
    raw = as_it_came(get_table(prepared.raw), test.frame)
    difference = _difference(bundle, best_trial, prepared, test, raw, features)
    alone = columns(raw.head(ALONE), fields=bundle.fields, history=bundle.history)
    expect_alike(bundle, alone, seed=case.seed)
    log.info(
        f"bundle {sealed.digest[:12]} answers all {len(test.y):,} test rows within {difference:.1e}"
    )
    return {
        "digest": sealed.digest,
        "rows_compared": len(test.y),
        "largest_difference": difference,
        "periods": [_period(name, part, case) for name, part in zip(PARTS, parts, strict=True)],
    }


def _contents(
    case: Case,
    prepared: Prepared,
    best_trial: BestTrial,
    parts: tuple[Part, Part, Part],
    features: Features,
    rule: Mapping[str, Any],
    made_of: Mapping[str, Any],
) -> Contents:
    inputs = FeatureEncoder.from_dict(prepared.inputs)
    return Contents(
        graph=Assembled(prepared, best_trial, features).graph,
        scorer=scorer(best_trial.loaded().onnx(), task_of(best_trial.task), best_trial.calibrator),
        program=features.program(inputs.encoders),
        model=best_trial.model,
        model_kind=best_trial.kind,
        fields=features.fields,
        history=features.history,
        streams=prepared.streams,
        inputs=prepared.inputs,
        sources=features.source_of(inputs.names),
        calibrator=best_trial.calibrator,
        task=best_trial.task,
        rule=rule,
        reference=_reference(parts, features, inputs, best_trial, rule),
        example=example_of(parts[0].frame, features.fields),
        title=case.title,
        id=case.table.id_column,
        time=case.table.time_column,
        made_of=made_of,
    )


def _reference(
    parts: tuple[Part, Part, Part],
    features: Features,
    inputs: FeatureEncoder,
    best_trial: BestTrial,
    rule: Mapping[str, Any],
) -> dict[str, np.ndarray]:
    train, tune, test = parts
    # A model answers the rows that it has learned from otherwise than any new ones.
    _, judged = best_trial.judged or (None, best_trial.predict(tune.X))
    given = np.concatenate([judged, best_trial.predict(test.X)])
    raw = columns(train.frame, fields=features.fields)
    fields = {f"field:{name}": values for name, values in raw.items()}
    matrix = {f"input:{name}": train.X[:, place] for place, name in enumerate(inputs.names)}
    return {**fields, **matrix, **task_of(best_trial.task).scores(given, rule)}


def _period(name: str, part: Part, case: Case) -> dict[str, Any]:
    times: pd.Series = part.frame[case.table.time_column]
    days = local_days(times, case.split.timezone)
    timeless = case.table.time is None
    return {
        "part": name,
        "first": "" if timeless else str(days.min()),
        "last": "" if timeless else str(days.max()),
        "until": times.max().isoformat(),
        "rows": len(part.y),
        "positives": float(task_of(case.task).level(part.y).mean()),
    }


def _difference(
    bundle: Bundle,
    best_trial: BestTrial,
    prepared: Prepared,
    test: Part,
    raw: pd.DataFrame,
    features: Features,
) -> float:
    own = best_trial.predict(test.X)
    apart = np.abs(bundle.predict_frame(raw) - own).reshape(len(own), -1).max(axis=1)
    worst, allowed = float(apart.max()), AGREEMENT * bundle.task.scale(bundle.rule)
    if not worst <= allowed:
        raise TaglineError(
            f"The bundle and the training side disagree by up to {worst:.2e}, on "
            f"{int((apart > allowed).sum())} of {len(apart)} test rows by more than {allowed:g}: "
            f"{_whose_fault(prepared, test, raw, features)}.",
            where=bundle.where,
        )
    return worst


def _whose_fault(prepared: Prepared, test: Part, raw: pd.DataFrame, features: Features) -> str:
    inputs = FeatureEncoder.from_dict(prepared.inputs)
    history = [declared.name for declared in features.history]
    front = trace(features.inputs, fields=features.fields, history=history, inputs=inputs)
    row = columns(raw, fields=features.fields, history=history)
    feed = {each.name: row[each.name] for each in front.graph.input}
    session = onnxruntime.InferenceSession(front.SerializeToString())
    (made,) = session.run(None, {name: fed(values) for name, values in feed.items()})
    differs = ~np.isclose(made, test.X, rtol=AGREEMENT, atol=AGREEMENT, equal_nan=True)
    named = [
        f"input {name!r} on {differs[:, place].sum():,} rows"
        for place, name in enumerate(inputs.names)
        if differs[:, place].any()
    ]
    return ", ".join(named) or "all inputs are the same, the model itself answers otherwise"
